/** The product's own training step on random images: what tests and the benchmark of the portable engine run. */
import type { Engine } from '../../../../engine/training/tensorflow/backend.ts';
import { flattenWeights, initialWeights } from '../../../../engine/training/network/parameters.ts';
import { stepScalars } from '../../../../engine/training/optimiser.ts';
import { segmentationObjective } from '../../../../engine/training/objectives/segmentation.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
  type TrainingState,
} from '../../../../engine/training/training-step.ts';
import { NetworkConfig, OptimisationConfig } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';

export interface Steps {
  /** Trains on the one batch once more; returns the loss before the update. */
  next(): Promise<number>;
  read(): Promise<TrainingState>;
  dispose(): void;
}

const depthsOf = (pixels: number) =>
  Float32Array.from({ length: 2 * pixels }, (_, i) =>
    i % 2 === 0 ? 1 - (i % 5) / 8 : ((i - 1) % 5) / 8,
  );

/** Plain skips and three channels: the network of the peers' training benchmark. */
export function createSteps(
  engine: Engine,
  setting: {
    sizePx: number;
    batch: number;
    base: number;
    depth: number;
    seed: number;
    /** Whether objects are told apart, too; left out: they are not. */
    objects?: boolean;
  },
): Steps {
  const { sizePx, batch, base, depth, seed, objects = false } = setting;
  const objective = segmentationObjective({
    network: NetworkConfig.parse({
      depth,
      base,
      bottleneck: 2 ** depth,
      skips: 'concat',
      inputChannels: 3,
    }),
    sizePx,
    classes: 2,
    objects: objects ? { weight: 1 } : null,
  });
  const specs = splitSpec(objective.spec, () => false);
  const weights = initialWeights(objective.spec, seed);
  const step = createTrainingStep({
    engine,
    objective,
    specs,
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
  });
  const random = createRandom(seed, 'batch');
  const pixels = batch * sizePx * sizePx;
  const inputs = new Map<string, Float32Array | Int32Array>([
    ['image', Float32Array.from({ length: pixels * 3 }, () => random.next())],
    ['labels', Int32Array.from({ length: pixels }, () => random.below(2))],
    // Depths 0 … 1, and what they lack to 1.
    ...(objects ? [['depths', depthsOf(pixels)] as const] : []),
  ]);
  const optimisation = OptimisationConfig.parse({
    steps: 1000,
    batch,
    learningRate: 1e-3,
    warmup: 0,
    schedule: 'constant',
    evaluateEvery: 1000,
  });
  let at = 0;
  return {
    next: () => step.run({ size: batch, inputs }, stepScalars(optimisation, ++at)),
    read: () => step.read(),
    dispose: () => step.dispose(),
  };
}
