/**
 * The head of contrastive tasks: dense layers, each with batch normalisation, ReLU behind all but the last. Without the
 * normalisation all views start out nearly parallel, and hundreds of steps pass before they are told apart.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { ForwardPass } from './forward-pass.ts';
import { joinSpecs, normalisedConvolution, type NetworkSpec } from './parameters.ts';

const layerAt = (index: number) => `head/projection/dense${index + 1}`;

/** `widths`: of the input, then of each layer's output. */
export const projectionSpec = (widths: readonly number[]): NetworkSpec =>
  joinSpecs(
    ...widths.slice(1).map((output, i) =>
      normalisedConvolution({
        layer: layerAt(i),
        group: 'head',
        side: 1,
        input: widths[i] ?? 0,
        output,
        norm: 'batch',
      }),
    ),
  );

/** pooled [b, first width] → [b, last width] */
export function project(pass: ForwardPass, widths: readonly number[], pooled: Tensor2D): Tensor2D {
  const [batch, width] = pooled.shape;
  const last = widths.length - 2;
  // A dense layer is a 1×1 convolution over one pixel.
  let x: Tensor4D = tf.reshape(pooled, [batch, 1, 1, width]);
  for (let i = 0; i <= last; i++) {
    x = pass.block(layerAt(i), x, { activation: i === last ? 'none' : 'relu' });
  }
  return tf.reshape(x, [batch, widths.at(-1) ?? 0]);
}
