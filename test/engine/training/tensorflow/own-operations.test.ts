import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLayers } from '../../../../engine/training/network/layers.ts';
import { adamW, ownAdamW } from '../../../../engine/training/optimiser.ts';
import {
  loadOperations,
  recordedVectors,
  suitedOperations,
  useVectors,
  vectorsOfOperations,
} from '../../../../engine/training/tensorflow/operations.ts';
import { OwnOperation } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { bitsOfOperations } from './operation-bits.ts';

const engine = await nativeEngineOrSkip();
const own = { ...engine, operations: OwnOperation.options };
const portable = { ...engine, native: null, traced: false, operations: [] };
const random = createRandom(3, 'own operations');
const numbers = (length: number) => Float32Array.from({ length }, () => random.uniform(-1, 1));

beforeEach((context) => {
  if (loadOperations(null).length === 0) context.skip("Graft's own operations are not compiled");
});

/** Largest distance between two tensors, as a share of the largest value. */
function distance(actual: Tensor, wanted: Float32Array | Float64Array): number {
  const values = [...wanted];
  const found = [...actual.dataSync<'float32'>()];
  expect(found.length).toBe(values.length);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
  return (
    found.reduce((most, v, i) => Math.max(most, Math.abs(v - (values[i] ?? NaN))), 0) / largest
  );
}

/** Σ over pixels of x moved by a tap, times dy: in float64. */
function kernelGradient(x: Tensor4D, dy: Tensor4D): Float64Array {
  const [n, h, w, c] = x.shape;
  const o = dy.shape[3];
  const [xs, ds] = [x.dataSync(), dy.dataSync()];
  const sums = new Float64Array(9 * c * o);
  for (let tap = 0; tap < 9; tap++) {
    const [up, left] = [Math.floor(tap / 3) - 1, (tap % 3) - 1];
    for (let pixel = 0; pixel < n * h * w; pixel++) {
      const [row, column] = [(Math.floor(pixel / w) % h) + up, (pixel % w) + left];
      if (row < 0 || row >= h || column < 0 || column >= w) continue;
      const from = (pixel + up * w + left) * c;
      for (let i = 0; i < c; i++) {
        for (let j = 0; j < o; j++) {
          const at = (tap * c + i) * o + j;
          sums[at] = (sums[at] ?? 0) + (xs[from + i] ?? 0) * (ds[pixel * o + j] ?? 0);
        }
      }
    }
  }
  return sums;
}

describe('Graft’s own operations', () => {
  it.each([
    // images, height, width, inputs, outputs: small and odd, one and several blocks of pixels, parts of chunks.
    [1, 1, 1, 1, 1],
    [2, 3, 5, 3, 7],
    [1, 7, 4, 17, 16],
    [9, 4, 4, 8, 24],
    [2, 33, 29, 5, 9],
    [1, 20, 40, 33, 12],
    [1, 2, 300, 4, 20],
    [3, 16, 16, 70, 32],
    [2, 5, 7, 8, 32],
    // By minimal filtering: widths of 8 and 16, several chunks of inputs, odd sides.
    [1, 23, 23, 8, 8],
    [2, 17, 16, 8, 32],
    [1, 24, 30, 40, 24],
    [5, 12, 9, 80, 16],
    [3, 14, 13, 264, 64],
  ])('the gradient of a 3×3 kernel, %d × %d × %d px, %d → %d', (n, h, w, c, o) => {
    const x = tf.tensor4d(numbers(n * h * w * c), [n, h, w, c]);
    const dy = tf.tensor4d(numbers(n * h * w * o), [n, h, w, o]);
    const kernel = tf.tensor4d(numbers(9 * c * o), [3, 3, c, o]);
    const gradients = (which: Pick<typeof own, 'native' | 'card' | 'operations'>) => {
      const layers = createLayers(which);
      const convolved = (a: Tensor, b: Tensor) =>
        layers.conv2d(a as Tensor4D, b as Tensor4D, 1, 'same');
      return tf.grads(convolved)([x, kernel], dy);
    };
    const [dx, dKernel] = gradients(own);
    expect(dKernel?.shape).toEqual(kernel.shape);
    expect(distance(dKernel as Tensor, kernelGradient(x, dy))).toBeLessThan(2e-6);
    const theirs = gradients({ ...engine, operations: [] })[0]?.dataSync<'float32'>();
    expect(distance(dx as Tensor, theirs ?? new Float32Array())).toBeLessThan(2e-6);
  });

  it.each([
    // Small and odd, groups of 8 and of 16 outputs, one and several blocks of tiles.
    [1, 1, 1, 8, 8],
    [2, 3, 5, 8, 24],
    [1, 33, 29, 16, 8],
    [9, 4, 4, 24, 16],
    [1, 20, 41, 40, 32],
    [2, 2, 3, 520, 16],
  ])('a 3×3 convolution, %d × %d × %d px, %d → %d', (n, h, w, c, o) => {
    const x = tf.tensor4d(numbers(n * h * w * c), [n, h, w, c]);
    const kernel = tf.tensor4d(numbers(9 * c * o), [3, 3, c, o]);
    const bias = tf.tensor1d(numbers(o));
    const wanted = tf.conv2d(x, kernel, 1, 'same');
    const layers = createLayers(own);
    const found = layers.conv2d(x, kernel, 1, 'same');
    expect(found.shape).toEqual(wanted.shape);
    expect(distance(found, wanted.dataSync<'float32'>())).toBeLessThan(4e-6);
    for (const relu of [false, true]) {
      const whole = layers.biasedConvolution?.(x, kernel, { bias, relu });
      const sum = tf.add(wanted, bias);
      const ended = relu ? tf.relu(sum) : sum;
      expect(distance(whole as Tensor, ended.dataSync<'float32'>())).toBeLessThan(4e-6);
    }
    // Channels that fill no vectors are TensorFlow's.
    const narrow = tf.zeros<tf.Rank.R4>([3, 3, c, o + 1]);
    expect(layers.biasedConvolution?.(x, narrow, { bias, relu: true })).toBeNull();
  });

  it.each([
    [1, 1, 1, 8, 8],
    [2, 3, 5, 8, 24],
    [1, 17, 14, 16, 8],
    [9, 4, 4, 24, 16],
    [2, 2, 3, 520, 16],
    [3, 6, 5, 64, 32],
    [1, 5, 9, 16, 40],
  ])('a 3×3 convolution of what is upsampled, %d × %d × %d px, %d → %d', (n, h, w, c, o) => {
    const x = tf.tensor4d(numbers(n * h * w * c), [n, h, w, c]);
    const kernel = tf.tensor4d(numbers(9 * c * o), [3, 3, c, o]);
    const dy = tf.tensor4d(numbers(4 * n * h * w * o), [n, 2 * h, 2 * w, o]);
    const [mine, theirs] = [own, { ...engine, operations: [] }].map((which) => {
      const layers = createLayers(which);
      const convolved = (a: Tensor, b: Tensor) =>
        layers.upsampledConvolution(a as Tensor4D, b as Tensor4D);
      return [convolved(x, kernel), ...tf.grads(convolved)([x, kernel], dy)];
    });
    mine?.forEach((tensor, i) => {
      const wanted = theirs?.[i]?.dataSync<'float32'>() ?? new Float32Array();
      expect(distance(tensor, wanted)).toBeLessThan(4e-6);
    });
    const bias = tf.tensor1d(numbers(o));
    const whole = createLayers(own).biasedUpsampling?.(x, kernel, { beside: dy, bias, relu: true });
    const ended = tf.relu(tf.add(tf.add(theirs?.[0] as Tensor, dy), bias));
    expect(distance(whole as Tensor, ended.dataSync<'float32'>())).toBeLessThan(4e-6);
  });

  it.each([
    [2, 6, 4, 8, 'relu'],
    [1, 3, 5, 3, 'relu'],
    [4, 16, 16, 40, 'none'],
    [2, 64, 64, 16, 'relu'],
    [1, 8, 6, 129, 'relu'],
  ] as const)('normalisation of %d × %d × %d × %d, %s', (n, h, w, c, activation) => {
    const x = tf.tensor4d(numbers(n * h * w * c), [n, h, w, c]);
    const shape = x.shape;
    const [gamma, beta] = [tf.tensor1d(numbers(c)), tf.tensor1d(numbers(c))];
    // Far from zero: one pass over sums of squares would lose it.
    const moved = tf.add<Tensor4D>(x, 30);
    // Where rounding decides whether ReLU lets something pass, nothing comes back.
    const { output: before } = createLayers(portable).batchNorm(moved, gamma, beta, 1e-3);
    const isClear = tf.cast(tf.greater(tf.abs(before), 1e-3), 'float32');
    const dy = tf.mul<Tensor4D>(tf.tensor4d(numbers(x.size), shape), isClear);
    const results = [own, portable].map((which) => {
      const layers = createLayers(which);
      const norm = (a: Tensor, b: Tensor, d: Tensor) => {
        const [image, scale, shift] = [a as Tensor4D, b as Tensor1D, d as Tensor1D];
        return activation === 'relu'
          ? layers.batchNormRelu(image, scale, shift, 1e-3)
          : layers.batchNorm(image, scale, shift, 1e-3);
      };
      const { output, mean, variance } = norm(moved, gamma, beta);
      const gradients = tf.grads((a, b, d) => norm(a, b, d).output)([moved, gamma, beta], dy);
      return [output, mean, variance, ...gradients];
    });
    const [found = [], wanted = []] = results;
    const distances = found.map((tensor, i) =>
      distance(tensor, wanted[i]?.dataSync<'float32'>() ?? new Float32Array()),
    );
    // In float32 the mean of values near 30 has a rounding of 2e-6, which the spread of .6 makes 4e-6.
    for (const apart of distances) expect(apart).toBeLessThan(1e-4);
  });

  it('what is not a number stays visible through normalisation and ReLU', () => {
    const x = tf.tensor4d([1, NaN, 2, 3], [1, 1, 2, 2]);
    const one = tf.tensor1d([1, 1]);
    const output = createLayers(own).batchNormRelu(x, one, one).output.dataSync();
    expect([...output].map(Number.isNaN)).toEqual([false, true, false, true]);
  });

  it('what is not a number stays visible through pooling, wherever it lies in its window', () => {
    for (let at = 0; at < 4; at++) {
      // Channels of whole vectors, and of what is left over.
      const channels = 37;
      const values = new Float32Array(4 * channels).map((_, i) =>
        Math.floor(i / channels) === at && i % 3 === 0 ? Number.NaN : 1,
      );
      const x = tf.tensor4d(values, [1, 2, 2, channels]);
      const found = [...createLayers(own).maxPool2(x).dataSync()];
      expect(found.map(Number.isNaN), `at ${at}`).toEqual(
        found.map((_, channel) => values[at * channels + channel] !== 1),
      );
    }
  });

  it('pooling takes the same pixels as TensorFlow’s, the first of equal ones', () => {
    const values = Float32Array.from({ length: 2 * 8 * 6 * 21 }, () => random.below(4));
    const x = tf.tensor4d(values, [2, 8, 6, 21]);
    const dy = tf.tensor4d(numbers(2 * 4 * 3 * 21), [2, 4, 3, 21]);
    const [found = [], wanted = []] = [own, { ...engine, operations: [] }].map((which) => {
      const layers = createLayers(which);
      const pool = (input: Tensor) => layers.maxPool2(input as Tensor4D);
      return [pool(x), tf.grad(pool)(x, dy)];
    });
    expect(found.map((tensor) => tensor.dataSync())).toEqual(
      wanted.map((tensor) => tensor.dataSync()),
    );
  });

  it.each([null, 0.25])(
    'AdamW has the same bits as term by term, shares of the rate: %s',
    (share) => {
      const size = 70_001;
      const [theta, m] = [tf.tensor1d(numbers(size)), tf.tensor1d(numbers(size))];
      const v = tf.tensor1d(numbers(size).map(Math.abs));
      const gradient = numbers(size);
      const pieces = [
        tf.tensor2d(gradient.slice(0, 40_000), [200, 200]),
        tf.tensor1d(gradient.slice(40_000)),
      ];
      const rates = share === null ? null : tf.tensor1d(new Float32Array(size).fill(share));
      const scalars = {
        stepSize: tf.scalar(1e-3),
        epsilon: tf.scalar(1e-8),
        decay: tf.scalar(1e-4),
      };
      const found = ownAdamW(engine.native, theta, { m, v }, pieces, scalars, rates);
      const wanted = adamW(theta, { m, v }, tf.tensor1d(gradient), scalars, rates);
      for (const name of ['theta', 'm', 'v'] as const) {
        expect(found[name].dataSync()).toEqual(wanted[name].dataSync());
      }
    },
  );

  const script = join(import.meta.dirname, 'operation-bits-process.ts');

  it('have the same bits on any number of threads, and give back what only loading TensorFlow takes', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, '3']);
    expect(stdout).toBe(bitsOfOperations(engine.native));
    // Node's own file takes some 50 MB; TensorFlow's library, as loading leaves it, 250 more.
    const kilobytes = Number(stderr.trimEnd().split('\n').at(-1));
    expect(kilobytes).toBeGreaterThan(0);
    expect(kilobytes).toBeLessThan(150_000);
  });

  it('have the same bits with vectors of 8 floats as with the widest that the processor has', async (context) => {
    if (process.arch !== 'x64') context.skip('only x64 has several widths');
    if (process.env['GRAFT_INSTRUCTIONS'] === 'baseline') {
      context.skip('GRAFT_INSTRUCTIONS=baseline holds this process to what every processor has');
    }
    // Sums are made in the same order; where products are not rounded apart, as on AVX2, bits are the same.
    const { stdout } = await promisify(execFile)(process.execPath, [script, '1'], {
      env: { ...process.env, GRAFT_INSTRUCTIONS: 'avx2' },
    });
    expect(stdout).toBe(bitsOfOperations(engine.native));
  });

  it('refuse tensors that do not fit, and TensorFlow goes on', () => {
    const x = tf.zeros([1, 3, 4, 2]);
    expect(() => engine.native.executeSingleOutput('GraftMaxPool', [], [x])).toThrow(
      /even height and width/,
    );
    const dy = tf.zeros([1, 2, 4, 2]);
    const layers = createLayers(own);
    const bias = tf.zeros<tf.Rank.R1>([7]);
    const eight = tf.zeros<tf.Rank.R4>([1, 3, 4, 8]);
    expect(() =>
      layers.biasedConvolution?.(eight, tf.zeros([3, 3, 8, 8]), { bias, relu: true }),
    ).toThrow(/bias does not fit/);
    expect(() =>
      layers.biasedConvolution?.(eight, tf.zeros([3, 3, 16, 8]), { bias, relu: true }),
    ).toThrow(/kernel for its input/);
    expect(() => engine.native.executeSingleOutput('GraftFilterGradient', [], [x, dy])).toThrow(
      /same pixels/,
    );
  });
});

describe('which of them compute', () => {
  // Whoever runs these tests may hold the rest of them to narrower vectors.
  beforeEach(() => void vi.stubEnv('GRAFT_INSTRUCTIONS', undefined));
  afterEach(() => void vi.unstubAllEnvs());

  it('all with AVX2, whether or not there is AVX-512, and in bfloat16 where it is multiplied', () => {
    const wide = OwnOperation.options.filter((one) => one !== 'bfloat16 activations');
    expect(suitedOperations(['AVX', 'AVX2', 'FMA'])).toEqual(wide);
    expect(suitedOperations(['AVX2', 'FMA', 'AVX-512'])).toEqual(wide);
    expect(suitedOperations(['AVX2', 'FMA', 'AVX-512', 'AVX512-BF16'])).toEqual(
      OwnOperation.options,
    );
    // Where nothing was measured, convolutions stay TensorFlow's.
    const others = ['normalisation', 'pooling', 'kernel gradients', 'optimiser'];
    expect(suitedOperations(null)).toEqual(others);
    expect(suitedOperations(['NEON'])).toEqual(others);
    // Their code for AVX2 multiplies and adds at once.
    expect(suitedOperations(['AVX', 'AVX2'])).toEqual(others);
  });

  it('use the widest vectors that the processor has', (context) => {
    if (process.arch !== 'x64') context.skip('only x64 has several widths');
    expect(vectorsOfOperations(['AVX', 'AVX2', 'FMA', 'AVX-512'])).toBe('AVX-512');
    expect(vectorsOfOperations(['AVX', 'AVX2', 'FMA'])).toBe('AVX2');
    expect(vectorsOfOperations(['AVX'])).toBeNull();
    expect(vectorsOfOperations(['AVX', 'AVX2'])).toBeNull();
    vi.stubEnv('GRAFT_INSTRUCTIONS', 'avx2');
    const modern = ['AVX', 'AVX2', 'FMA', 'AVX-512', 'AVX512-BF16'];
    expect(vectorsOfOperations(modern)).toBe('AVX2');
    expect(suitedOperations(modern)).toContain('convolutions');
    expect(suitedOperations(modern)).not.toContain('bfloat16 activations');
    vi.unstubAllEnvs();
    expect(vectorsOfOperations(null)).toBeNull();
  });

  it('are those that a run began with, where others have other bits', () => {
    expect(recordedVectors()).toBeUndefined();
    vi.stubEnv('GRAFT_INSTRUCTIONS', 'avx2');
    expect(recordedVectors()).toBeUndefined();
    useVectors(undefined);
    expect(process.env['GRAFT_INSTRUCTIONS']).toBe('avx2');
    useVectors('baseline');
    expect(process.env['GRAFT_INSTRUCTIONS']).toBe('baseline');
    expect(recordedVectors()).toBe('baseline');
    useVectors(undefined);
    expect(process.env['GRAFT_INSTRUCTIONS']).toBeUndefined();
  });

  it('those that a run began with, whatever is asked for now', () => {
    vi.stubEnv('GRAFT_OPERATIONS', 'tensorflow');
    expect(loadOperations(null)).toEqual([]);
    expect(loadOperations(['pooling'])).toEqual(['pooling']);
    vi.unstubAllEnvs();
    expect(loadOperations([])).toEqual([]);
    expect(loadOperations(null)).toEqual(suitedOperations());
  });
});
