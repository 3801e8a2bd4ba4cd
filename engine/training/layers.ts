/**
 * The layers that networks are made of, as functions of plain tensors (channels last). Two sets compute the same:
 * layers-native.ts with TensorFlow's own fused operations, layers-portable.ts with plain tfjs operations.
 * Parameters come from outside; nothing here holds state.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Engine } from './backend.ts';
import { BATCH_NORM_EPSILON, type EngineLayers } from './engine-layers.ts';
import { nativeLayers } from './layers-native.ts';
import { portableLayers } from './layers-portable.ts';

export interface Layers extends EngineLayers {
  /** Stride 1, zero padding to the same size, no bias. kernel [side, side, in, out]. */
  convolution(input: Tensor4D, kernel: Tensor4D): Tensor4D;
  /** [b, 2h, 2w, c] → [b, h, w, c] */
  maxPool2(input: Tensor4D): Tensor4D;
  /** Along channels. */
  concat(inputs: Tensor4D[]): Tensor4D;
  /** [b, h, w, c] → [b, c] */
  globalAveragePool(input: Tensor4D): Tensor2D;
  /** input [b, in] · kernel [in, out] + bias [out] */
  dense(input: Tensor2D, kernel: Tensor2D, bias: Tensor1D): Tensor2D;
  /**
   * Convolution, batch normalisation with given statistics, ReLU: the normalisation is folded into the kernel.
   * For inference and frozen layers: no gradient.
   */
  foldedConvolutionRelu(
    input: Tensor4D,
    kernel: Tensor4D,
    norm: { gamma: Tensor1D; beta: Tensor1D; mean: Tensor1D; variance: Tensor1D },
  ): Tensor4D;
}

export function createLayers(engine: Engine): Layers {
  const own = engine.native === null ? portableLayers : nativeLayers(engine.native);
  return {
    ...own,
    convolution: (input, kernel) => tf.conv2d(input, kernel, 1, 'same'),
    maxPool2: (input) => tf.maxPool(input, 2, 2, 'valid'),
    concat: (inputs) => tf.concat4d(inputs, 3),
    globalAveragePool: (input) => tf.mean<Tensor2D>(input, [1, 2]),
    dense: (input, kernel, bias) => own.addBias(tf.matMul<Tensor2D>(input, kernel), bias),
    foldedConvolutionRelu(input, kernel, { gamma, beta, mean, variance }) {
      const scale: Tensor = tf.mul(gamma, tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON)));
      const bias = tf.sub<Tensor1D>(beta, tf.mul(mean, scale));
      return own.convolutionBiasRelu(input, tf.mul<Tensor4D>(kernel, scale), bias);
    },
  };
}
