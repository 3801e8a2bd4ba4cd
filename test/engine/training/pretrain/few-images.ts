/** Trains a task on four small images: what the tests of its learning share. */
import type { Example } from '../../../../engine/db/examples.ts';
import type { Engine } from '../../../../engine/training/tensorflow/backend.ts';
import { createBatches } from '../../../../engine/training/batches/batches.ts';
import { drawExamples } from '../../../../engine/training/examples.ts';
import { stepScalars } from '../../../../engine/training/optimiser.ts';
import { flattenWeights, initialWeights } from '../../../../engine/training/network/parameters.ts';
import { pretrainingTasks } from '../../../../engine/training/pretrain/registry.ts';
import type { Tile } from '../../../../engine/training/images/tiles.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
} from '../../../../engine/training/training-step.ts';
import {
  NetworkConfig,
  OptimisationConfig,
  PretrainingOptions,
  type PretrainingTask,
} from '../../../../shared/entities.ts';
import { PRETRAINING_TASK_FACTS } from '../../../../shared/pretraining-tasks.ts';

const config = OptimisationConfig.parse({
  steps: 120,
  batch: 4,
  learningRate: 1e-2,
  schedule: 'constant',
  evaluateEvery: 10,
  augment: false,
});

/** Textures that no crop, flip or change of colour makes alike: none, rows, columns, a checkerboard. */
const TEXTURES = [
  () => 0,
  (_: number, y: number) => Math.sign(Math.sin(1.6 * y)),
  (x: number) => Math.sign(Math.sin(1.6 * x)),
  (x: number, y: number) => Math.sign(Math.sin(1.2 * x) * Math.sin(1.2 * y)),
] as const;
const TEXTURE_AMPLITUDE = 0.15;

/** A disc of one colour on a ground of another, all of one texture; the disc is class 1. */
function discTile(imageId: number, channels: number, sizePx: number): Tile {
  const centre = sizePx / 4 + (imageId * sizePx) / 8;
  const texture = TEXTURES[imageId % TEXTURES.length] ?? TEXTURES[0];
  const places = Array.from({ length: sizePx * sizePx }, (_, i) => {
    const [x, y] = [i % sizePx, Math.floor(i / sizePx)];
    return { x, y, inside: Math.hypot(x - centre, y - sizePx / 2) < sizePx / 4 };
  });
  const colour = (inside: boolean, c: number) =>
    inside ? 0.8 - 0.3 * (c % 2) : 0.25 + 0.2 * (c % 3);
  return {
    imageId,
    name: `disc ${imageId}`,
    width: sizePx,
    height: sizePx,
    channels,
    data: Float32Array.from(
      places.flatMap(({ x, y, inside }) =>
        Array.from(
          { length: channels },
          (_, c) => colour(inside, c) + TEXTURE_AMPLITUDE * texture(x, y),
        ),
      ),
    ),
    labels: Uint8Array.from(places, ({ inside }) => (inside ? 1 : 0)),
    imageClass: imageId % 2,
  };
}

interface Setting {
  /** Of the weights and of what a task draws for its batches. */
  readonly seed?: number;
  readonly channels: number;
  readonly base: number;
  readonly sizePx: number;
}

/** A task on four images, before the first step. */
function begin(task: PretrainingTask, { channels, base, sizePx, seed = 3 }: Setting) {
  const target = NetworkConfig.parse({ depth: 2, base, bottleneck: 4, inputChannels: channels });
  const definition = pretrainingTasks[task];
  const objective = definition.objective({
    network: definition.network(target),
    sizePx,
    pixelClasses: 2,
    imageClasses: ['odd', 'even'],
    options: PretrainingOptions.parse({}),
  });
  const tiles = [0, 1, 2, 3].map((i) => discTile(i, channels, sizePx));
  return { objective, tiles, weights: initialWeights(objective.spec, seed) };
}

/** Losses of a few steps. byHeart: every step sees the first step's batch, what a task draws for it included. */
export async function lossesOf(
  task: PretrainingTask,
  options: Setting & {
    readonly engine: Engine;
    readonly steps: number;
    readonly byHeart?: boolean;
  },
): Promise<number[]> {
  const { engine, steps, sizePx, seed = 0, byHeart = false } = options;
  const { objective, tiles, weights } = begin(task, options);
  const specs = splitSpec(objective.spec, () => false);
  const step = createTrainingStep({
    engine,
    objective,
    specs,
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
  });
  const { augment, batch } = config;
  const makeBatch = createBatches({ objective, tiles, sizePx, augment, batch, seed });
  const losses: number[] = [];
  for (let at = 1; at <= steps; at++) {
    losses.push(await step.run(makeBatch(byHeart ? 1 : at), stepScalars(config, at)));
  }
  step.dispose();
  return losses;
}

/**
 * Share of its first loss that a task comes down to when it sees one batch of four images, views and corruptions
 * included, over and over: nothing but the optimisation is left to chance.
 */
export async function learnedByHeart(
  task: PretrainingTask,
  { engine, seed }: { readonly engine: Engine; readonly seed: number },
): Promise<number> {
  const [channels = 1] = channelsFor(task);
  const options = { engine, seed, channels, steps: 40, base: 8, sizePx: 16, byHeart: true };
  const losses = await lossesOf(task, options);
  return (losses.at(-1) ?? NaN) / (losses[0] ?? NaN);
}

/** Pictures that an untrained network gives. */
export function examplesOf(
  task: PretrainingTask,
  { engine, channels }: { readonly engine: Engine; readonly channels: number },
): Promise<Example[]> {
  const sizePx = 16;
  const { objective, tiles, weights } = begin(task, { channels, base: 8, sizePx });
  return drawExamples({
    engine,
    objective,
    spec: objective.spec,
    weights: flattenWeights(objective.spec, weights),
    tiles,
    sizePx,
    classes: [
      { index: 0, name: 'ground', color: '#000000' },
      { index: 1, name: 'disc', color: '#ff0000' },
    ],
  });
}

/** Counts of input channels that a task is tried with. */
export const channelsFor = (task: PretrainingTask) =>
  PRETRAINING_TASK_FACTS[task].needs === 'colour images' ? [3] : [1, 3, 5];
