/**
 * Times the product's training step on the portable engine, with one thread and with two, against tfjs's pure-JS
 * backend. Each runs in a process of its own, in turn; compare ratios of medians of one run only.
 * usage: portable.ts [--size 64] [--batch 8] [--base 8] [--steps 15] [--cpu-steps 2]   (--cpu-steps 0 leaves it out)
 * The last line is JSON: { size, batch, base, runs: [{ who, threads, ms_step, cpu_ms_step, peak_mb }] }.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { startEngine } from '../../engine/training/tensorflow/backend.ts';
import { createSteps } from '../engine/training/portable/training-steps.ts';

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '64' },
    batch: { type: 'string', default: '8' },
    base: { type: 'string', default: '8' },
    steps: { type: 'string', default: '15' },
    'cpu-steps': { type: 'string', default: '2' },
    /** Set in the processes that measure. */
    who: { type: 'string' },
    threads: { type: 'string', default: '1' },
  },
});

const Run = z.object({
  who: z.string(),
  threads: z.number(),
  ms_step: z.number(),
  /** Of all threads, waiting in a loop included: with one thread the figure that a busy machine does not spoil. */
  cpu_ms_step: z.number(),
  peak_mb: z.number(),
});
type Run = z.infer<typeof Run>;

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

async function measure(who: string): Promise<Run> {
  const threads = Number(flags.threads);
  const pureJs = who === 'cpu';
  const engine = await startEngine({ engine: 'wasm', threads });
  // The same layers, on the backend that tfjs falls back to.
  if (pureJs) await tf.setBackend('cpu');
  const steps = createSteps(engine, {
    sizePx: Number(flags.size),
    batch: Number(flags.batch),
    base: Number(flags.base),
    depth: 4,
    seed: 0,
  });
  // Compilation settles within three steps; a pure-JS step is too long to spend three on it, and one is enough.
  const warmUp = pureJs ? 1 : 3;
  const times: number[] = [];
  const cpuTimes: number[] = [];
  for (let i = 0; i < warmUp + Number(flags.steps); i++) {
    const start = performance.now();
    const cpuStart = process.cpuUsage();
    await steps.next();
    if (i < warmUp) continue;
    times.push(performance.now() - start);
    const { user, system } = process.cpuUsage(cpuStart);
    cpuTimes.push((user + system) / 1000);
  }
  const peakKilobytes = process.resourceUsage().maxRSS;
  return {
    who,
    threads: engine.info.threads,
    ms_step: Number(median(times).toFixed(1)),
    cpu_ms_step: Number(median(cpuTimes).toFixed(1)),
    peak_mb: Math.round(peakKilobytes / 1024),
  };
}

function runInProcess(who: string, threads: number, steps: string): Run {
  const shared = (['size', 'batch', 'base'] as const).flatMap((name) => [`--${name}`, flags[name]]);
  const output = execFileSync(
    process.execPath,
    [import.meta.filename, ...shared, '--who', who, '--threads', String(threads), '--steps', steps],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return Run.parse(JSON.parse(output));
}

if (flags.who !== undefined) {
  console.log(JSON.stringify(await measure(flags.who)));
} else {
  const runs = [runInProcess('wasm', 1, flags.steps), runInProcess('wasm', 2, flags.steps)];
  if (flags['cpu-steps'] !== '0') runs.push(runInProcess('cpu', 1, flags['cpu-steps']));
  const pureJs = runs.find(({ who }) => who === 'cpu')?.ms_step;
  for (const { who, threads, ms_step, cpu_ms_step, peak_mb } of runs) {
    const ratio = pureJs === undefined ? '' : `  ${(pureJs / ms_step).toFixed(1)} × pure JS`;
    console.log(
      `${who.padEnd(5)} ${threads} thread(s)  ${ms_step} ms a step (${cpu_ms_step} of CPU)  ${peak_mb} MB${ratio}`,
    );
  }
  console.log(
    JSON.stringify({
      size: Number(flags.size),
      batch: Number(flags.batch),
      base: Number(flags.base),
      runs,
    }),
  );
}
