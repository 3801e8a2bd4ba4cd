/** Times training steps on random data: what a study's estimate and its choice of threads rest on. */
import type {
  NetworkConfig,
  OptimisationConfig,
  Precision,
  SamplingConfig,
} from '../../shared/entities.ts';
import { createRandom } from '../../shared/random.ts';
import type { Engine } from './tensorflow/backend.ts';
import { createBatches } from './batches/batches.ts';
import { stepScalars } from './optimiser.ts';
import { flattenWeights, initialWeights } from './network/parameters.ts';
import { segmentationObjective } from './objectives/segmentation.ts';
import type { Tile } from './images/tiles.ts';
import { createTrainingStep, freshState, splitSpec } from './training-step.ts';
import { assertInputSize } from './network/unet.ts';

/** The first steps trace the graph and compile kernels. */
const WARM_UP_STEPS = 3;
const CLASSES = 2;

function randomTile(imageId: number, sizePx: number, channels: number): Tile {
  const random = createRandom(0, 'calibrate', imageId);
  return {
    imageId,
    name: `random ${imageId}`,
    width: sizePx,
    height: sizePx,
    channels,
    data: Float32Array.from({ length: sizePx * sizePx * channels }, () => random.next()),
    labels: Uint8Array.from({ length: sizePx * sizePx }, () => random.below(CLASSES)),
    imageClass: null,
  };
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/**
 * @returns msPerStep: median, batches included; startupMs: what this process needed beyond its steps, from its start
 * @throws AppError invalid-input, where the network cannot take the size
 */
export function calibrate(
  engine: Engine,
  setting: {
    readonly network: NetworkConfig;
    readonly sampling: SamplingConfig;
    readonly batch: number;
    readonly precision: Precision;
    readonly steps: number;
  },
): { readonly msPerStep: number; readonly startupMs: number } {
  const { network, sampling, batch, steps } = setting;
  const { sizePx } = sampling;
  assertInputSize(network, sizePx);
  const objective = segmentationObjective({ network, sizePx, classes: CLASSES });
  const specs = splitSpec(objective.spec, () => false);
  const weights = initialWeights(objective.spec, 0);
  const step = createTrainingStep({
    engine,
    objective,
    specs,
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
    precision: setting.precision,
  });
  const tiles = Array.from({ length: batch }, (_, i) =>
    randomTile(i, sizePx, network.inputChannels),
  );
  const config: OptimisationConfig = {
    steps: WARM_UP_STEPS + steps,
    batch,
    learningRate: 1e-3,
    weightDecay: 0,
    warmup: 0,
    schedule: 'constant',
    evaluateEvery: steps,
    augment: true,
    precision: setting.precision,
  };
  const makeBatch = createBatches({ objective, tiles, sizePx, augment: true, batch, seed: 0 });
  const milliseconds: number[] = [];
  let ready = 0;
  for (let at = 1; at <= config.steps; at++) {
    const start = performance.now();
    step.run(makeBatch(at), stepScalars(config, at));
    const end = performance.now();
    if (at <= WARM_UP_STEPS) ready = end;
    else milliseconds.push(end - start);
  }
  step.dispose();
  const msPerStep = median(milliseconds);
  return { msPerStep, startupMs: Math.max(0, ready - WARM_UP_STEPS * msPerStep) };
}
