/** Runs of a small project on a software driver: what a trainer computes, and what becomes of it where the card is lost. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { AppError } from '../../../../shared/errors.ts';
import { NetworkConfig, OptimisationConfig } from '../../../../shared/entities.ts';
import { runHere } from '../run-here.ts';
import { squaresProject } from '../squares-project.ts';
import { softwareCardOrSkip } from './software-vulkan.ts';

const engine = await softwareCardOrSkip();
const { project, addRun, finetuneConfig, pretrainConfig, stored } = squaresProject();

const small = {
  network: NetworkConfig.parse({ depth: 1, base: 2, bottleneck: 4, inputChannels: 1 }),
  optimisation: OptimisationConfig.parse({
    ...{ steps: 4, batch: 2, learningRate: 1e-2, schedule: 'constant', evaluateEvery: 2 },
  }),
};
/** Crops, and a test in windows that overlap. */
const inPatches = {
  ...finetuneConfig('random', null),
  ...small,
  sampling: { sizePx: 16, mode: 'patches' as const },
};

describe('what the card cannot do', () => {
  it('is said where a name is gone, with those that are there; automatic computes on the processor', async () => {
    const options = { threads: 1, adapter: 'Voodoo 3' } as const;
    await expect(startEngine({ ...options, engine: 'webgpu' })).rejects.toThrow(
      /There is no graphics card "Voodoo 3" on this computer now; there is "SwiftShader/,
    );
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const { card } = await startEngine({ ...options, engine: 'auto', log });
    expect(card).toBe(null);
    expect(lines.join()).toContain('The processor computes instead.');
    await tf.setBackend('webgpu');
  });

  it('is said of a tensor that is larger than it takes, before it is tried', () => {
    const { device, limits } = engine.card;
    const size = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) + 4;
    expect(() => device.createBuffer({ size, usage: GPUBufferUsage.STORAGE })).toThrow(
      /needs \d+ MiB in one piece, and the graphics card .* takes \d+ MiB at most. Choose a smaller batch/,
    );
  });
});

describe('a run on the graphics card', () => {
  const whole = addRun(inPatches);

  it('trains on patches, validates, tests in windows, and records the card', async () => {
    const { of, outcome, failure } = await runHere(project, whole, { engine });
    expect(failure).toBe(null);
    expect(outcome).toBe('done');
    expect(of('started')[0]?.engine).toMatchObject({
      name: 'webgpu',
      adapter: { maker: 'google', isSoftware: true, backend: 'vulkan' },
    });
    const points = [
      ...of('metrics').flatMap((event) => event.points),
      ...of('checkpoint').flatMap((event) => event.points ?? []),
    ];
    const stepsOf = (wanted: string) =>
      points.filter(({ name }) => name === wanted).map(({ step }) => step);
    expect(stepsOf('loss')).toEqual([1, 2, 3, 4]);
    expect(stepsOf('valDice')).toEqual([2, 4]);
    // Five test images, and two checkpoints of each.
    expect(of('result')).toHaveLength(10);
  });

  it('is stopped, and resumed to the same bits', async () => {
    const paused = addRun(inPatches);
    expect((await runHere(project, paused, { engine, stopAfter: 3 })).outcome).toBe('stopped');
    const { of } = await runHere(project, paused, { engine });
    expect(of('started')[0]?.firstStep).toBe(3);
    expect(stored(paused, 'last').trained).toEqual(stored(whole, 'last').trained);
  });

  it('pretrains, and shows what it has learned', async () => {
    const sampling = { sizePx: 16, mode: 'resize' as const };
    const run = addRun({ ...pretrainConfig('in-painting'), ...small, sampling });
    const { of, outcome } = await runHere(project, run, { engine });
    expect(outcome).toBe('done');
    expect(of('example')).toHaveLength(4);
  });

  // The last one: nothing computes on this card any more.
  it('ends with words where the card is lost, and keeps its checkpoint to go on from', async () => {
    const run = addRun(inPatches);
    await runHere(project, run, { engine, stopAfter: 2 });
    const before = stored(run, 'last');
    expect(before.header.step).toBe(2);
    let reads = 0;
    const failing = await runHere(project, run, {
      engine: {
        ...engine,
        values(tensor) {
          if (++reads === 2) engine.card.device.destroy();
          return engine.values(tensor);
        },
      },
    });
    // While it trains, and where it begins on a card that is lost already.
    for (const { outcome, failure } of [failing, await runHere(project, run, { engine })]) {
      expect(outcome).toBe('failed');
      expect(failure).toBeInstanceOf(AppError);
      expect(String(failure)).toMatch(/was lost .*retry the run to go on/);
    }
    expect(stored(run, 'last')).toEqual(before);
    // What waits for nothing but the host is told likewise.
    const error: unknown = await engine.card.explained(new Error('a command was refused'));
    expect(String(error)).toContain('was lost');
  });
});
