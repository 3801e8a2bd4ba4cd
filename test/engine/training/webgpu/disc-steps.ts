/** Training steps on two drawn discs, on whatever engine is given: what tests of cards compare. */
import * as tf from '@tensorflow/tfjs-core';
import { createBatches } from '../../../../engine/training/batches/batches.ts';
import type { Tile } from '../../../../engine/training/images/tiles.ts';
import { flattenWeights, initialWeights } from '../../../../engine/training/network/parameters.ts';
import { segmentationObjective } from '../../../../engine/training/objectives/segmentation.ts';
import { stepScalars } from '../../../../engine/training/optimiser.ts';
import type { Engine } from '../../../../engine/training/tensorflow/backend.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
  type TrainingState,
} from '../../../../engine/training/training-step.ts';
import { NetworkConfig, OptimisationConfig, type Precision } from '../../../../shared/entities.ts';

const sizePx = 16;
const config = OptimisationConfig.parse({
  ...{ steps: 60, batch: 2, learningRate: 1e-2, schedule: 'constant', evaluateEvery: 10 },
  augment: false,
});

/** A bright disc on a dark ground; the disc is class 1. */
function discTile(imageId: number, centre: number): Tile {
  const inside = Array.from(
    { length: sizePx ** 2 },
    (_, i) => Math.hypot((i % sizePx) - centre, Math.floor(i / sizePx) - centre) < 4,
  );
  return {
    ...{ imageId, name: `disc ${imageId}`, width: sizePx, height: sizePx, channels: 1 },
    data: Float32Array.from(inside, (yes, i) => (yes ? 0.7 : 0.3) + 0.1 * Math.sin(i)),
    labels: Uint8Array.from(inside, (yes) => (yes ? 1 : 0)),
    depths: Uint8Array.from(inside, (yes, i) => (yes ? 40 + (i % 200) : 0)),
    imageClass: 0,
  };
}
const tiles = [discTile(1, 5), discTile(2, 10)];

/** `network`: what differs from the usual; `objects`: whether they are told apart, too. */
export function discSteps(network: Partial<NetworkConfig>, { objects = false } = {}) {
  const objective = segmentationObjective({
    ...{ network: NetworkConfig.parse(network), sizePx, classes: 2 },
    ...(objects ? { objects: { weight: 1 } } : {}),
  });
  return {
    /** Losses of steps, and the state after them. `from`: where they go on; left out: the first. */
    async train(
      on: Engine,
      steps: number,
      options: {
        readonly precision?: Precision;
        readonly from?: { readonly step: number; readonly state: TrainingState };
        readonly between?: (step: number) => void;
      } = {},
    ) {
      const { precision = 'float32', from, between } = options;
      await tf.setBackend(on.card === null ? 'tensorflow' : 'webgpu');
      const specs = splitSpec(objective.spec, () => false);
      const weights = initialWeights(objective.spec, 3);
      const step = createTrainingStep({
        ...{ engine: on, objective, specs, precision },
        initial: from?.state ?? freshState(flattenWeights(specs.trained, weights)),
        frozen: flattenWeights(specs.frozen, weights),
      });
      const { augment, batch } = config;
      const makeBatch = createBatches({ objective, tiles, sizePx, augment, batch, seed: 0 });
      const losses: number[] = [];
      const first = (from?.step ?? 0) + 1;
      for (let i = first; i < first + steps; i++) {
        losses.push(await step.run(makeBatch(i), stepScalars(config, i)));
        between?.(i);
      }
      const state = await step.read();
      step.dispose();
      return { losses, state };
    },
  };
}
