/**
 * Training benchmark: the same network, loss and optimiser as the PyTorch and Keras peers, on Graft's own training
 * step. Depth 4, widths base·(1,2,4,8), bottleneck base·16, two [convolution 3×3, BatchNorm, ReLU] a level, plain
 * concatenated skips, one logit; binary cross-entropy + soft Dice over all pixels; Adam 1e-3; float32; random data.
 * Last line of output: one JSON object with the peers' keys, and peak_memory_mb.
 *
 * usage: train.ts [--size 128] [--batch 8] [--base 16] [--steps 15] [--threads 2] [--engine tensorflow|wasm|webgpu] [--eager]
 *   [--precision bfloat16] [--profile]
 * --profile runs eagerly and first prints where the time of a step goes, operation by operation.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { type Engine, startEngine } from '../../engine/training/tensorflow/backend.ts';
import {
  createForwardPass,
  type ForwardPass,
  tensorWeights,
} from '../../engine/training/network/forward-pass.ts';
import { createLayers } from '../../engine/training/network/layers.ts';
import type { Objective } from '../../engine/training/objectives/objective.ts';
import { stepScalars } from '../../engine/training/optimiser.ts';
import {
  flattenWeights,
  headLayer,
  initialWeights,
  joinSpecs,
} from '../../engine/training/network/parameters.ts';
import { createLateReads } from '../../engine/training/tensorflow/late-reads.ts';
import { trace } from '../../engine/training/tensorflow/trace.ts';
import { createTrainingStep, freshState, splitSpec } from '../../engine/training/training-step.ts';
import { decode, decoderSpec, encode, encoderSpec } from '../../engine/training/network/unet.ts';
import {
  EngineChoice,
  NetworkConfig,
  OptimisationConfig,
  Precision,
} from '../../shared/entities.ts';
import { createRandom } from '../../shared/random.ts';
import { report } from './measure.ts';
import { operationTimes } from './operation-times.ts';

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '128' },
    batch: { type: 'string', default: '8' },
    base: { type: 'string', default: '16' },
    steps: { type: 'string', default: '15' },
    threads: { type: 'string', default: '2' },
    engine: { type: 'string', default: 'tensorflow' },
    eager: { type: 'boolean', default: false },
    precision: { type: 'string', default: 'float32' },
    profile: { type: 'boolean', default: false },
  },
});
const [size, batch, base, steps, threads] = [
  flags.size,
  flags.batch,
  flags.base,
  flags.steps,
  flags.threads,
].map(Number) as [number, number, number, number, number];

const precision = Precision.parse(flags.precision);

/** As the peers: tracing, compiling kernels and warming up are not timed. */
const WARM_UP_STEPS = 3;
const INFERENCE_RUNS = 5;
const HEAD = 'head/bench';

const network = NetworkConfig.parse({ base, skips: 'concat', inputChannels: 3 });

function logitsOf(pass: ForwardPass, image: Tensor4D): Tensor4D {
  const features = decode(pass, network, encode(pass, network, image));
  return pass.layers.addBias(
    pass.layers.convolution(features, pass.parameter(`${HEAD}/kernel`) as Tensor4D),
    pass.parameter(`${HEAD}/bias`) as Tensor1D,
  );
}

const objective: Objective = {
  network,
  spec: joinSpecs(encoderSpec(network), decoderSpec(network), headLayer(HEAD, [1, 1, base, 1])),
  inputs: [
    { name: 'image', shape: [size, size, 3], dtype: 'float32' },
    { name: 'mask', shape: [size, size, 1], dtype: 'float32' },
  ],
  prepare: () => undefined,
  loss(pass, input): Scalar {
    const logits = logitsOf(pass, input('image') as Tensor4D);
    const mask = input('mask');
    const p = tf.sigmoid(logits);
    const entropy = tf.mean<Scalar>(tf.sub(tf.softplus(logits), tf.mul(logits, mask)));
    const both = tf.add(tf.mul(tf.sum(tf.mul(p, mask)), 2), 1);
    const either = tf.add(tf.add(tf.sum(p), tf.sum(mask)), 1);
    return tf.sub(tf.add(entropy, 1), tf.div(both, either));
  },
};

const median = (times: readonly number[]) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;

function cpuMilliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

async function timeTraining(engine: Engine, onWarm: () => void) {
  const random = createRandom(0, 'bench');
  const image = Float32Array.from({ length: batch * size * size * 3 }, () => random.next());
  const mask = Float32Array.from({ length: batch * size * size }, () => random.below(2));
  const specs = splitSpec(objective.spec, () => false);
  const weights = initialWeights(objective.spec, 0);
  const step = createTrainingStep({
    engine,
    objective,
    specs,
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
    precision,
  });
  const config = OptimisationConfig.parse({
    steps: WARM_UP_STEPS + steps,
    batch,
    learningRate: 1e-3,
    weightDecay: 0,
    warmup: 0,
    schedule: 'constant',
    evaluateEvery: steps,
  });
  const times: number[] = [];
  const cpuTimes: number[] = [];
  let warm = process.resourceUsage();
  let firstStepMs = 0;
  let firstLoss = NaN;
  // Where a card computes, losses come late: a step is what all of them take together.
  const losses = createLateReads<number>(step.lossesAhead);
  let warmAt = 0;
  for (let at = 1; at <= config.steps; at++) {
    const start = performance.now();
    const cpuStart = process.cpuUsage();
    const inputs = new Map([
      ['image', image],
      ['mask', mask],
    ]);
    const loss = step.run({ size: batch, inputs }, stepScalars(config, at));
    await losses.next(loss);
    if (at === 1) {
      firstLoss = await loss;
      firstStepMs = performance.now();
    }
    if (at === WARM_UP_STEPS) {
      await losses.rest();
      warmAt = performance.now();
      onWarm();
      warm = process.resourceUsage();
    }
    if (at <= WARM_UP_STEPS) continue;
    times.push(performance.now() - start);
    cpuTimes.push(cpuMilliseconds(cpuStart));
  }
  await losses.rest();
  const meanMs = (performance.now() - warmAt) / steps;
  const ended = process.resourceUsage();
  return {
    step,
    image,
    pageFaults: (ended.minorPageFault - warm.minorPageFault) / steps,
    systemMsStep: (ended.systemCPUTime - warm.systemCPUTime) / 1000 / steps,
    spec: specs.trained,
    msStep: step.lossesAhead === 0 ? median(times) : meanMs,
    firstLoss,
    cpuMsStep: median(cpuTimes),
    firstStepMs,
  };
}

async function timeInference(engine: Engine, trained: Awaited<ReturnType<typeof timeTraining>>) {
  const layers = createLayers(engine, precision);
  const logits = ([image, theta, statistics]: readonly Tensor[]) => {
    const weights = tensorWeights(trained.spec, theta as Tensor1D, statistics as Tensor1D);
    const pass = createForwardPass(layers, { trained: null, fixed: [weights] });
    return [logitsOf(pass, image as Tensor4D)];
  };
  const infer = trace(engine, 'bench inference', logits, precision);
  const { theta, statistics } = trained.step.tensors();
  const run = async () => {
    const image: Tensor = tf.tensor4d(trained.image, [batch, size, size, 3]);
    const outputs = infer.run([image, theta, statistics]);
    for (const output of outputs) await engine.values(output);
    tf.dispose([image, ...outputs]);
  };
  await run();
  const times: { readonly clock: number; readonly cpu: number }[] = [];
  while (times.length < INFERENCE_RUNS) {
    const start = performance.now();
    const cpuStart = process.cpuUsage();
    await run();
    times.push({ clock: performance.now() - start, cpu: cpuMilliseconds(cpuStart) });
  }
  return {
    msInfer: median(times.map(({ clock }) => clock)),
    cpuMsInfer: median(times.map(({ cpu }) => cpu)),
  };
}

const started = await startEngine({ threads, engine: EngineChoice.parse(flags.engine) });
const eager = flags.eager || flags.profile;
const engine: Engine = eager ? { ...started, traced: false } : started;
const operations = flags.profile && started.native ? operationTimes(started.native) : null;
const trained = await timeTraining(engine, () => operations?.restart());
if (operations !== null) report('operations of a step', operations.rows(steps, trained.msStep));
const trainingMemory = process.resourceUsage().maxRSS / 1024;
const { msInfer, cpuMsInfer } = await timeInference(engine, trained);
const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
console.log(
  JSON.stringify({
    who: `graft-${engine.info.name}${eager ? '-eager' : ''}`,
    version: engine.info.version,
    size,
    batch,
    base,
    threads: engine.info.threads,
    precision,
    ms_step: rounded(trained.msStep, 1),
    // Of all threads: with one thread the figure that a busy machine spoils least.
    cpu_ms_step: rounded(trained.cpuMsStep, 1),
    // Memory that the system hands out anew, and what it takes for that.
    page_faults_step: Math.round(trained.pageFaults),
    system_ms_step: rounded(trained.systemMsStep, 1),
    img_s: rounded((1000 * batch) / trained.msStep, 2),
    infer_img_s: rounded((1000 * batch) / msInfer, 1),
    cpu_ms_infer: rounded(cpuMsInfer, 1),
    peak_memory_mb: Math.round(trainingMemory),
    // Buffers that tfjs's pool holds on the card, those of recorded steps included.
    ...(engine.card === null
      ? {}
      : { card_memory_mb: Math.round(engine.card.backend.bufferManager.numBytesAllocated / 1e6) }),
    first_loss: trained.firstLoss,
    first_step_ms: Math.round(trained.firstStepMs),
  }),
);
// What Dawn has opened would keep the process.
engine.card?.close();
