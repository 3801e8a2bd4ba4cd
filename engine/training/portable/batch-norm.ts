/** The gradient of FusedBatchNorm. */
import * as tf from '@tensorflow/tfjs-core';
import type { GradFunc, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

const BatchNormAttrs = z.object({ varianceEpsilon: z.number() });

/**
 * y = offset + scale · (x − mean) / √(variance + ε), all but x broadcast over the pixels. Everything but dx comes from
 * two sums over the pixels, Σ dy and Σ dy·(x − mean); tfjs's own gradient makes five tensors of full size and tiles
 * the vectors. What is computed here stays allocated until the whole backward pass ends, so only vectors leave `tidy`.
 */
const batchNormGradient: GradFunc = (dy, saved, attrs) => {
  const [x, mean, variance, scale] = saved;
  if (Array.isArray(dy) || x === undefined || mean === undefined || variance === undefined) {
    throw new Error('FusedBatchNorm has one output and saves x, mean and variance');
  }
  const { varianceEpsilon } = BatchNormAttrs.parse(attrs);
  const axes = tf.broadcast_util.getReductionAxes(mean.shape, x.shape);
  const overPixels = (t: Tensor): Tensor =>
    tf.reshape(axes.length === 0 ? t : tf.sum(t, axes), mean.shape);
  const [inverse, scaled, sumDy, sumDyX] = tf.tidy((): [Tensor, Tensor, Tensor, Tensor] => {
    const inverseDeviation = tf.rsqrt(tf.add(variance, varianceEpsilon));
    return [
      inverseDeviation,
      scale === undefined ? tf.clone(inverseDeviation) : tf.mul(inverseDeviation, scale),
      overPixels(dy),
      overPixels(tf.mul(dy, tf.sub(x, mean))),
    ];
  });
  return {
    x: () => tf.mul(dy, scaled),
    mean: () => tf.neg(tf.mul(scaled, sumDy)),
    variance: () => tf.mul(tf.mul(tf.mul(tf.square(inverse), scaled), -0.5), sumDyX),
    scale: () => tf.mul(inverse, sumDyX),
    offset: () => tf.clone(sumDy),
  };
};

export function registerBatchNormGradient(): void {
  tf.unregisterGradient('FusedBatchNorm');
  tf.registerGradient({
    kernelName: 'FusedBatchNorm',
    inputsToSave: ['x', 'mean', 'variance', 'scale'],
    gradFunc: batchNormGradient,
  });
}
