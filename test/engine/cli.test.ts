/** The command line as a shell sees it: processes, their output and their exit codes. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { encode } from 'fast-png';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createProgram } from '../../engine/cli/program.ts';
import { openProject, openProjectReadonly } from '../../engine/db/project.ts';
import { ResultsFile } from '../../engine/study/report/results.ts';
import { PATIENCE_MS } from '../fixtures/patience.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { partFile } from '../../engine/parts.ts';

const CLI = partFile('cli');
const REAL_DATA = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'dsb2018');

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

const graft = (...args: string[]): Promise<Outcome> => start(args).ended;

/** Output of a command that must succeed, parsed as the one document that it is. */
async function graftJson(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await graft(...args, '--json');
  expect(stderr).not.toMatch(/^graft: /m);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** A study of a few seconds: a network and images as small as they may be. */
const TINY = [
  ...[
    '--seeds',
    '2',
    '--steps',
    '4',
    '--labels',
    '2',
    '--source-images',
    '8',
    '--test-images',
    '8',
  ],
  ...['--size', '32', '--base', '4', '--batch', '4'],
];

/** What a command prints with --help. */
function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
}

describe('graft', () => {
  it('explains itself, and refuses what it does not know with exit code 2', async () => {
    expect((await graft('--help')).stdout).toMatch(/graft demo --quick --out demo/);
    expect((await graft('study', '--help')).stdout).toMatch(/Examples:/);
    expect((await graft('dance')).code).toBe(2);
    expect((await graft('new')).code).toBe(2);
  });

  it('gives an example of every command', async () => {
    const { stdout } = await graft('--help');
    const [, list = ''] = stdout.split('Commands:');
    const listed = [...list.matchAll(/^ {2}([a-z][a-z-]+)/gm)].map(([, name = '']) => name);
    const names = new Set(listed.filter((name) => name !== 'help' && name !== 'graft'));
    expect(names.size).toBeGreaterThan(25);
    const isShown = (help: string) => /^(Examples?|Commands):$/m.test(help);
    const { commands } = createProgram();
    expect(new Set(commands.map((command) => command.name()))).toEqual(names);
    const lacking = commands.filter((command) => !isShown(helpOf(command)));
    expect(lacking.map((command) => command.name())).toEqual([]);
  });

  it('lists the pretraining tasks with what they train', async () => {
    expect(await graftJson('pretrain', '--list')).toMatchObject({
      tasks: [
        { task: 'classification', trains: ['encoder'] },
        { task: 'segmentation', trains: ['encoder', 'decoder'] },
        { task: 'autoencoder', trains: ['encoder', 'decoder'] },
        { task: 'denoising', trains: ['encoder', 'decoder'] },
        { task: 'in-painting', trains: ['encoder', 'decoder'] },
        { task: 'out-painting', trains: ['encoder', 'decoder'] },
        { task: 'local-shuffle', trains: ['encoder', 'decoder'] },
        { task: 'non-linear-intensity', trains: ['encoder', 'decoder'] },
        { task: 'colourisation', trains: ['encoder', 'decoder'], needs: 'colour images' },
        { task: 'context-restoration', trains: ['encoder', 'decoder'] },
        { task: 'masked-autoencoding', trains: ['encoder', 'decoder'] },
        { task: 'simclr', trains: ['encoder'] },
        { task: 'conrec', trains: ['encoder', 'decoder'] },
        { task: 'multi-conrec', trains: ['encoder', 'decoder'] },
      ],
    });
  });

  it('answers bad input with a message, an exit code and a JSON error, and harms nothing', async () => {
    const dir = temporaryFolder();
    const project = join(dir, 'a.graft');
    expect((await graft('new', project)).code).toBe(0);
    expect(await graft('new', project)).toMatchObject({ code: 3 });
    const missing = await graft('export', project, join(dir, 'out'), '--dataset', 'x', '--json');
    expect(missing.code).toBe(3);
    expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: 'not-found' } });
    expect(existsSync(join(dir, 'out'))).toBe(false);
    mkdirSync(join(dir, 'images'));
    writeFileSync(join(dir, 'images', 'broken.png'), 'not an image');
    const broken = await graft('import', project, join(dir, 'images'), '--dataset', 'broken');
    expect(broken.code).toBe(3);
    expect(broken.stderr).toMatch(/broken\.png|no image/i);
    // A mask that cannot be used costs its image only the labels, and is no success all the same.
    const [image, masks] = [join(dir, 'pairs', 'images'), join(dir, 'pairs', 'masks')];
    for (const folder of [image, masks]) mkdirSync(folder, { recursive: true });
    const pixels = { width: 2, height: 2, data: new Uint8Array(4), channels: 1 } as const;
    writeFileSync(join(image, 'a.png'), encode(pixels));
    writeFileSync(join(masks, 'a.png'), encode(pixels).subarray(0, 50));
    const partial = await graft('import', project, join(dir, 'pairs'), '--dataset', 'pairs');
    expect(partial.code).toBe(6);
    expect(partial.stdout).toMatch(/imported 1 image \(0 labelled\).*; 0 skipped, 1 mask dropped/);
  });

  it('imports real COCO, exports it and imports it again unchanged', async (context) => {
    if (!existsSync(REAL_DATA)) return context.skip('the dsb2018 data is not there');
    const dir = temporaryFolder();
    const project = join(dir, 'cells.graft');
    const source = join(REAL_DATA, 'histology');
    await graft('new', project);
    const first = await graftJson(
      ...['import', project, join(source, 'instances.json'), '--images', join(source, 'images')],
      ...['--format', 'coco', '--dataset', 'histology'],
    );
    expect(first).toMatchObject({ images: 60, labelled: 60, skipped: 0 });
    await graftJson('export', project, join(dir, 'out'), '--dataset', 'histology');
    const again = await graftJson('import', project, join(dir, 'out'), '--dataset', 'again');
    expect(again).toMatchObject({ images: 60, labelled: 60, skipped: 0 });
    return undefined;
  });
});

const Progress = z.object({
  study: z.object({ status: z.string() }),
  counts: z.object({ done: z.number(), queued: z.number(), running: z.number() }),
});

/** Whether a run of the project is under way; fails while the project is being made. */
function isTraining(path: string): boolean {
  const project = openProjectReadonly(path);
  try {
    return project.runs.list().some(({ status }) => status === 'running');
  } finally {
    project.close();
  }
}

/** The next queued run, as if it had found no place to train. */
function failNext(path: string): void {
  const project = openProject(path);
  const next = project.runs.list().find(({ status }) => status === 'queued');
  project.runs.ended(next?.id ?? 0, 'failed', { code: 'unsupported', message: 'not here' });
  project.close();
}

describe('graft demo', () => {
  /** One study for both tests: interrupted in the first, whole in the second. */
  const dir = mkdtempSync(join(tmpdir(), 'graft-demo-test-'));
  const project = join(dir, 'demo.graft');
  afterAll(() => rmSync(dir, { recursive: true }));
  const demo = ['demo', '--quick', '--out', dir, ...TINY, '--json'];
  const readResults = (folder: string) =>
    ResultsFile.parse(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')));

  it('saves what runs on Ctrl+C, lets another command look while it runs, and goes on later', async () => {
    const { child, ended } = start(demo);
    const training = () => {
      expect(child.exitCode).toBeNull();
      expect(isTraining(project)).toBe(true);
    };
    await vi.waitFor(training, { timeout: PATIENCE_MS, interval: 100 });
    const [looked, refused] = await Promise.all([
      graft('study', 'status', project, '--json'),
      graft('new', project),
    ]);
    expect(looked.code).toBe(0);
    expect(Progress.parse(JSON.parse(looked.stdout)).study.status).toBe('running');
    expect(refused.code).toBe(3);
    child.kill('SIGINT');
    const interrupted = await ended;
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toMatch(/go on with: graft demo --quick --out \S+ .*--json/);
    const left = Progress.parse(await graftJson('study', 'status', project));
    expect(left.counts.running).toBe(0);
    expect(left.counts.queued).toBeGreaterThan(0);

    failNext(project);
    const resumed = Progress.parse(await graftJson('study', 'resume', project, '--retry'));
    expect(resumed.study.status).toBe('done');
    expect(resumed.counts).toMatchObject({ done: 2 * (1 + 4), queued: 0 });
    const report = await graftJson('study', 'report', project, '--out', join(dir, 'report'));
    expect(report).toMatchObject({ html: join(dir, 'report', 'report.html') });
  });

  it('runs a whole study and writes a report that a program can read', async () => {
    const { code, stdout } = await graft(...demo);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ failedRuns: 0 });
    const results = readResults(dir);
    expect(results.delta).toBe(0.02);
    expect(results.runs).toHaveLength(2 * 4);
    expect(new Set(results.runs.map((r) => r.transfer))).toEqual(
      new Set(['random', 'encoder', 'encoder+decoder', 'decoder']),
    );
    for (const run of results.runs) {
      expect(run.testDice).toBeGreaterThanOrEqual(0);
      expect(run.testDice).toBeLessThanOrEqual(1);
    }
    expect(results.verdicts.length).toBeGreaterThan(0);
    expect(readFileSync(join(dir, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
    expect(readFileSync(join(dir, 'results.csv'), 'utf8').split('\n')[0]).toMatch(/transfer/);

    // The same study as before had nothing left to run, and says the same.
    expect(readResults(join(dir, 'report')).runs).toEqual(results.runs);
  });
});
