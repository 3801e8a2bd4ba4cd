/**
 * Group normalisation (Wu & He 2018, arXiv 1803.08494): every image by itself, mean and variance over the pixels of a
 * group of channels. One form for all engines: the large tensors are only ever reduced over pixels or scaled a channel.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { BATCH_NORM_EPSILON } from './engine-layers.ts';

/** The authors' default … */
const MAX_GROUPS = 32;
/** … and the fewest channels whose statistics are worth the name. */
const MIN_GROUP_CHANNELS = 4;

/** The most groups of equal size, none smaller than four channels. */
export function groupCount(channels: number): number {
  let groups = Math.max(1, Math.min(MAX_GROUPS, Math.floor(channels / MIN_GROUP_CHANNELS)));
  while (channels % groups !== 0) groups--;
  return groups;
}

/** [b, c] → mean within each group of channels, for every channel [b, 1, 1, c]. */
function groupMeans(perChannel: Tensor2D): Tensor4D {
  const [batch, channels] = perChannel.shape;
  const groups = groupCount(channels);
  const size = channels / groups;
  const means = tf.mean(tf.reshape(perChannel, [batch, groups, size]), 2, true);
  return tf.reshape(tf.tile(means, [1, 1, size]), [batch, 1, 1, channels]);
}

const overPixels = (x: Tensor4D) => tf.mean<Tensor2D>(x, [1, 2]);

const normalise = tf.customGrad((x, g, b, save) => {
  // customGrad passes the tensors first and `save` last, but types them all alike.
  const [xs, gs, bs] = [x, g, b] as [Tensor4D, Tensor1D, Tensor1D];
  const centred = tf.sub<Tensor4D>(xs, groupMeans(overPixels(xs)));
  const variance = groupMeans(overPixels(tf.square(centred)));
  const inverse = tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON));
  const normal = tf.mul<Tensor4D>(centred, inverse);
  (save as tf.GradSaveFunc)([normal, inverse, gs]);
  return {
    value: tf.add(tf.mul(normal, gs), bs),
    gradFunc(dOutput: Tensor, saved: Tensor[]) {
      const [xHat, invStd, gamma] = saved as [Tensor4D, Tensor4D, Tensor1D];
      const dy = dOutput as Tensor4D;
      const pixels = dy.shape[1] * dy.shape[2];
      const [meanDy, meanDyX] = [overPixels(dy), overPixels(tf.mul<Tensor4D>(dy, xHat))];
      const shift = groupMeans(tf.mul<Tensor2D>(meanDy, gamma));
      const slope = groupMeans(tf.mul<Tensor2D>(meanDyX, gamma));
      const dNormal = tf.sub(tf.mul(dy, gamma), tf.add(shift, tf.mul(xHat, slope)));
      return [
        tf.mul(dNormal, invStd),
        tf.mul(tf.sum(meanDyX, 0), pixels),
        tf.mul(tf.sum(meanDy, 0), pixels),
      ];
    },
  };
});

/** input [b, h, w, c], gamma and beta [c]; differentiable in all three. */
export const groupNorm = (input: Tensor4D, gamma: Tensor1D, beta: Tensor1D): Tensor4D =>
  normalise(input, gamma, beta) as Tensor4D;
