/**
 * Finished fine-tuning runs an hour: the quick demo's whole plan, pretrainings, tests and report included, against a
 * PyTorch script of the same plan (peers/study_torch.py) that runs one training after another on all cores, and one that
 * runs as many one-thread processes as there are cores. Each in turn, from an empty folder.
 *
 * usage: study.ts [--seeds 1] [--labels 8,32] [--steps 300] [--only graft|serial|parallel] [--instructions avx2]
 *   [--python PYTHON]
 * PYTHON has PyTorch; without it an environment is made. --instructions avx2 holds all to AVX2 (peers/instructions.ts).
 * Each contender's line is JSON: { who, runs, seconds, runs_per_hour }.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { partFile } from '../../engine/parts.ts';
import { peerInterpreter } from './peers/environment.ts';
import { environmentFor } from './peers/instructions.ts';

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    labels: { type: 'string', default: '8,32' },
    steps: { type: 'string', default: '300' },
    only: { type: 'string' },
    instructions: { type: 'string' },
    python: { type: 'string' },
  },
});
const env = environmentFor(flags.instructions);
const plan = ['--seeds', flags.seeds, '--labels', flags.labels, '--steps', flags.steps];
/** random, E, E+D, D */
const ARMS_OF_QUICK_DEMO = 4;

const run = (program: string, args: readonly string[]) =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env });

function graft(): string {
  const folder = mkdtempSync(join(tmpdir(), 'graft-bench-study-'));
  try {
    const start = performance.now();
    const output = run(process.execPath, [
      partFile('cli'),
      ...['demo', '--quick', '--json', '--out', folder],
      ...plan,
    ]);
    const seconds = (performance.now() - start) / 1000;
    const { failedRuns } = z.object({ failedRuns: z.number() }).parse(JSON.parse(output));
    if (failedRuns > 0) throw new Error(`${failedRuns} runs of the demo failed`);
    const runs = Number(flags.seeds) * flags.labels.split(',').length * ARMS_OF_QUICK_DEMO;
    return JSON.stringify({
      who: 'graft',
      runs,
      seconds: Number(seconds.toFixed(1)),
      runs_per_hour: Math.round((3600 * runs) / seconds),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function torch(processes: number, threads: number): string {
  const script = join(import.meta.dirname, 'peers', 'study_torch.py');
  const layout = ['--processes', String(processes), '--threads', String(threads)];
  return run(flags.python ?? peerInterpreter(), [script, ...layout, ...plan]).trimEnd();
}

const cores = availableParallelism();
const contenders = {
  graft,
  serial: () => torch(1, cores),
  parallel: () => torch(cores, 1),
} as const;
for (const [name, measure] of Object.entries(contenders)) {
  if (flags.only === undefined || flags.only === name) console.log(measure());
}
