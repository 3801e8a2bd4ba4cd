import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Engine, startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { PRETRAINING_TASKS } from '../../../../shared/entities.ts';
import { withBackend } from '../portable/gradient-check.ts';
import { channelsFor, examplesOf, lossesOf } from './few-images.ts';

describe('on the portable engine', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await startEngine({ engine: 'wasm', threads: 1 });
  });

  it.each(PRETRAINING_TASKS)('%s follows the cpu backend step by step', async (task) => {
    const [channels = 1] = channelsFor(task);
    const train = () => lossesOf(task, { engine, steps: 2, channels, base: 2, sizePx: 16 });
    const wasm = await train();
    const cpu = await withBackend('cpu', train);
    wasm.forEach((loss, i) => expect(loss).toBeCloseTo(cpu[i] ?? NaN, 3));
  });

  it.each(PRETRAINING_TASKS)('%s leaves pictures', async (task) => {
    const [channels = 1] = channelsFor(task);
    expect(await examplesOf(task, { engine, channels })).toHaveLength(4);
  });
});
