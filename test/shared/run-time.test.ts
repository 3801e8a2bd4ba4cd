import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../engine/engine.ts';
import { createStudy } from '../../engine/study/planning/create.ts';
import { secondsLeft, secondsPerSeed } from '../../shared/run-time.ts';
import type { Run } from '../../shared/entities.ts';
import { addDataset, smallStudy, temporaryFolder } from '../fixtures/projects.ts';

/** The runs of a small study as they are queued. */
function queuedRuns(): Run[] {
  const engine = createEngine({ engine: 'wasm' });
  onTestFinished(() => engine.close());
  const { db } = engine.projects.create(join(temporaryFolder(), 'p.graft'));
  const datasets = {
    source: addDataset(db, 'source', { count: 4 }),
    target: addDataset(db, 'target', { count: 20 }),
  };
  return db.runs.ofStudy(createStudy(db, smallStudy(datasets, { labelCounts: [2] })).id);
}

/** Runs with optimisations of their own: 100 steps of 32 images to pretrain, of 8 to fine-tune. */
const plain = (run: Run): Run => ({
  ...run,
  steps: 100,
  config: {
    ...run.config,
    optimisation: { ...run.config.optimisation, batch: run.kind === 'pretrain' ? 32 : 8 },
  },
});

const started = (run: Run, step: number, trainedSeconds: number): Run => ({
  ...run,
  status: 'running',
  startedAt: '2026-01-01T00:00:00.000Z',
  step,
  trainedSeconds,
});

describe('the time that is left', () => {
  it('is not known before the first steps, of which the very first takes a second', () => {
    const runs = queuedRuns();
    expect(secondsLeft(runs, { parallel: 2 })).toBeNull();
    expect(
      secondsLeft(
        runs.map((run, i) => (i === 0 ? started(run, 1, 1.2) : run)),
        { parallel: 2 },
      ),
    ).toBeNull();
  });

  it('counts images, so that large batches of pretraining do not make fine-tuning look slow', () => {
    const runs = queuedRuns().map(plain);
    const pretrainings = runs.filter(({ kind }) => kind === 'pretrain').length;
    const finetunings = runs.length - pretrainings;
    // 20 steps of 32 images in 64 s: .1 s an image.
    const at = runs.map((run) =>
      run.id === runs.find(({ kind }) => kind === 'pretrain')?.id ? started(run, 20, 64) : run,
    );
    const images = 80 * 32 + (pretrainings - 1) * 100 * 32 + finetunings * 100 * 8;
    expect(secondsLeft(at, { parallel: 2 })).toBeCloseTo((images * 0.1) / 2, 6);
  });

  it('follows runs of the same kind where there are some, and what starting and testing took', () => {
    const runs = queuedRuns().map(plain);
    const [first, ...others] = runs.filter(({ kind }) => kind === 'finetune');
    if (first === undefined) throw new Error('no fine-tuning');
    const done: Run = {
      ...started(first, 100, 80),
      status: 'done',
      endedAt: '2026-01-01T00:01:25.000Z',
    };
    const left = secondsLeft([done, ...others], { parallel: 1 });
    expect(left).toBeCloseTo(others.length * (80 + 5), 6);
  });

  it('takes what testing was measured to take before any network was tested', () => {
    const runs = queuedRuns().map(plain);
    const [first, ...others] = runs;
    if (first?.kind !== 'pretrain') throw new Error('no pretraining');
    const done: Run = {
      ...started(first, 100, 320),
      ...{ status: 'done', endedAt: '2026-01-01T00:05:23.000Z' },
    };
    const left = (testSeconds?: number) =>
      secondsLeft([done, ...others], { parallel: 1, testSeconds }) ?? NaN;
    const finetunings = others.filter(({ kind }) => kind === 'finetune').length;
    expect(left(60) - left()).toBeCloseTo(60 * finetunings, 6);
    // 3 s aside for every run.
    const images = others.reduce((sum, run) => sum + 100 * run.config.optimisation.batch, 0);
    expect(left()).toBeCloseTo(images * 0.1 + 3 * others.length, 6);
  });

  it('believes finished runs however short they were, and averages what they took aside', () => {
    const short = (run: Run): Run => ({ ...plain(run), steps: 10 });
    const [first, second, ...others] = queuedRuns()
      .map(short)
      .filter(({ kind }) => kind === 'finetune');
    if (first === undefined || second === undefined) throw new Error('no fine-tuning');
    const done = (run: Run, endedAt: string): Run => ({
      ...started(run, 10, 8),
      ...{ status: 'done', endedAt },
    });
    // 2 and 6 s of starting and testing.
    const finished = [
      done(first, '2026-01-01T00:00:10.000Z'),
      done(second, '2026-01-01T00:00:14.000Z'),
    ];
    expect(secondsLeft([...finished, ...others], { parallel: 1 })).toBeCloseTo(
      others.length * (8 + 4),
      6,
    );
  });

  it('is nothing when all runs have ended', () => {
    expect(
      secondsLeft(
        queuedRuns().map((run) => ({ ...run, status: 'failed' as const })),
        { parallel: 2 },
      ),
    ).toBe(0);
  });
});

describe('the time that a run took', () => {
  const START = Date.parse('2026-01-01T00:00:00.000Z');
  /** What one seed takes, of a study of one fine-tuning that trained for 80 s within so many seconds. */
  const perSeed = (wallSeconds: number, changes: Partial<Run> = {}) => {
    const [run] = queuedRuns().filter(({ kind }) => kind === 'finetune');
    if (run === undefined) throw new Error('no fine-tuning');
    const endedAt = new Date(START + wallSeconds * 1000).toISOString();
    return secondsPerSeed([{ ...started(run, 100, 80), status: 'done', endedAt, ...changes }], 1);
  };

  it('is that from start to end, with starting and testing', () => {
    expect(perSeed(85)).toBe(85);
    expect(perSeed(189)).toBe(189);
  });

  it('is that of training alone where the run was interrupted: it waited, and nobody knows how long', () => {
    expect(perSeed(190)).toBe(80);
    expect(perSeed(86_400)).toBe(80);
  });

  it('is that of training alone where no start is known', () => {
    expect(perSeed(85, { startedAt: null })).toBe(80);
  });

  it('is known of a seed only when every kind of its runs has ended, and shared among those side by side', () => {
    const runs = queuedRuns().filter(({ kind, seed }) => kind === 'finetune' && seed === 0);
    const done = (run: Run, seconds: number): Run => ({
      ...started(run, 100, seconds),
      status: 'done',
      endedAt: new Date(START + seconds * 1000).toISOString(),
    });
    expect(runs).toHaveLength(4);
    expect(
      secondsPerSeed(
        runs.map((run, i) => (i === 0 ? run : done(run, 10))),
        1,
      ),
    ).toBeNull();
    const all = runs.map((run, i) => done(run, 10 * (i + 1)));
    expect(secondsPerSeed(all, 2)).toBe((10 + 20 + 30 + 40) / 2);
    // Another seed of the first arm: 10 and 50 s are 30 s on average; one that failed tells nothing.
    const [first] = runs;
    if (first === undefined) throw new Error('no run');
    const failed: Run = { ...done(first, 999), status: 'failed' };
    expect(secondsPerSeed([...all, done({ ...first, seed: 1 }, 50), failed], 2)).toBe(
      (30 + 20 + 30 + 40) / 2,
    );
    expect(secondsPerSeed([], 1)).toBeNull();
  });
});
