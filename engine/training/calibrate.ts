/** Times training steps and tests on made-up data: what a study's estimate and its choice of threads rest on. */
import type {
  NetworkConfig,
  OptimisationConfig,
  Precision,
  SamplingConfig,
} from '../../shared/entities.ts';
import { encodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import { createRandom } from '../../shared/random.ts';
import { upperMedian } from '../../shared/median.ts';
import type { Engine } from './tensorflow/backend.ts';
import { predictionPrecision } from './tensorflow/precision.ts';
import { createBatches } from './batches/batches.ts';
import { stepScalars } from './optimiser.ts';
import { flattenWeights, initialWeights } from './network/parameters.ts';
import { rowsOf } from './images/image-rows.ts';
import { scoreImage } from './scoring/metrics.ts';
import { predictionInput, predictLabelMaps } from './scoring/predict.ts';
import {
  createSegmenter,
  inputsAPass,
  type Segmenter,
  type WeightTensors,
} from './scoring/segmenter.ts';
import type { TestSize } from './protocol.ts';
import { segmentationObjective } from './objectives/segmentation.ts';
import type { Tile } from './images/tiles.ts';
import { createLateReads } from './tensorflow/late-reads.ts';
import { createTrainingStep, freshState, splitSpec } from './training-step.ts';
import { assertInputSize } from './network/unet.ts';

/** The first steps trace the graph and compile kernels. */
const WARM_UP_STEPS = 3;
/** Steps that take long vary little: what was timed by then does. */
const ENOUGH_MS = 60_000;
const WARM_TIMES = 3;
const CLASSES = 2;
/** Larger test images are timed at this size, and the time grows with their pixels. */
const MAX_TEST_PIXELS = 2 ** 20;
/** A prediction differs from the truth by so many pixels. */
const MADE_UP_ERROR_PX = 3;

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

/** Milliseconds, median of three: the first time, which compiles code and fills caches, does not count. */
async function warmMedian(work: () => Promise<void>): Promise<number> {
  const milliseconds: number[] = [];
  for (let time = 0; time <= WARM_TIMES; time++) {
    const start = performance.now();
    await work();
    if (time > 0) milliseconds.push(performance.now() - start);
  }
  return upperMedian(milliseconds) ?? 0;
}

/** Fields of all classes in turn; `shift` moves them. */
function madeUpLabels(size: TestSize, shift: number): LabelMap {
  const { widthPx: width, heightPx: height, classes } = size;
  const side = Math.max(8, Math.round(Math.min(width, height) / 8));
  const at = (place: number) => Math.floor((place + shift) / side);
  const data = Uint8Array.from(
    { length: width * height },
    (_, i) => (at(i % width) + 3 * at(Math.floor(i / width))) % classes,
  );
  return { width, height, data };
}

/** Milliseconds to predict an image of that size, to score the prediction and to encode it; without reading files. */
async function timeTest(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  {
    engine,
    sampling,
    channels,
    test,
  }: { engine: Engine; sampling: SamplingConfig; channels: number; test: TestSize },
): Promise<number> {
  const scale = Math.min(1, Math.sqrt(MAX_TEST_PIXELS / (test.widthPx * test.heightPx)));
  const size = {
    ...test,
    widthPx: Math.max(1, Math.round(test.widthPx * scale)),
    heightPx: Math.max(1, Math.round(test.heightPx * scale)),
  };
  const { widthPx: width, heightPx: height } = size;
  const data = new Float32Array(width * height * channels).fill(0.5);
  const image = rowsOf({ width, height, channels, data });
  const [truth, wrong] = [madeUpLabels(size, 0), madeUpLabels(size, MADE_UP_ERROR_PX)];
  const scored = Array.from({ length: test.classes - 1 }, (_, i) => i + 1);
  const input = new Float32Array(sampling.sizePx ** 2 * channels);
  await segmenter.probabilities(weights, [input]); // traces the graph
  let probabilities: Float32Array = new Float32Array();
  const passMs = await warmMedian(async () => {
    const [first] = await segmenter.probabilities(weights, [input]);
    probabilities = first ?? probabilities;
  });
  const aPass = inputsAPass(sampling.sizePx, engine);
  let passes = 0;
  /** Says at once what the network has said, so that the work around it is timed by itself. */
  const atOnce: Segmenter = {
    ...segmenter,
    probabilities(_, inputs) {
      // Images that are made smaller share their passes.
      const share = inputs.length / aPass;
      passes += sampling.mode === 'resize' ? share : Math.ceil(share);
      return Promise.resolve(inputs.map(() => probabilities));
    },
  };
  const around = await warmMedian(async () => {
    passes = 0;
    await predictLabelMaps(atOnce, weights, [await predictionInput(image, sampling)]);
    scoreImage(wrong, truth, { count: test.classes, scored });
    encodeLabelMap(wrong);
  });
  const pixels = (test.widthPx * test.heightPx) / (width * height);
  return (around + passes * passMs) * pixels;
}

export interface TimedSteps {
  /** Of each step behind the warm-up, one at least. */
  readonly milliseconds: readonly number[];
  readonly warmUp: number;
  /** When the warm-up was over. */
  readonly readyAt: number;
}

/**
 * Times steps 1, 2 … `count` behind the warm-up; fewer, and a shorter warm-up, once a minute has gone: where a step takes
 * minutes, two of them are made. `settle`: waits for what of the warm-up is still under way. `now`: milliseconds.
 */
export async function timeSteps(
  run: (step: number) => Promise<void>,
  {
    count,
    settle,
    now = () => performance.now(),
  }: { readonly count: number; readonly settle: () => Promise<void>; readonly now?: () => number },
): Promise<TimedSteps> {
  const begun = now();
  const milliseconds: number[] = [];
  let warmUp = WARM_UP_STEPS;
  let readyAt = begun;
  for (let at = 1; milliseconds.length < count; at++) {
    const start = now();
    await run(at);
    if (at < warmUp && now() - begun > ENOUGH_MS) warmUp = at;
    if (at < warmUp) continue;
    if (at === warmUp) {
      await settle();
      readyAt = now();
      continue;
    }
    milliseconds.push(now() - start);
    if (now() - begun > ENOUGH_MS) break;
  }
  return { milliseconds, warmUp, readyAt };
}

/**
 * @returns msPerStep: median, batches included; startupMs: what this process needed beyond its steps, from its start; testMs: see
 *   timeTest, 0 without `test`
 * @throws AppError invalid-input, where the network cannot take the size
 */
export async function calibrate(
  engine: Engine,
  setting: {
    readonly network: NetworkConfig;
    readonly sampling: SamplingConfig;
    readonly batch: number;
    readonly precision: Precision;
    readonly steps: number;
    readonly test?: TestSize | undefined;
  },
): Promise<{ readonly msPerStep: number; readonly startupMs: number; readonly testMs: number }> {
  const { network, sampling, batch, steps, test } = setting;
  const { sizePx } = sampling;
  assertInputSize(network, sizePx);
  const classes = test?.classes ?? CLASSES;
  const objective = segmentationObjective({ network, sizePx, classes });
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
  const losses = createLateReads<number>(step.lossesAhead);
  const { milliseconds, warmUp, readyAt } = await timeSteps(
    async (at) => void (await losses.next(step.run(makeBatch(at), stepScalars(config, at)))),
    { count: steps, settle: async () => void (await losses.rest()) },
  );
  await losses.rest();
  // Where losses are read late, a single step says when it was begun, and all of them together what they took.
  const msPerStep =
    step.lossesAhead === 0
      ? (upperMedian(milliseconds) ?? 0)
      : (performance.now() - readyAt) / Math.max(1, milliseconds.length);
  let testMs = 0;
  if (test !== undefined) {
    const segmenter = createSegmenter({
      ...{ engine, network, sizePx, classes },
      specs: [specs.trained],
      precision: predictionPrecision(engine, setting.precision),
    });
    const channels = network.inputChannels;
    testMs = await timeTest(segmenter, [step.tensors()], { engine, sampling, channels, test });
    segmenter.dispose();
  }
  step.dispose();
  return { msPerStep, startupMs: Math.max(0, readyAt - warmUp * msPerStep), testMs };
}
