import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { tellShell } from '../../engine/cli/shell-news.ts';
import { createEngine } from '../../engine/engine.ts';
import type { EngineNews } from '../../shared/engine-news.ts';
import type { EngineEvent } from '../../shared/events.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { wholeProject } from '../fixtures/whole-project.ts';
import { partFile } from '../../engine/parts.ts';

describe('word for the shell', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  async function harness() {
    const path = wholeProject();
    const engine = createEngine();
    onTestFinished(() => engine.close());
    await engine.call('project.open', { path });
    const { db } = engine.projects.open(path);
    const news: EngineNews[] = [];
    let listener: (event: EngineEvent) => void = () => undefined;
    const stop = tellShell(
      {
        ...engine,
        subscribe(one) {
          listener = one;
          return () => (listener = () => undefined);
        },
      },
      (one) => news.push(one),
    );
    onTestFinished(stop);
    const changed = () =>
      listener({ type: 'changed', project: path, origin: null, changes: { runs: {} } });
    const later = () => vi.advanceTimersByTimeAsync(2500);
    return {
      path,
      engine,
      db,
      news,
      changed,
      later,
      tell: (event: EngineEvent) => listener(event),
    };
  }
  const trainings = (news: readonly EngineNews[]) => news.filter((one) => 'underWay' in one);

  it('says what trains, how far it is, and how it ended, and nothing twice', async () => {
    const { path, db, news, changed, later, tell } = await harness();
    await later();
    expect(trainings(news)).toEqual([{ underWay: [], ended: [] }]);
    db.studies.setStatus(1, 'running');
    changed();
    await later();
    const training = { project: path, kind: 'study', id: 1, name: db.studies.get(1)?.name };
    expect(trainings(news).at(-1)).toEqual({
      underWay: [{ ...training, share: 0, secondsLeft: null }],
      ended: [],
    });
    changed();
    await later();
    expect(trainings(news)).toHaveLength(2);
    const [run] = db.runs.ofStudy(1);
    const steps = db.runs.ofStudy(1).reduce((sum, one) => sum + one.steps, 0);
    const far = { trainedSeconds: 5, peakMemoryBytes: 0 };
    tell({ type: 'run.progress', project: path, runId: run?.id ?? 0, step: 8, ...far });
    tell({ type: 'run.progress', project: 'another.graft', runId: 2, step: 8, ...far });
    await later();
    expect(trainings(news).at(-1)).toMatchObject({
      underWay: [{ ...training, share: Math.floor(800 / steps) / 100 }],
    });
    db.studies.setStatus(1, 'done');
    changed();
    await later();
    expect(trainings(news).at(-1)).toEqual({
      underWay: [],
      ended: [{ ...training, how: 'done' }],
    });
    changed();
    await later();
    expect(trainings(news)).toHaveLength(4);
  });

  it('calls it stopped what somebody paused, or whose project was closed', async () => {
    const { path, engine, db, news, changed, later } = await harness();
    const how = () => trainings(news).flatMap((one) => one.ended.map((ended) => ended.how));
    for (const status of ['paused', 'failed'] as const) {
      db.studies.setStatus(1, 'running');
      changed();
      await later();
      db.studies.setStatus(1, status);
      changed();
      await later();
    }
    expect(how()).toEqual(['stopped', 'failed']);
    db.studies.setStatus(1, 'running');
    changed();
    await later();
    vi.useRealTimers();
    await engine.call('project.close', { project: path });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    changed();
    await later();
    expect(how()).toEqual(['stopped', 'failed', 'stopped']);
  });

  it('names the projects that were open lately, and are still there', async () => {
    const { path, engine, news, tell } = await harness();
    const recent = () => news.filter((one) => 'recent' in one).at(-1);
    await vi.waitFor(() => expect(recent()).toEqual({ recent: [path] }));
    await engine.call('project.forget', { path });
    tell({ type: 'changed', project: null, origin: null, changes: { projects: {} } });
    await vi.waitFor(() => expect(recent()).toEqual({ recent: [] }));
  });
});

it('an engine of a shell speaks of itself, and ends when the shell is gone without a word', async () => {
  const home = temporaryFolder();
  const path = wholeProject();
  const child = spawn(process.execPath, [partFile('cli'), 'serve', '--json', path], {
    env: { ...process.env, HOME: home, GRAFT_CONFIG: home, GRAFT_SHELL: 'Electron 1.2.3' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await vi.waitFor(() => expect(lines.some((line) => line.includes('recent'))).toBe(true), {
    timeout: 60_000,
    interval: 100,
  });
  expect(JSON.parse(lines[0] ?? '')).toHaveProperty('url');
  expect(lines.map((line): unknown => JSON.parse(line))).toContainEqual({ recent: [path] });
  const ended = once(child, 'exit');
  // Nobody reads what it says of its end, either.
  for (const pipe of [child.stdout, child.stderr, child.stdin]) pipe.destroy();
  expect((await ended)[0]).toBe(0);
});
