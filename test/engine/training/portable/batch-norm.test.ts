import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  distance,
  expectNumericGradients,
  gradientsOf,
  type Input,
  randomInput,
  startCheckedEngine,
  type TensorFunction,
  withBackend,
} from './gradient-check.ts';

let ours: GradConfig;
let shipped: GradConfig;

beforeAll(async () => {
  await import('@tensorflow/tfjs');
  shipped = tf.getGradient('FusedBatchNorm');
});
startCheckedEngine();
beforeAll(() => {
  ours = tf.getGradient('FusedBatchNorm');
});

function useGradient(config: GradConfig): void {
  tf.unregisterGradient('FusedBatchNorm');
  tf.registerGradient(config);
}

afterEach(() => {
  useGradient(ours);
});

const positive = (input: Input): Input => ({
  shape: input.shape,
  values: input.values.map((value) => 0.5 + Math.abs(value)),
});

const normalise: TensorFunction = (x, mean, variance, offset, scale) =>
  tf.batchNorm(
    x as Tensor4D,
    mean as Tensor1D,
    variance as Tensor1D,
    offset as Tensor1D,
    scale as Tensor1D,
    1e-3,
  );

const shapes: Record<string, { x: number[]; vector: number[] }> = {
  'an odd size': { x: [2, 3, 5, 4], vector: [4] },
  'batch 1, one channel': { x: [1, 4, 3, 1], vector: [1] },
  'a single pixel': { x: [3, 1, 1, 2], vector: [2] },
  'rank 2': { x: [6, 3], vector: [3] },
  'statistics of full size': { x: [2, 2, 2, 3], vector: [2, 2, 2, 3] },
};

describe.each(Object.entries(shapes))('batch normalisation with %s', (_, { x, vector }) => {
  const inputs = [
    randomInput(x),
    randomInput(vector, 'mean'),
    positive(randomInput(vector, 'variance')),
    randomInput(vector, 'offset'),
    randomInput(vector, 'scale'),
  ];

  it('has the gradients that tfjs’s own formula gives on the cpu backend', async () => {
    const actual = gradientsOf(normalise, inputs);
    useGradient(shipped);
    const expected = await withBackend('cpu', () => gradientsOf(normalise, inputs));
    for (const [i, gradient] of actual.entries()) {
      expect(distance(gradient, expected[i] ?? []), `gradient ${i}`).toBeLessThan(2e-5);
    }
  });

  it('has the gradients of its difference quotients', () => {
    expectNumericGradients(normalise, inputs, { step: 2e-2, tolerance: 4e-3 });
  });
});

describe('batch normalisation with the statistics of its batch', () => {
  it('has the gradients of its difference quotients through mean and variance', () => {
    const trained: TensorFunction = (x, offset, scale) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return normalise(x, mean, variance, offset, scale);
    };
    expectNumericGradients(
      trained,
      [randomInput([2, 3, 4, 3]), randomInput([3], 'offset'), randomInput([3], 'scale')],
      { step: 2e-2, tolerance: 4e-3 },
    );
  });
});
