/**
 * Each kernel of Graft for graphics cards against native TensorFlow: outputs and gradients, and the bits again. Differences
 * are told as a share of the largest value that TensorFlow finds.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { createLayers, type Layers } from '../../../../engine/training/network/layers.ts';
import {
  lossOfLogits,
  type SegmentationLoss,
} from '../../../../engine/training/objectives/segmentation.ts';
import { adamW, adamWOnCard } from '../../../../engine/training/optimiser.ts';
import { estimatedMs } from '../../../../engine/training/webgpu/submissions.ts';
import { LONGEST_KERNEL_MS } from '../../../../engine/training/webgpu/workgroups.ts';
import { createRandom } from '../../../../shared/random.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { type Case, distance, normal, results, slopes, subjects } from './kernel-subjects.ts';
import { softwareCardOrSkip } from './software-vulkan.ts';

const native = createLayers(await nativeEngineOrSkip());
const cardEngine = await softwareCardOrSkip();
const card = createLayers(cardEngine);

async function onBoth(test: Case) {
  await tf.setBackend('tensorflow');
  const wanted = await results(native, test, slopes);
  await tf.setBackend('webgpu');
  return { wanted, found: await results(card, test, slopes) };
}

describe.each(subjects)('$name', ({ name, tolerance, cases, make }) => {
  it('gives what TensorFlow gives, and the same bits each time', async () => {
    for (let number = 0; number < cases; number++) {
      const test = make(createRandom(number, `webgpu ${name}`));
      const { wanted, found } = await onBoth(test);
      const told = test.inputs.map(({ shape }) => shape.join('×')).join(', ');
      const distances = wanted.map((values, i) => distance(found[i] ?? new Float32Array(), values));
      expect(Math.max(...distances), `${told}: ${distances.join(' ')}`).toBeLessThanOrEqual(
        tolerance,
      );
      if (number === 0) expect(await results(card, test, slopes), told).toEqual(found);
    }
  });

  it('spreads a value that is no number as far as TensorFlow does', async () => {
    const test = make(createRandom(99, `webgpu ${name}`));
    const [first, ...rest] = test.inputs;
    const values = first?.values.slice() ?? new Float32Array();
    values[values.length >> 1] = NaN;
    const spoiled = { ...test, inputs: [{ shape: first?.shape ?? [], values }, ...rest] };
    await tf.setBackend('tensorflow');
    const output = async (layers: Layers) => {
      const tensor = tf.tidy(() =>
        spoiled.layer(
          layers,
          spoiled.inputs.map((input) => tf.tensor(input.values, [...input.shape])),
        ),
      );
      const found = [...(await tensor.data())].map(Number.isNaN);
      tensor.dispose();
      return found;
    };
    const wanted = await output(native);
    await tf.setBackend('webgpu');
    const found = await output(card);
    // TensorFlow's pooling hides it, or not, by its place in the window: here it always shows.
    if (name.startsWith('pooling')) expect(found).toContain(true);
    else expect(found).toEqual(wanted);
  });
});

/** What lays workgroups out in each of the ways there are: along rows, in depth, in one row of all. */
const LAID_OUT = ['convolution 1×1', 'batch normalisation', 'bias', 'cross-entropy of classes'];

it.each(subjects.filter(({ name }) => LAID_OUT.includes(name)))(
  'has the same bits where every kernel is so long that it is divided: $name',
  async ({ name, make }) => {
    const test = make(createRandom(0, `webgpu ${name}`));
    const whole = await results(card, test, slopes);
    const dispatched = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
    await results(card, test, slopes);
    const dispatches = dispatched.mock.calls.length;
    vi.mocked(estimatedMs).mockReturnValue(2.5 * LONGEST_KERNEL_MS);
    const inParts = await results(card, test, slopes);
    vi.mocked(estimatedMs).mockReset();
    expect(dispatched.mock.calls.length).toBeGreaterThan(2.4 * dispatches);
    dispatched.mockRestore();
    expect(inParts).toEqual(whole);
  },
);

describe('the loss of a segmentation in one piece', () => {
  const numbers = { maxClassWeight: 10, focalGamma: 2, tverskyAlpha: 0.3, tverskyBeta: 0.7 };
  const kinds: readonly (SegmentationLoss | null)[] = [
    null,
    { ...numbers, kind: 'focal+dice', classWeights: null },
    { ...numbers, kind: 'weighted-cross-entropy+dice', classWeights: [0.5, 3, 1] },
    { ...numbers, kind: 'cross-entropy+tversky', classWeights: null },
  ];

  it.each(
    kinds.flatMap((loss) =>
      ([0, 1] as const).map((from) => [loss?.kind ?? 'default', loss, from] as const),
    ),
  )('%s', async (_, loss, from) => {
    const random = createRandom(from, 'loss');
    const [b, h, w, classes] = [2, 13, 21, 3];
    const logits = normal(random, [b, h, w, classes], 0, 3).values;
    // Some are of no class.
    const labels = Int32Array.from({ length: b * h * w }, () => random.below(5)).map((label) =>
      label > 3 ? 255 : label,
    );
    const options = { loss, from };
    const onEngine = async (layers: Layers) => {
      const truth = tf.tensor3d(labels, [b, h, w], 'int32');
      const { value, grad } = tf.valueAndGrad((x: Tensor) =>
        tf.mul(lossOfLogits(layers, [x as Tensor4D, truth], options), 1.5),
      )(tf.tensor4d(logits, [b, h, w, classes]));
      return Promise.all([value, grad].map(async (t) => (await t.data<'float32'>()).slice()));
    };
    await tf.setBackend('tensorflow');
    const wanted = await onEngine(native);
    await tf.setBackend('webgpu');
    const found = await onEngine(card);
    wanted.forEach((values, i) =>
      expect(distance(found[i] ?? new Float32Array(), values)).toBeLessThan(1e-5),
    );
    expect(await onEngine(card)).toEqual(found);
  });
});

it.each([[false], [true]])('one step of AdamW, shares of the rate: %s', async (isShared) => {
  const random = createRandom(3, 'adam');
  // More tensors than one dispatch takes, of one number and of several workgroups.
  const sizes = [1, 5, 700, 3, 64, 2, 9];
  const count = sizes.reduce((a, b) => a + b);
  const vector = (deviation: number) => normal(random, [count], 0, deviation).values;
  const [theta, m, gradient] = [vector(1), vector(0.1), vector(1)];
  const [v, shares] = [vector(0.1).map((x) => x * x), vector(1).map(Math.abs)];
  const onEngine = async (engine: typeof cardEngine.card | null) => {
    const state = [theta, m, v].map((values) => tf.tensor1d(values.slice())) as [
      Tensor1D,
      Tensor1D,
      Tensor1D,
    ];
    const moments = { m: state[1], v: state[2] };
    const [stepSize, epsilon, decay] = [0.02, 1e-7, 0.01].map((x) => tf.scalar(x)) as [
      tf.Scalar,
      tf.Scalar,
      tf.Scalar,
    ];
    const scalars = { stepSize, epsilon, decay };
    const rates = isShared ? tf.tensor1d(shares) : null;
    let at = 0;
    const gradients = sizes.map((size) => tf.tensor1d(gradient.slice(at, (at += size))));
    const next =
      engine === null
        ? adamW(state[0], moments, tf.tensor1d(gradient), scalars, rates)
        : adamWOnCard(engine, state[0], moments, gradients, scalars, rates);
    return Promise.all(
      [next.theta, next.m, next.v].map(async (t) => (await t.data<'float32'>()).slice()),
    );
  };
  await tf.setBackend('tensorflow');
  const wanted = await onEngine(null);
  await tf.setBackend('webgpu');
  const found = await onEngine(cardEngine.card);
  wanted.forEach((values, i) =>
    expect(distance(found[i] ?? new Float32Array(), values)).toBeLessThan(1e-6),
  );
});
