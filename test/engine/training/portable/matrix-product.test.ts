import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  allocated,
  expectNumericGradients,
  expectSameAsCpu,
  randomInput,
  startCheckedEngine,
} from './gradient-check.ts';

startCheckedEngine();

describe('matrix product', () => {
  it.each([
    { a: [5, 7], b: [7, 3], transposeA: false, transposeB: false },
    { a: [7, 5], b: [7, 3], transposeA: true, transposeB: false },
    { a: [5, 7], b: [3, 7], transposeA: false, transposeB: true },
    { a: [7, 5], b: [3, 7], transposeA: true, transposeB: true },
    { a: [50, 130], b: [60, 130], transposeA: false, transposeB: true },
    { a: [1, 1], b: [1, 4], transposeA: false, transposeB: false },
    { a: [2, 5, 7], b: [2, 7, 3], transposeA: false, transposeB: false },
    { a: [2, 7, 5], b: [2, 3, 7], transposeA: true, transposeB: true },
    { a: [1, 5, 7], b: [1, 7, 3], transposeA: false, transposeB: false },
  ])(
    'of $a ($transposeA) and $b ($transposeB) has the cpu backend’s value and gradients',
    async ({ a, b, transposeA, transposeB }) => {
      const product = (left: tf.Tensor, right: tf.Tensor) =>
        tf.matMul(left, right, transposeA, transposeB);
      await expectSameAsCpu(product, [randomInput(a, 'a'), randomInput(b, 'b')]);
    },
  );

  it('has the gradients of its difference quotients', () => {
    expectNumericGradients(
      (a, b) => tf.matMul(a, b, false, true),
      [randomInput([3, 4], 'a'), randomInput([2, 4], 'b')],
      { step: 1, tolerance: 1e-4 },
    );
  });

  it('is right where one buffer is used as matrices of different shapes', async () => {
    await expectSameAsCpu(
      (a, b) => {
        const first = tf.matMul(tf.reshape(a, [2, 3]), tf.reshape(b, [3, 4]));
        const second = tf.matMul(tf.reshape(a, [3, 2]), tf.reshape(b, [2, 6]));
        const again = tf.matMul(tf.reshape(a, [2, 3]), tf.reshape(b, [3, 4]));
        return tf.concat([first, second, again].map((m) => tf.reshape(m, [-1])));
      },
      [randomInput([6]), randomInput([12])],
    );
  });

  it('of the same matrices repeats its bits and keeps nothing', () => {
    const a = tf.tensor2d(randomInput([9, 33]).values, [9, 33]);
    const b = tf.tensor2d(randomInput([33, 5]).values, [33, 5]);
    const product = () => tf.tidy(() => tf.matMul(a, b).dataSync());
    const first = product();
    const before = allocated();
    expect(product()).toEqual(first);
    expect(allocated()).toEqual(before);
    tf.dispose([a, b]);
  });
});
