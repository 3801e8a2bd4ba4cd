/** A whole study of real trainers, as small as it may be, and the command line that computes it here and elsewhere. */
import { execFile, spawn } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openProjectReadonly } from '../../engine/db/project.ts';
import { decodeCheckpoint, weightsHash } from '../../engine/training/checkpoint.ts';
import { partFile } from '../../engine/parts.ts';

const CLI = partFile('cli');
const run = promisify(execFile);

/** Graft's standard output; a command that fails throws, with its standard error. */
export const graft = async (...args: string[]): Promise<string> =>
  (await run(process.execPath, [CLI, ...args], { maxBuffer: 2 ** 26 })).stdout;

/** The same as a process that can be killed. */
export const startGraft = (...args: string[]) =>
  spawn(process.execPath, [CLI, ...args], { stdio: 'ignore' });

export interface StudySize {
  readonly steps: number;
  readonly seeds: number;
}

/** A project with a planned study: a pretraining and three fine-tunings for each seed. */
export async function planStudy(folder: string, { steps, seeds }: StudySize): Promise<string> {
  const project = join(folder, 'p.graft');
  await graft('new', project);
  const images = (name: string, generator: string, count: number) =>
    graft(
      ...['generate', project, '--dataset', name, '--generator', generator],
      ...['--count', String(count), '--size', '32'],
    );
  await images('source', 'texshapes-source', 8);
  await images('target', 'texshapes-target', 20);
  await graft(
    ...['study', 'plan', project, '--name', 'a study', '--source', 'source', '--target', 'target'],
    ...['--pretrain', 'segmentation:E,E+D', '--labels', '2', '--mode', 'quick'],
    ...['--seeds', String(seeds), '--size', '32', '--base', '4', '--depth', '2', '--batch', '4'],
    ...['--pretrain-batch', '4', '--steps', String(steps), '--pretrain-steps', String(steps)],
    ...['--threads', '1', '--parallel', '1', '--evaluate-every', String(Math.ceil(steps / 2))],
  );
  return project;
}

/** Puts the study into a folder, and this checkout's command line into its settings. */
export async function bundleStudy(
  project: string,
  dir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  await graft(
    ...['study', 'bundle', project, '--out', dir, '--minutes', '30', '--memory', '1500'],
    ...['--checkpoint-minutes', settings['CHECKPOINT_MINUTES'] ?? '0.1'],
  );
  const file = join(dir, 'settings.sh');
  const lines = readFileSync(file, 'utf8').replace(
    'GRAFT=(graft)',
    `GRAFT=('${process.execPath}' '${CLI}')`,
  );
  const more = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(file, `${lines}${more.join('\n')}\n`);
  chmodSync(file, 0o644);
}

/** Of every run that is done: the SHA-256 of its weights, by number. */
export function weightsOf(project: string): Record<number, string> {
  const db = openProjectReadonly(project);
  try {
    return Object.fromEntries(
      db.runs.list().flatMap(({ id, status }) => {
        const stored = status === 'done' ? db.runs.checkpoint(id, 'last') : undefined;
        return stored === undefined ? [] : [[id, weightsHash(decodeCheckpoint(stored.bytes))]];
      }),
    );
  } finally {
    db.close();
  }
}

/** What the study found, without what its runs cost. */
export function verdictOf(project: string): unknown {
  const db = openProjectReadonly(project);
  try {
    return db.runs.list().map(({ id, status }) => ({
      ...{ id, status, results: db.runs.results(id), curve: db.runs.metrics(id) },
    }));
  } finally {
    db.close();
  }
}

export const resultsIn = (dir: string): string[] => {
  try {
    return readdirSync(join(dir, 'results')).filter((name) => name.endsWith('.run'));
  } catch {
    return []; // before the first one
  }
};
