/** Runs of a small project on a software driver: what a trainer computes, and what becomes of it where the card is lost. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../shared/errors.ts';
import { NetworkConfig, OptimisationConfig } from '../../../../shared/entities.ts';
import { runHere } from '../run-here.ts';
import { squaresProject } from '../squares-project.ts';
import { softwareCardOrSkip } from './software-vulkan.ts';

const engine = await softwareCardOrSkip();
const { project, addRun, pretrainConfig, stored } = squaresProject();

/** Small enough for a driver that computes on the processor: a validation alone would take it longer than all this. */
const config = {
  ...pretrainConfig('in-painting'),
  network: NetworkConfig.parse({ depth: 1, base: 2, bottleneck: 2, inputChannels: 1 }),
  sampling: { sizePx: 16, mode: 'resize' as const },
  optimisation: OptimisationConfig.parse({
    ...{ steps: 5, batch: 2, learningRate: 1e-2, schedule: 'constant', evaluateEvery: 3 },
  }),
};

describe('a run on the graphics card', () => {
  it('trains, shows what it learned and records the card, and resumes to the same bits', async () => {
    const whole = addRun(config);
    const { of, outcome } = await runHere(project, whole, { engine });
    expect(outcome).toBe('done');
    expect(of('started')[0]?.engine).toMatchObject({
      name: 'webgpu',
      adapter: { maker: 'google', isSoftware: true, backend: 'vulkan' },
    });
    const losses = of('metrics').flatMap((e) => e.points.filter((p) => p.name === 'loss'));
    const kept = of('checkpoint').flatMap((e) => (e.points ?? []).filter((p) => p.name === 'loss'));
    expect([...losses, ...kept].map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
    expect(of('example')).toHaveLength(4);

    const paused = addRun(config);
    const first = await runHere(project, paused, { engine, stopAfter: 2 });
    expect(first.outcome).toBe('stopped');
    const second = await runHere(project, paused, { engine });
    expect(second.of('started')[0]?.firstStep).toBe(2);
    expect(stored(paused, 'last').trained.theta).toEqual(stored(whole, 'last').trained.theta);
  });

  // The last one: nothing computes on this card any more.
  it('ends with words where the card is lost, and keeps its checkpoint to go on from', async () => {
    const run = addRun(config);
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
    expect(failing.outcome).toBe('failed');
    expect(failing.failure).toBeInstanceOf(AppError);
    expect(String(failing.failure)).toMatch(/was lost .*retry the run to go on/);
    expect(stored(run, 'last')).toEqual(before);
  });
});
