import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  crossEntropy,
  focalLoss,
  oneHot,
  softDice,
  softTversky,
  weightedCrossEntropy,
} from '../../../../engine/training/objectives/losses.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

await nativeEngineOrSkip();

const labels = () => tf.tensor3d([0, 1, 2, 255], [1, 2, 2], 'int32');
const logits = () => tf.tensor4d([1, 2, 0, 0, 1, -1, 0.5, 0.5, 2, 9, -9, 9], [1, 2, 2, 3]);
const number = (t: tf.Tensor) => t.dataSync()[0];

it('turns labels into one-hot rows, ignored ones into zeros', () => {
  expect([...oneHot(labels(), 3).dataSync()]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
});

it('takes the mean cross-entropy over counted pixels', () => {
  // torch.nn.functional.cross_entropy(logits, [0, 1, 2, 255], ignore_index=255)
  expect(number(crossEntropy(tf.logSoftmax(logits()), oneHot(labels(), 3)))).toBeCloseTo(0.7281, 4);
});

it('takes soft Dice over the foreground classes only', () => {
  // By hand: classes 1 and 2 over three counted pixels, smoothing 1.
  const p = [0.2, 0.5, 0.3, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4, 0, 0.5, 0.5];
  const expected = ((2 * 0.8 + 1) / (1.6 + 1 + 1) + (2 * 0.4 + 1) / (0.8 + 1 + 1)) / 2;
  const truth = oneHot(labels(), 3) as tf.Tensor4D;
  const probabilities = tf.tensor4d(p, [1, 2, 2, 3]);
  expect(number(softDice(probabilities, truth))).toBeCloseTo(expected, 6);
  // Class 0 as well, where it is no background: found with .2 of one pixel, and wrongly with .1 and .3.
  const first = (2 * 0.2 + 1) / (0.6 + 1 + 1);
  expect(number(softDice(probabilities, truth, 0))).toBeCloseTo((first + 2 * expected) / 3, 6);
  const even = { alpha: 0.5, beta: 0.5, from: 0 } as const;
  expect(number(softTversky(probabilities, truth, even))).toBeCloseTo(
    (first + 2 * expected) / 3,
    6,
  );
});

it('weighs the cross-entropy of each pixel by its class', () => {
  // torch.nn.functional.cross_entropy(logits, [0, 1, 2, 255], weight=[.5, 2, 4], ignore_index=255)
  const logProbabilities = tf.logSoftmax(logits());
  const truth = oneHot(labels(), 3);
  const each = [-1.40761, -0.40761, -0.36899]; // log p of the true class, from the softmax by hand
  const expected = -(0.5 * (each[0] ?? 0) + 2 * (each[1] ?? 0) + 4 * (each[2] ?? 0)) / 6.5;
  expect(number(weightedCrossEntropy(logProbabilities, truth, [0.5, 2, 4]))).toBeCloseTo(
    expected,
    4,
  );
  expect(number(weightedCrossEntropy(logProbabilities, truth, [3, 3, 3]))).toBeCloseTo(0.7281, 4);
});

it('lets easy pixels weigh less by focusing, and none without', () => {
  const logProbabilities = tf.logSoftmax(logits());
  const truth = oneHot(labels(), 3);
  const ps = [0.24473, 0.66524, 0.69143];
  const expected = ps.reduce((sum, p) => sum - (1 - p) ** 2 * Math.log(p), 0) / 3;
  expect(number(focalLoss(logProbabilities, truth, 2))).toBeCloseTo(expected, 4);
  expect(number(focalLoss(logProbabilities, truth, 0))).toBeCloseTo(0.7281, 4);
});

it('takes the Tversky index, which is Dice where both errors weigh one half', () => {
  const p = tf.tensor4d([0.2, 0.5, 0.3, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4, 0, 0.5, 0.5], [1, 2, 2, 3]);
  const truth = oneHot(labels(), 3) as tf.Tensor4D;
  const dice = number(softDice(p, truth)) ?? NaN;
  expect(number(softTversky(p, truth, { alpha: 0.5, beta: 0.5 }))).toBeCloseTo(dice, 6);
  // By hand: class 1: TP .8, FP .8, FN .2; class 2: TP .4, FP .4, FN .6; smoothing ½.
  const index = (tp: number, fp: number, fn: number) =>
    (tp + 0.5) / (tp + 0.3 * fp + 0.7 * fn + 0.5);
  expect(number(softTversky(p, truth, { alpha: 0.3, beta: 0.7 }))).toBeCloseTo(
    (index(0.8, 0.8, 0.2) + index(0.4, 0.4, 0.6)) / 2,
    6,
  );
});

const probabilitiesOf = (logProbabilities: tf.Tensor) => tf.exp(logProbabilities) as tf.Tensor4D;

it.each([
  [
    'cross-entropy and Dice',
    (log: tf.Tensor, truth: tf.Tensor4D) =>
      tf.sub(crossEntropy(log, truth), softDice(probabilitiesOf(log), truth)),
  ],
  [
    'weighted cross-entropy',
    (log: tf.Tensor, truth: tf.Tensor4D) => weightedCrossEntropy(log, truth, [1, 5, 2]),
  ],
  ['the focal loss', (log: tf.Tensor, truth: tf.Tensor4D) => focalLoss(log, truth, 2)],
  [
    'Tversky',
    (log: tf.Tensor, truth: tf.Tensor4D) =>
      softTversky(probabilitiesOf(log), truth, { alpha: 0.3, beta: 0.7 }),
  ],
])('gives ignored pixels a gradient of exactly zero by %s', (_, loss) => {
  const gradient = tf.grad((z: tf.Tensor) =>
    loss(tf.logSoftmax(z), oneHot(labels(), 3) as tf.Tensor4D),
  )(logits());
  const values = [...gradient.dataSync()];
  expect(values.slice(0, 9).every((v) => v !== 0)).toBe(true);
  expect(values.slice(9).map(Math.abs)).toEqual([0, 0, 0]);
});

it('is a number when every pixel is ignored', () => {
  const none = oneHot(tf.fill([1, 2, 2], 255, 'int32'), 3);
  expect(number(crossEntropy(tf.logSoftmax(logits()), none))).toBeCloseTo(0, 6);
  expect(number(weightedCrossEntropy(tf.logSoftmax(logits()), none, [1, 2, 3]))).toBeCloseTo(0, 6);
  expect(number(focalLoss(tf.logSoftmax(logits()), none, 2))).toBeCloseTo(0, 6);
});

it('counts a single pixel in full, whatever its weight', () => {
  const one = oneHot(tf.tensor3d([1, 255, 255, 255], [1, 2, 2], 'int32'), 3);
  const logProbabilities = tf.logSoftmax(logits());
  // log p of class 1 at the first pixel, from the softmax by hand.
  const log = -0.40761;
  expect(number(crossEntropy(logProbabilities, one))).toBeCloseTo(-log, 4);
  expect(number(focalLoss(logProbabilities, one, 2))).toBeCloseTo(
    -((1 - Math.exp(log)) ** 2) * log,
    5,
  );
  for (const weight of [0.01, 0.25, 1, 7]) {
    expect(number(weightedCrossEntropy(logProbabilities, one, [9, weight, 8]))).toBeCloseTo(
      -log,
      4,
    );
  }
});

it('still tells nearly certain pixels apart', () => {
  const nearly = tf.logSoftmax(tf.tensor4d([10, 0, 0], [1, 1, 1, 3]));
  const truth = oneHot(tf.tensor3d([0], [1, 1, 1], 'int32'), 3);
  const p = Math.exp(10) / (Math.exp(10) + 2);
  const expected = -Math.sqrt(1 - p) * Math.log(p);
  expect((number(focalLoss(nearly, truth, 0.5)) ?? NaN) / expected).toBeCloseTo(1, 2);
});

it('has a finite slope where a pixel is certain, however weak the focus', () => {
  const certain = tf.tensor4d([60, 0, 0], [1, 1, 1, 3]);
  const truth = oneHot(tf.tensor3d([0], [1, 1, 1], 'int32'), 3);
  const loss = (z: tf.Tensor) => focalLoss(tf.logSoftmax(z), truth, 0.5);
  expect(number(loss(certain))).toBeCloseTo(0, 6);
  const slope = [...tf.grad(loss)(certain).dataSync()];
  expect(slope.every(Number.isFinite)).toBe(true);
  expect(Math.max(...slope.map(Math.abs))).toBeLessThan(0.01);
});
