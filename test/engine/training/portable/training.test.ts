import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Engine, startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { allocated, withBackend } from './gradient-check.ts';
import { createSteps } from './training-steps.ts';

describe('training the U-Net on the portable engine', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await startEngine({ engine: 'wasm', threads: 1 });
  });

  const tiny = { sizePx: 16, batch: 2, base: 2, depth: 2, seed: 1 };

  /** The heap grows in steps and never shrinks, so its size is its peak. */
  function heapBytes(): number {
    const backend = tf.backend();
    if (!(backend instanceof BackendWasm)) throw new Error('another backend runs');
    const probe = backend.makeOutput([1], 'float32');
    const size = backend.typedArrayFromHeap(probe).buffer.byteLength;
    backend.disposeData(probe.dataId);
    return size;
  }

  it.each([false, true])(
    'follows the cpu backend step by step, objects told apart: %s',
    async (objects) => {
      const train = async () => {
        const steps = createSteps(engine, { ...tiny, objects });
        const losses = await Promise.all(Array.from({ length: 3 }, () => steps.next()));
        const { theta } = await steps.read();
        steps.dispose();
        return { losses, theta };
      };
      const wasm = await train();
      const cpu = await withBackend('cpu', train);
      for (const [i, loss] of wasm.losses.entries())
        expect(loss).toBeCloseTo(cpu.losses[i] ?? NaN, 4);
      const largest = wasm.theta.reduce(
        (worst, value, i) => Math.max(worst, Math.abs(value - (cpu.theta[i] ?? NaN))),
        0,
      );
      // Adam moves a weight by the step size, 1e-3, whatever the size of its gradient.
      expect(largest).toBeLessThan(2e-4);
    },
  );

  it('learns a batch by heart in constant memory', async () => {
    const steps = createSteps(engine, tiny);
    const first = await steps.next();
    await steps.next();
    const before = { ...allocated(), heap: heapBytes() };
    let last = first;
    for (let i = 0; i < 100; i++) last = await steps.next();
    expect(last).toBeLessThan(0.8 * first);
    expect({ ...allocated(), heap: heapBytes() }).toEqual(before);
    steps.dispose();
  });

  it('leaves nothing behind when it ends', async () => {
    const before = allocated();
    const steps = createSteps(engine, tiny);
    await steps.next();
    steps.dispose();
    expect(allocated()).toEqual(before);
  });
});

const Report = z.object({
  threads: z.number(),
  trained: z.array(z.object({ losses: z.array(z.number()), weights: z.string() })),
});

/** Trains from each seed in a process of its own, which has to end by itself. */
async function trainInProcess(
  threads: number,
  seeds: readonly number[],
): Promise<z.infer<typeof Report>['trained']> {
  const script = new URL('train-process.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, ...[threads, ...seeds].map(String)],
    { timeout: 50_000 },
  );
  const { threads: had, trained } = Report.parse(JSON.parse(stdout));
  expect(had).toBe(threads);
  expect(trained).toHaveLength(seeds.length);
  return trained;
}

describe('processes that train on the portable engine', () => {
  it('repeat their bits, whatever the number of threads, and end by themselves', async () => {
    const first = await trainInProcess(2, [5]);
    expect(await trainInProcess(2, [5])).toEqual(first);
    const [other, same] = await trainInProcess(1, [6, 5]);
    expect(same).toEqual(first[0]);
    expect(other?.weights).not.toBe(same?.weights);
  });
});
