import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { crossEntropy, oneHot, softDice } from '../../../engine/training/losses.ts';
import { nativeEngineOrSkip } from './native-engine.ts';

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
  expect(number(softDice(tf.tensor4d(p, [1, 2, 2, 3]), truth))).toBeCloseTo(expected, 6);
});

it('gives ignored pixels a gradient of exactly zero', () => {
  const gradient = tf.grad((z: tf.Tensor) => {
    const logProbabilities = tf.logSoftmax(z);
    const truth = oneHot(labels(), 3) as tf.Tensor4D;
    const dice = softDice(tf.exp(logProbabilities) as tf.Tensor4D, truth);
    return tf.sub(crossEntropy(logProbabilities, truth), dice);
  })(logits());
  const values = [...gradient.dataSync()];
  expect(values.slice(0, 9).every((v) => v !== 0)).toBe(true);
  expect(values.slice(9)).toEqual([0, 0, 0]);
});

it('is a number when every pixel is ignored', () => {
  const none = oneHot(tf.fill([1, 2, 2], 255, 'int32'), 3);
  expect(number(crossEntropy(tf.logSoftmax(logits()), none))).toBeCloseTo(0, 6);
});
