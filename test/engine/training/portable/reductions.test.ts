import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allocated,
  expectNumericGradients,
  expectSameAsCpu,
  randomInput,
  startCheckedEngine,
  valuesOf,
} from './gradient-check.ts';

startCheckedEngine();

describe.each(['sum', 'mean'] as const)('%s', (kind) => {
  const reduce = tf[kind];

  it('equals the cpu backend’s, gradients included, over any axes of any shape', async () => {
    const reductions = fc
      .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 })
      .chain((shape) =>
        fc.record({
          shape: fc.constant(shape),
          axes: fc.subarray([...shape.keys()], { minLength: 1 }),
          keepDims: fc.boolean(),
        }),
      );
    await fc.assert(
      fc.asyncProperty(reductions, async ({ shape, axes, keepDims }) => {
        await expectSameAsCpu((x) => reduce(x, axes, keepDims), [randomInput(shape)]);
      }),
      { numRuns: 80, seed: 2 },
    );
  });

  it.each([
    { shape: [2, 3, 4, 5], axes: [0, 1, 2] },
    { shape: [2, 5, 3, 2], axes: [1, 2] },
    { shape: [3, 4, 5, 1], axes: [0, 1, 2] },
    { shape: [7, 3], axes: [0] },
    { shape: [3, 4], axes: [0, 1] },
  ])('of $shape over $axes has the gradient of its difference quotients', ({ shape, axes }) => {
    expectNumericGradients((x) => reduce(x, axes), [randomInput(shape)], {
      step: 1,
      tolerance: 1e-4,
    });
  });

  it('does not lose digits over the pixels of a batch', () => {
    const pixels = { shape: [8, 128, 128, 2], values: new Float32Array(8 * 128 * 128 * 2) };
    pixels.values.forEach((_, i) => (pixels.values[i] = 1 + (i % 7) / 10));
    const exact = [0, 0];
    pixels.values.forEach((value, i) => (exact[i % 2] = (exact[i % 2] ?? 0) + value));
    const count = kind === 'sum' ? 1 : pixels.values.length / 2;
    const all = valuesOf((x) => reduce(x), [pixels])[0] ?? NaN;
    const total = ((exact[0] ?? 0) + (exact[1] ?? 0)) / (kind === 'sum' ? 1 : 2 * count);
    expect(Math.abs(all / total - 1)).toBeLessThan(1e-7);
    for (const [channel, value] of valuesOf((x) => reduce(x, [0, 1, 2]), [pixels]).entries()) {
      expect(Math.abs((value * count) / (exact[channel] ?? NaN) - 1)).toBeLessThan(2e-6);
    }
  });

  it('of no elements is what the definition says', () => {
    const empty = { shape: [0, 3], values: new Float32Array(0) };
    const expected = kind === 'sum' ? 0 : NaN;
    expect(valuesOf((x) => reduce(x, 0), [empty])).toEqual([expected, expected, expected]);
    expect(valuesOf((x) => reduce(x, 1), [empty])).toEqual([]);
  });
});

describe('sum', () => {
  it('of integers and truth values stays exact', () => {
    const before = allocated();
    const sums = tf.tidy(() => [
      tf.sum(tf.tensor2d([1, 2, 3, 40_000_001], [2, 2], 'int32'), 0).arraySync(),
      tf.sum(tf.tensor1d([1, 0, 1, 1], 'bool')).arraySync(),
    ]);
    expect(sums).toEqual([[4, 40_000_003], 3]);
    expect(allocated()).toEqual(before);
  });
});
