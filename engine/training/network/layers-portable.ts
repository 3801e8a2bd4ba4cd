/** The portable twins of layers-native.ts: plain tfjs operations, with gradients in closed form where that is shorter. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { BATCH_NORM_EPSILON, type EngineLayers, type Normalised } from './engine-layers.ts';
import { groupNorm } from './group-norm.ts';

/** Every axis but the channels. */
const PIXEL_AXES = [0, 1, 2];

/** Gradient of batch normalisation: Ioffe & Szegedy 2015, arXiv 1502.03167, §3. */
function normalised(
  input: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  activation: 'relu' | 'none',
  epsilon = BATCH_NORM_EPSILON,
): Normalised {
  let statistics: readonly [Tensor1D, Tensor1D] | undefined;
  const forward = tf.customGrad((x, g, b, save) => {
    // customGrad passes the tensors first and `save` last, but types them all alike.
    const [xs, gs, bs] = [x, g, b] as [Tensor4D, Tensor1D, Tensor1D];
    const count = xs.size / gs.size;
    const mean = tf.mean<Tensor1D>(xs, PIXEL_AXES);
    const centred = tf.sub(xs, mean);
    const variance = tf.mean<Tensor1D>(tf.square(centred), PIXEL_AXES);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const normal = tf.mul(centred, inverse);
    const shifted = tf.add<Tensor4D>(tf.mul(normal, gs), bs);
    const output = activation === 'relu' ? tf.relu(shifted) : shifted;
    statistics = [
      tf.keep(tf.clone(mean)),
      tf.keep(tf.mul<Tensor1D>(variance, count / Math.max(1, count - 1))),
    ];
    (save as tf.GradSaveFunc)([normal, inverse, gs, output]);
    return {
      value: output,
      gradFunc(dOutput: Tensor, saved: Tensor[]) {
        const [xHat, invStd, savedGamma, y] = saved as [Tensor, Tensor, Tensor, Tensor];
        const dNormal = activation === 'relu' ? tf.mul(dOutput, tf.step(y)) : dOutput;
        const dBeta = tf.sum(dNormal, PIXEL_AXES);
        const dGamma = tf.sum(tf.mul(dNormal, xHat), PIXEL_AXES);
        const mean = tf.div(tf.add(dBeta, tf.mul(xHat, dGamma)), count);
        return [tf.mul(tf.sub(dNormal, mean), tf.mul(savedGamma, invStd)), dGamma, dBeta];
      },
    };
  });
  const output = forward(input, gamma, beta);
  if (statistics === undefined) throw new Error('customGrad did not run its function');
  return { output, mean: statistics[0], variance: statistics[1] };
}

/** The gradient of copying a pixel to four is the sum of the four. */
const copiedToFour = tf.customGrad((x) => {
  const input = x as Tensor4D;
  const [, height, width] = input.shape;
  return {
    value: tf.image.resizeNearestNeighbor(input, [height * 2, width * 2]),
    gradFunc: (dOutput: Tensor) => tf.mul(tf.avgPool(dOutput as Tensor4D, 2, 2, 'valid'), 4),
  };
});

export const portableLayers: EngineLayers = {
  conv2d: (input, kernel, stride, padding) => tf.conv2d(input, kernel, stride, padding),
  batchNormRelu: (input, gamma, beta, epsilon) => normalised(input, gamma, beta, 'relu', epsilon),
  batchNorm: (input, gamma, beta, epsilon) => normalised(input, gamma, beta, 'none', epsilon),
  relu: (input) => tf.relu(input),
  relu6: (input) => tf.relu6(input),
  groupNorm,
  maxPool2: (input) => tf.maxPool(input, 2, 2, 'valid'),
  addBias: <T extends Tensor2D | Tensor4D>(input: T, bias: Tensor1D) => tf.add<T>(input, bias),
  // The transposed convolution of layers-native.ts would have to be spread by zeros here, which costs more than it saves.
  upsampledConvolution: (input, kernel) =>
    tf.conv2d(copiedToFour(input) as Tensor4D, kernel, 1, 'same'),
};
