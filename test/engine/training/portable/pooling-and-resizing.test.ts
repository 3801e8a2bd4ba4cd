import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  distinctInput,
  expectNumericGradients,
  expectSameAsCpu,
  gradientsOf,
  randomInput,
  startCheckedEngine,
  type TensorFunction,
} from './gradient-check.ts';

startCheckedEngine();

interface Pool {
  readonly x: [number, number, number, number];
  readonly size: number;
  readonly strides: number;
  readonly pad: 'same' | 'valid';
}

const pools: Record<string, Pool> = {
  '2×2': { x: [2, 6, 8, 3], size: 2, strides: 2, pad: 'valid' },
  '2×2 on an odd size, padded': { x: [2, 5, 7, 3], size: 2, strides: 2, pad: 'same' },
  '2×2 on an odd size, rest dropped': { x: [2, 5, 7, 3], size: 2, strides: 2, pad: 'valid' },
  '3×3, overlapping': { x: [1, 7, 6, 2], size: 3, strides: 2, pad: 'same' },
  '3×3, stride 1': { x: [1, 5, 5, 2], size: 3, strides: 1, pad: 'same' },
  'one channel, batch 1': { x: [1, 4, 4, 1], size: 2, strides: 2, pad: 'same' },
};

const maxPool =
  ({ size, strides, pad }: Pool): TensorFunction =>
  (x) =>
    tf.maxPool(x as Tensor4D, size, strides, pad);

describe.each(Object.entries(pools))('max-pooling %s', (_, pool) => {
  it('has the cpu backend’s value and gradient', async () => {
    await expectSameAsCpu(maxPool(pool), [randomInput(pool.x)]);
  });

  it('has the gradient of its difference quotients', () => {
    expectNumericGradients(maxPool(pool), [distinctInput(pool.x)], { step: 0.25, tolerance: 1e-4 });
  });
});

describe('max-pooling', () => {
  const pool: Pool = { x: [1, 2, 2, 1], size: 2, strides: 2, pad: 'valid' };
  const gradient = (...values: number[]) =>
    gradientsOf(maxPool(pool), [{ shape: pool.x, values: Float32Array.from(values) }])[0]?.map(
      (value) => Number(value !== 0),
    );

  it('keeps the gradient of a window without a positive value', () => {
    expect(gradient(-4, -3, -1, -2)).toEqual([0, 0, 1, 0]);
  });

  it('gives the gradient of a tie to the first maximum', () => {
    expect(gradient(0, 0, 0, 0)).toEqual([1, 0, 0, 0]);
    expect(gradient(1, 2, 2, 2)).toEqual([0, 1, 0, 0]);
  });
});

describe('average pooling', () => {
  it.each([
    [2, 2],
    [3, 1],
  ])('of side %i, stride %i has the cpu backend’s gradient', async (size, strides) => {
    await expectSameAsCpu(
      (x) => tf.avgPool(x as Tensor4D, size, strides, 'same'),
      [randomInput([2, 5, 7, 3])],
    );
  });
});

// The cpu backend's resize gradients are wrong (nearest) or fail (bilinear), so only difference quotients count here.
describe('nearest-neighbour resizing', () => {
  it.each([
    { to: [6, 8], what: 'doubling' },
    { to: [9, 12], what: 'tripling' },
    { to: [7, 5], what: 'to an odd size' },
    { to: [2, 2], what: 'shrinking' },
    { to: [3, 4], what: 'to the same size' },
    { to: [1, 1], what: 'to one pixel' },
  ] satisfies { to: [number, number]; what: string }[])(
    '$what has the gradient of its difference quotients in every mode',
    ({ to }) => {
      for (const [alignCorners, halfPixelCenters] of [
        [false, false],
        [true, false],
        [false, true],
      ]) {
        expectNumericGradients(
          (x) => tf.image.resizeNearestNeighbor(x as Tensor4D, to, alignCorners, halfPixelCenters),
          [randomInput([2, 3, 4, 3])],
          { step: 0.5, tolerance: 1e-4 },
        );
      }
    },
  );
});

describe('bilinear resizing', () => {
  const resize =
    (alignCorners: boolean, halfPixelCenters: boolean): TensorFunction =>
    (x) =>
      tf.image.resizeBilinear(x as Tensor4D, [7, 8], alignCorners, halfPixelCenters);

  it.each([false, true])(
    'has the gradient of its difference quotients with alignCorners %s',
    (alignCorners) => {
      expectNumericGradients(resize(alignCorners, false), [randomInput([1, 3, 4, 2])], {
        step: 0.5,
        tolerance: 1e-4,
      });
    },
  );

  it('refuses the gradient that the wasm backend computes wrongly', () => {
    expect(() => gradientsOf(resize(false, true), [randomInput([1, 3, 4, 2])])).toThrow(
      'halfPixelCenters',
    );
  });
});
