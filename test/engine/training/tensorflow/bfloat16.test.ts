/** Layers in bfloat16 against the same in float32. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLayers, type Layers } from '../../../../engine/training/network/layers.ts';
import { trace } from '../../../../engine/training/tensorflow/trace.ts';
import type { Precision } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';
import { bfloat16OrSkip } from '../bfloat16.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();
beforeEach((context) => bfloat16OrSkip(context, engine));

const random = createRandom(5, 'bfloat16');
const numbers = (...shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((n, side) => n * side, 1) }, () =>
      random.uniform(-1, 1),
    ),
    shape,
  );

/** One in this many is what rounding to bfloat16 changes at most: it has 8 digits, the first of which is not stored. */
const DIGITS = 2 ** 8;

/** To the nearest value that bfloat16 has, of two as near the even one. */
function rounded(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  const [all = 0] = bits;
  if (Number.isNaN(value)) return value;
  bits[0] = (all + 0x7fff + ((all >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] ?? NaN;
}

/** A convolution that changes nothing: what follows it is given in bfloat16. */
const unchanged = (layers: Layers, x: Tensor4D) => {
  const channels = x.shape[3];
  return layers.conv2d(x, tf.reshape(tf.eye(channels), [1, 1, channels, channels]), 1, 'same');
};

/** Runs a function of layers as one graph; `inputs` are copied, since a graph takes no tensor twice. */
function run(
  precision: Precision,
  inputs: readonly Tensor[],
  body: (layers: Layers, tensors: readonly Tensor[]) => Tensor[],
): Float32Array[] {
  const layers = createLayers(engine, precision);
  const traced = trace(engine, 'bfloat16 test', (tensors) => body(layers, tensors), precision);
  const outputs = traced.run(inputs.map((tensor) => tf.tensor(tensor.dataSync(), tensor.shape)));
  const values = outputs.map((output) => output.dataSync<'float32'>().slice());
  traced.dispose();
  return values;
}

/** Of [image, γ, β]. */
const normalised = (layers: Layers, [image, gamma, beta]: readonly Tensor[]) => [
  layers.batchNormRelu(unchanged(layers, image as Tensor4D), gamma as Tensor1D, beta as Tensor1D)
    .output,
];

/** Root of the mean squared difference, as a share of the root of the mean square. */
function apart(found: Float32Array, wanted: Float32Array): number {
  expect(found.length).toBe(wanted.length);
  let [difference, size] = [0, 1e-30];
  wanted.forEach((value, i) => {
    difference += (value - (found[i] ?? NaN)) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(difference / size);
}

describe('walks over bfloat16', () => {
  it.each([
    // All of the vectors' widths: 32, 16 and 8 channels, single ones, several pixels in one row; several parts.
    [1, 3, 5, 8],
    [2, 4, 4, 16],
    [1, 6, 10, 24],
    [3, 16, 16, 48],
    [2, 64, 64, 32],
    [1, 7, 3, 129],
  ])('a normalisation rounds once, %d × %d × %d × %d', (n, h, w, c) => {
    const inputs = [numbers(n, h, w, c), numbers(c), numbers(c)];
    const [x, gamma, beta] = inputs as [Tensor4D, Tensor1D, Tensor1D];
    const [found = new Float32Array(), mean, variance] = run(
      'bfloat16',
      inputs,
      (layers, given) => {
        const [image, scale, shift] = given as [Tensor4D, Tensor1D, Tensor1D];
        const norm = layers.batchNormRelu(unchanged(layers, image), scale, shift, 1e-3);
        return [norm.output, norm.mean, norm.variance];
      },
    );
    const seen = tf.tensor4d(x.dataSync().map(rounded), x.shape);
    const exact = createLayers(engine).batchNormRelu(seen, gamma, beta, 1e-3);
    const beyond = exact.output
      .dataSync()
      .filter((value, i) => !(Math.abs((found[i] ?? NaN) - value) <= value / DIGITS + 1e-6));
    expect(beyond).toEqual(new Float32Array());
    // Statistics are sums in float32 and more.
    expect(apart(mean as Float32Array, exact.mean.dataSync<'float32'>())).toBeLessThan(1e-5);
    expect(apart(variance as Float32Array, exact.variance.dataSync<'float32'>())).toBeLessThan(
      1e-5,
    );
  });

  it('what is not a number stays visible', () => {
    const values = Float32Array.from({ length: 4 * 16 }, (_, i) => (i === 21 ? NaN : i % 7));
    const inputs = [tf.tensor4d(values, [1, 2, 2, 16]), tf.ones([16]), tf.zeros([16])];
    const [found] = run('bfloat16', inputs, normalised);
    // The mean of every channel is none: the convolution's sum over channels has it in all of them.
    expect(found?.every(Number.isNaN)).toBe(true);
  });

  it('what is not a number stays so, whatever its digits', () => {
    // All of them set: rounded up like a number, it would be −0.
    const gamma = new Float32Array(new Uint32Array(16).fill(0x7fff_ffff).buffer);
    const inputs = [numbers(1, 2, 2, 16), tf.tensor1d(gamma), tf.zeros([16])];
    const [found] = run('bfloat16', inputs, normalised);
    expect(found?.every(Number.isNaN)).toBe(true);
  });

  it.each([8, 16, 21, 40])('pooling of %d channels takes the same pixels', (channels) => {
    const [x, dy] = [numbers(2, 8, 6, channels), numbers(2, 4, 3, channels)];
    const pooled = (precision: Precision, image: Tensor, gradient: Tensor) =>
      run(precision, [image, gradient], (layers, [given, dOutput]) => {
        const pool = (input: Tensor) => layers.maxPool2(unchanged(layers, input as Tensor4D));
        return [pool(given as Tensor), tf.grad(pool)(given as Tensor, dOutput)];
      });
    const narrow = (tensor: Tensor) => tf.tensor(tensor.dataSync().map(rounded), tensor.shape);
    const found = pooled('bfloat16', x, dy);
    expect(found).toEqual(pooled('float32', narrow(x), narrow(dy)));
  });
});

/**
 * Of a sum of products of rounded values, some layers deep: measured .003 to .007. Eigen's kernels round sums between their
 * blocks, too: .015 to .018.
 */
const TOLERANCES = { onednn: 0.015, eigen: 0.03 };

describe('gradients of layers in bfloat16', () => {
  const kernel = (side: number, inputs: number, outputs: number) =>
    tf.mul(numbers(side, side, inputs, outputs), 1 / side);
  const layer = {
    'convolution and normalisation': {
      inputs: () => [numbers(2, 12, 10, 16), kernel(3, 16, 24), numbers(24), numbers(24)],
      of: (layers: Layers, [x, k, gamma, beta]: readonly Tensor[]) =>
        layers.batchNorm(
          layers.convolution(x as Tensor4D, k as Tensor4D),
          gamma as Tensor1D,
          beta as Tensor1D,
        ).output,
    },
    'two convolutions': {
      inputs: () => [numbers(2, 12, 8, 8), kernel(3, 8, 16), kernel(3, 16, 8)],
      of: (layers: Layers, [x, first, second]: readonly Tensor[]) =>
        layers.convolution(
          layers.convolution(x as Tensor4D, first as Tensor4D),
          second as Tensor4D,
        ),
    },
    'a decoder’s first convolution': {
      inputs: () => [numbers(2, 12, 8, 8), numbers(2, 6, 4, 16), kernel(3, 24, 8)],
      of: (layers: Layers, [skip, below, k]: readonly Tensor[]) =>
        layers.convolution({ skip: skip as Tensor4D, below: below as Tensor4D }, k as Tensor4D),
    },
    'a strided convolution and its shortcut, added': {
      inputs: () => [numbers(2, 12, 8, 16), kernel(3, 16, 16), kernel(1, 16, 16)],
      of: (layers: Layers, [x, k, shortcut]: readonly Tensor[]) =>
        tf.add<Tensor4D>(
          layers.convolution(x as Tensor4D, k as Tensor4D, { stride: 2 }),
          layers.convolution(x as Tensor4D, shortcut as Tensor4D, { stride: 2 }),
        ),
    },
    'group normalisation': {
      inputs: () => [numbers(2, 12, 10, 16), kernel(3, 16, 24), numbers(24), numbers(24)],
      of: (layers: Layers, [x, k, gamma, beta]: readonly Tensor[]) =>
        layers.groupNorm(
          layers.convolution(x as Tensor4D, k as Tensor4D),
          gamma as Tensor1D,
          beta as Tensor1D,
        ),
    },
  };

  it.each(Object.entries(layer))('%s', (_, { inputs, of }) => {
    const given = inputs();
    const gradients = (precision: Precision) =>
      run(precision, given, (layers, tensors) => {
        // Each value weighs differently, so that no gradient is the same for all.
        const loss = (...all: Tensor[]) => {
          const output = of(layers, all);
          const weights = tf.tensor(
            Float32Array.from({ length: output.size }, (_value, i) => Math.sin(i)),
            output.shape,
          );
          return tf.sum(tf.mul(output, weights)).asScalar();
        };
        const { value, grads } = tf.valueAndGrads(loss)([...tensors]);
        return [value, ...grads];
      });
    const [found, wanted] = [gradients('bfloat16').slice(1), gradients('float32').slice(1)];
    const distances = found.map((gradient, i) => apart(gradient, wanted[i] ?? gradient));
    expect(Math.max(...distances)).toBeLessThan(TOLERANCES[engine.info.kernels ?? 'onednn']);
    // Something was rounded: the graph is no float32 one.
    expect(Math.max(...distances)).toBeGreaterThan(1e-4);
  });
});
