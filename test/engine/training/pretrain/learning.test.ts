import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../../engine/training/backend.ts';
import { createBatches } from '../../../../engine/training/batches.ts';
import { stepScalars } from '../../../../engine/training/optimiser.ts';
import { flattenWeights, initialWeights } from '../../../../engine/training/parameters.ts';
import { pretrainingTasks } from '../../../../engine/training/pretrain/registry.ts';
import type { Tile } from '../../../../engine/training/tiles.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
} from '../../../../engine/training/training-step.ts';
import {
  NetworkConfig,
  OptimisationConfig,
  PRETRAINING_TASKS,
  type PretrainingTask,
} from '../../../../shared/entities.ts';
import { PRETRAINING_TASK_FACTS } from '../../../../shared/pretraining-tasks.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();

const sizePx = 32;
const config = OptimisationConfig.parse({
  steps: 120,
  batch: 4,
  learningRate: 1e-2,
  schedule: 'constant',
  evaluateEvery: 10,
  augment: false,
});

/** A disc of one colour on a ground of another; the disc is class 1. */
function discTile(imageId: number, channels: number): Tile {
  const centre = 8 + 5 * imageId;
  const inside = Array.from({ length: sizePx * sizePx }, (_, i) => {
    return Math.hypot((i % sizePx) - centre, Math.floor(i / sizePx) - 16) < 8;
  });
  const colour = (yes: boolean, c: number) => (yes ? 0.8 - 0.3 * (c % 2) : 0.2 + 0.2 * (c % 3));
  return {
    imageId,
    name: `disc ${imageId}`,
    width: sizePx,
    height: sizePx,
    channels,
    data: Float32Array.from(
      inside.flatMap((yes) => {
        return Array.from({ length: channels }, (_, c) => colour(yes, c));
      }),
    ),
    labels: Uint8Array.from(inside, (yes) => (yes ? 1 : 0)),
    imageClass: imageId % 2,
  };
}

/** Losses of a few steps on four images. */
function trainFor(
  task: PretrainingTask,
  options: { engine: Engine; steps: number; channels: number; base: number },
): number[] {
  const { channels, base, steps } = options;
  const target = NetworkConfig.parse({ depth: 2, base, bottleneck: 4, inputChannels: channels });
  const definition = pretrainingTasks[task];
  const objective = definition.objective({
    network: definition.network(target),
    sizePx,
    pixelClasses: 2,
    imageClasses: ['odd', 'even'],
  });
  const tiles = [0, 1, 2, 3].map((i) => discTile(i, channels));
  const specs = splitSpec(objective.spec, () => false);
  const weights = initialWeights(objective.spec, 3);
  const step = createTrainingStep({
    engine: options.engine,
    objective,
    specs,
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
  });
  const { augment, batch } = config;
  const makeBatch = createBatches({ objective, tiles, sizePx, augment, batch, seed: 0 });
  const losses = Array.from({ length: steps }, (_, i) =>
    step.run(makeBatch(i + 1), stepScalars(config, i + 1)),
  );
  step.dispose();
  return losses;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

const channelsFor = (task: PretrainingTask) =>
  PRETRAINING_TASK_FACTS[task].needs === 'colour images' ? [3] : [1, 3, 5];

/** Share of its first loss that a task comes down to on four images within 120 steps, with room to spare. */
const REACHED: Readonly<Record<PretrainingTask, number>> = {
  classification: 0.1,
  segmentation: 0.1,
  autoencoder: 0.1,
  denoising: 0.25,
  'in-painting': 0.2,
  'out-painting': 0.3,
  'local-shuffle': 0.1,
  'non-linear-intensity': 0.3,
  colourisation: 0.1,
  'context-restoration': 0.2,
  'masked-autoencoding': 0.2,
};

describe.each(PRETRAINING_TASKS)('%s', (task) => {
  it('learns four images', () => {
    const [channels = 1] = channelsFor(task);
    const losses = trainFor(task, { engine, steps: 120, channels, base: 8 });
    expect(mean(losses.slice(-10)) / (losses[0] ?? NaN)).toBeLessThan(REACHED[task]);
  });

  it('gives the same losses traced and eager, whatever the channels', () => {
    for (const channels of channelsFor(task)) {
      const setting = { steps: 3, channels, base: 8 };
      const traced = trainFor(task, { engine, ...setting });
      const eager = trainFor(task, { engine: { ...engine, traced: false }, ...setting });
      eager.forEach((loss, i) => expect(loss).toBeCloseTo(traced[i] ?? NaN, 5));
    }
  });
});
