/** Loss functions as pure functions of tensors. Masks are 1 where a pixel counts, 0 where it is ignored. */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { EngineLayers } from '../network/engine-layers.ts';

/** Added to numerator and denominator of the soft Dice, so that absent classes have a gradient and no 0/0. */
const DICE_SMOOTHING = 1;
/** Of the Tversky index, whose numerator and denominator are half of the Dice's. */
export const TVERSKY_SMOOTHING = DICE_SMOOTHING / 2;

/**
 * labels int32 [...], values 0 … classes−1 or anything else for "ignore" → float32 [..., classes]:
 * 1 at the class, all zero where ignored.
 */
export function oneHot(labels: Tensor, classes: number): Tensor {
  const ids = tf.tensor1d(
    Int32Array.from({ length: classes }, (_, i) => i),
    'int32',
  );
  return tf.cast(tf.equal(tf.expandDims(labels, -1), ids), 'float32');
}

/** Mean cross-entropy over the counted entries; logProbabilities and truth [..., classes]. */
export function crossEntropy(logProbabilities: Tensor, truth: Tensor): Scalar {
  const counted = tf.maximum(tf.sum(truth), 1);
  return tf.neg(tf.div(tf.sum(tf.mul(logProbabilities, truth)), counted));
}

/** The same of logits [n, classes] and labels int32 [n], as `oneHot` takes them. */
export const classEntropy = (
  layers: Pick<EngineLayers, 'classEntropy'>,
  logits: Tensor2D,
  labels: Tensor,
): Scalar =>
  layers.classEntropy?.(logits, labels) ??
  crossEntropy(tf.logSoftmax(logits), oneHot(labels, logits.shape[1]));

/** Cross-entropy in which each entry weighs as its class does: Σ w·(−log p) / Σ w. weights [classes] */
export function weightedCrossEntropy(
  logProbabilities: Tensor,
  truth: Tensor,
  weights: readonly number[],
): Scalar {
  const weighed = tf.mul(truth, tf.tensor1d([...weights]));
  // As small as a single pixel of the rarest weight: only a batch without any counted pixel has less.
  const total = tf.maximum(tf.sum(weighed), Math.min(...weights));
  return tf.neg(tf.div(tf.sum(tf.mul(logProbabilities, weighed)), total));
}

/**
 * Mean over the counted entries of −(1 − p)^γ log p, p that of the true class (Lin et al. 2017, arXiv 1708.02002,
 * equation 4). γ = 0 is the cross-entropy. logProbabilities and truth [..., classes].
 */
export function focalLoss(logProbabilities: Tensor, truth: Tensor, gamma: number): Scalar {
  const counted = tf.maximum(tf.sum(truth), 1);
  // Away from 0, where the power has no finite slope for γ < 1.
  const missing = tf.maximum(tf.sub(1, tf.exp(logProbabilities)), 1e-6);
  const focus = tf.exp(tf.mul(tf.log(missing), gamma));
  const focused = tf.mul(focus, logProbabilities);
  return tf.neg(tf.div(tf.sum(tf.mul(focused, truth)), counted));
}

/**
 * Mean soft Dice over the classes from `from` on (1: without the background), each over all pixels of the batch (Milletari et al. 2016,
 * arXiv 1606.04797, with plain instead of squared sums). probabilities, truth [b, h, w, classes].
 */
export function softDice(probabilities: Tensor4D, truth: Tensor4D, from: 0 | 1 = 1): Scalar {
  const counted = tf.sum(truth, 3, true); // [b, h, w, 1]
  const pixels = [0, 1, 2];
  const both = tf.sum(tf.mul(probabilities, truth), pixels);
  const either = tf.add(tf.sum(tf.mul(probabilities, counted), pixels), tf.sum(truth, pixels));
  const dice = tf.div(tf.add(tf.mul(both, 2), DICE_SMOOTHING), tf.add(either, DICE_SMOOTHING));
  const foreground = tf.slice(dice, [from], [dice.size - from]);
  return tf.mean(foreground);
}

/**
 * Mean soft Tversky index over the classes from `from` on: TP / (TP + α·FP + β·FN) (Salehi et al. 2017, arXiv 1706.05721),
 * smoothed as softDice, which it equals where α = β = ½. probabilities, truth [b, h, w, classes].
 */
export function softTversky(
  probabilities: Tensor4D,
  truth: Tensor4D,
  {
    alpha,
    beta,
    from = 1,
  }: { readonly alpha: number; readonly beta: number; readonly from?: 0 | 1 },
): Scalar {
  const counted = tf.sum(truth, 3, true); // [b, h, w, 1]
  const pixels = [0, 1, 2];
  const both = tf.sum(tf.mul(probabilities, truth), pixels);
  const falsePositive = tf.sub(tf.sum(tf.mul(probabilities, counted), pixels), both);
  const falseNegative = tf.sub(tf.sum(truth, pixels), both);
  const errors = tf.add(tf.mul(falsePositive, alpha), tf.mul(falseNegative, beta));
  const index = tf.div(
    tf.add(both, TVERSKY_SMOOTHING),
    tf.add(tf.add(both, errors), TVERSKY_SMOOTHING),
  );
  return tf.mean(tf.slice(index, [from], [index.size - from]));
}

/** Mean squared error over all entries of two tensors of one shape. */
export const meanSquaredError = (
  layers: Pick<EngineLayers, 'meanSquaredError'>,
  prediction: Tensor4D,
  target: Tensor4D,
): Scalar =>
  layers.meanSquaredError?.(prediction, target) ?? tf.mean(tf.square(tf.sub(prediction, target)));

/** The same over the counted pixels, all channels. prediction, target [b, h, w, c]; counted [b, h, w]. */
export function countedError(
  layers: Pick<EngineLayers, 'countedError'>,
  prediction: Tensor4D,
  [target, counted]: readonly [target: Tensor4D, counted: Tensor],
): Scalar {
  const whole = layers.countedError?.(prediction, target, counted);
  if (whole !== undefined) return whole;
  const error = tf.sum(tf.square(tf.sub(prediction, target)), 3); // [b, h, w]
  const values = tf.mul(tf.maximum(tf.sum(counted), 1), prediction.shape[3]);
  return tf.div(tf.sum(tf.mul(error, counted)), values);
}
