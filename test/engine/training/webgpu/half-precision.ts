/**
 * Training in float16, on a software driver that has it, beside native TensorFlow in float32: what layers hand on is
 * rounded, and nothing else. The driver takes the place of the card that the other tests compute on.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLayers, type Layers } from '../../../../engine/training/network/layers.ts';
import { assertPrecision } from '../../../../engine/training/tensorflow/precision.ts';
import { trace } from '../../../../engine/training/tensorflow/trace.ts';
import { gradientScaleFor, isHalf } from '../../../../engine/training/webgpu/half.ts';
import type { Engine } from '../../../../engine/training/tensorflow/backend.ts';
import { createRandom } from '../../../../shared/random.ts';
import { type CardEngine, startHalfPrecisionCard } from './software-vulkan.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { discSteps } from './disc-steps.ts';

const native = await nativeEngineOrSkip();
let engine: CardEngine;
let missing: string | null = null;

interface Subject {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly layer: (layers: Layers, tensors: readonly Tensor[]) => Tensor;
}

/** Channels by fours and not, few products and many, inputs that are rounded because a layer lies before them. */
const subjects: readonly Subject[] = [
  {
    name: 'two convolutions, batch normalisation and ReLU between',
    shapes: [[2, 7, 5, 3], [3, 3, 3, 12], [12], [12], [3, 3, 12, 9]],
    layer: (layers, [x, first, gamma, beta, second]) => {
      const convolved = layers.convolution(x as Tensor4D, first as Tensor4D);
      const { output, mean, variance } = layers.batchNormRelu(
        convolved,
        gamma as Tensor1D,
        beta as Tensor1D,
      );
      tf.dispose([mean, variance]);
      return layers.convolution(output, second as Tensor4D);
    },
  },
  {
    name: 'group normalisation, pooling, and a convolution over the skip and what is upsampled',
    shapes: [[2, 8, 6, 3], [3, 3, 3, 8], [8], [8], [3, 3, 16, 12], [1, 1, 12, 3], [3]],
    layer: (layers, [x, first, gamma, beta, both, head, bias]) => {
      const skip = layers.relu(
        layers.groupNorm(
          layers.convolution(x as Tensor4D, first as Tensor4D),
          gamma as Tensor1D,
          beta as Tensor1D,
        ),
      );
      const below = layers.maxPool2(skip);
      const joined = layers.convolution({ skip, below }, both as Tensor4D);
      return layers.addBias(layers.convolution(joined, head as Tensor4D), bias as Tensor1D);
    },
  },
  {
    name: 'depthwise, strides, bounded ReLU, a sum, windows of 3×3, an average and a dense layer',
    shapes: [[2, 8, 8, 3], [1, 1, 3, 10], [3, 3, 10, 1], [3, 3, 10, 10], [10, 4], [4]],
    layer: (layers, [x, first, depthwise, strided, dense, bias]) => {
      const wide = layers.convolution(x as Tensor4D, first as Tensor4D);
      const apart = layers.relu6(layers.depthwiseConvolution(wide, depthwise as Tensor4D));
      const halved = layers.convolution(tf.add(apart, wide), strided as Tensor4D, { stride: 2 });
      const pooled = layers.maxPool3(layers.relu(halved), 'symmetric');
      return layers.dense(layers.globalAveragePool(pooled), dense as tf.Tensor2D, bias as Tensor1D);
    },
  },
];

const slopesOf = ({ size, shape }: Tensor) =>
  tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.cos(i)),
    shape,
  );

/** The output, then the gradient of every input, in one recorded row. */
async function results(on: Engine, { name, shapes, layer }: Subject) {
  await tf.setBackend(on.card === null ? 'tensorflow' : 'webgpu');
  const layers = createLayers(on);
  const random = createRandom(1, name);
  const tensors = shapes.map((shape) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const spread = shape.length === 4 && shape[0] !== 2 ? 0.3 : 1;
    return tf.tensor(
      Float32Array.from({ length: count }, () => spread * random.normal()),
      [...shape],
    );
  });
  const traced = trace(
    on,
    name,
    (inputs) => {
      const { value, grads } = tf.valueAndGrads((...x: Tensor[]) => {
        const output = layer(layers, x);
        return tf.sum(tf.mul(output, slopesOf(output)));
      })([...inputs]);
      return [value, ...grads.map((one) => tf.mul(one, 1))];
    },
    on.card === null ? 'float32' : 'float16',
  );
  const outputs = traced.run(tensors);
  const values = await Promise.all(outputs.map((one) => on.values(one)));
  tf.dispose([...tensors, ...outputs]);
  traced.dispose();
  return values;
}

const apart = (found: Float32Array, wanted: Float32Array) =>
  Math.hypot(...found.map((value, i) => value - (wanted[i] ?? NaN))) / Math.hypot(...wanted);

describe('float16', () => {
  // Here, and not before all tests of the file: the card of the others is gone afterwards.
  beforeAll(async () => {
    const started = await startHalfPrecisionCard();
    if (typeof started === 'string') missing = started;
    else engine = started;
  });
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });
  afterAll(() => {
    if (missing === null) engine.card.close();
  });

  it.each(subjects)('rounds what layers hand on, and no more: $name', async (subject) => {
    const wanted = await results(native, subject);
    const found = await results(engine, subject);
    const distances = wanted.map((values, i) => apart(found[i] ?? new Float32Array(), values));
    // 2⁻¹¹ a rounding, of a few layers; and something was rounded at all.
    expect(Math.max(...distances), distances.join(' ')).toBeLessThan(8e-3);
    expect(Math.max(...distances)).toBeGreaterThan(1e-5);
    expect(await results(engine, subject)).toEqual(found);
  });

  it('takes half the memory of what layers hand on, and leaves what is narrow', async () => {
    await tf.setBackend('webgpu');
    const layers = createLayers(engine);
    const kinds: Record<string, boolean> = {};
    const traced = trace(
      engine,
      'kinds',
      ([x, kernel]) => {
        for (const channels of [4, 9]) {
          const cut = tf.slice(kernel as Tensor4D, [0, 0, 0, 0], [3, 3, 2, channels]);
          const output = layers.convolution(x as Tensor4D, cut);
          kinds[channels] = isHalf(output);
          const { size } = engine.card.backend.tensorMap.get(output.dataId).resource as GPUBuffer;
          expect(size).toBe(4 * Math.ceil(output.size / (isHalf(output) ? 2 : 1)));
          kinds[`relu ${channels}`] = isHalf(layers.relu(output));
        }
        return [tf.scalar(1)];
      },
      'float16',
    );
    tf.dispose(traced.run([tf.ones([1, 5, 5, 2]), tf.ones([3, 3, 2, 9])]));
    traced.dispose();
    expect(kinds).toEqual({ 4: false, 9: true, 'relu 4': false, 'relu 9': true });
  });

  it('trains as float32 does, repeats its bits, and resumes to them', async () => {
    const steps = discSteps({ depth: 2, base: 8, bottleneck: 2 });
    const wanted = await steps.train(native, 10);
    const found = await steps.train(engine, 10, { precision: 'float16' });
    wanted.losses.forEach((loss, i) =>
      expect(Math.abs((found.losses[i] ?? NaN) - loss), `step ${i + 1}`).toBeLessThan(0.02),
    );
    expect(found.losses).not.toEqual(wanted.losses);
    expect(found.losses.at(-1)).toBeLessThan(0.8 * (found.losses[0] ?? 0));
    const first = await steps.train(engine, 4, { precision: 'float16' });
    const rest = await steps.train(engine, 6, {
      precision: 'float16',
      from: { step: 4, ...first },
    });
    expect([...first.losses, ...rest.losses]).toEqual(found.losses);
    expect(rest.state).toEqual(found.state);
  });

  it('gradients are taken of a loss so large that float16 can tell them apart', () => {
    expect(gradientScaleFor([{ shape: [8, 128, 128, 3] }])).toBe(2 ** 13);
    expect(gradientScaleFor([{ shape: [2, 3] }])).toBe(1);
    expect(() => assertPrecision(engine, 'float16')).not.toThrow();
    expect(() => assertPrecision(engine, 'bfloat16')).toThrow(
      /is to compute. Choose float32, or float16/,
    );
  });
});
