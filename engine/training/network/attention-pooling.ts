/** Attention pooling (docs/method.md §4, after Dippel et al. 2021, arXiv 2104.04323): a weighted mean that learns where to look. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { EngineLayers } from './engine-layers.ts';
import type { ForwardPass } from './forward-pass.ts';
import { headLayer, joinSpecs, normalisedConvolution, type NetworkSpec } from './parameters.ts';

/** Widths of the three 1×1 convolutions before the gate. */
const widths = (channels: number) => [2, 4, 8].map((by) => Math.max(1, Math.floor(channels / by)));

/** features: `channels` of them. */
export function attentionPoolingSpec(layer: string, channels: number): NetworkSpec {
  const [first = 1, second = 1, third = 1] = widths(channels);
  const squeeze = (part: number, input: number, output: number) =>
    normalisedConvolution({
      layer: `${layer}/conv${part}`,
      group: 'head',
      side: 1,
      input,
      output,
      norm: 'batch',
    });
  return joinSpecs(
    squeeze(1, channels, first),
    squeeze(2, first, second),
    squeeze(3, second, third),
    headLayer(`${layer}/gate`, [1, 1, third, 1]),
  );
}

/** r_c = mean(a · F_c) / mean(a). features [b, h, w, c], attention a [b, h, w, 1] in (0, 1) → [b, c] */
export const attentionMean = (
  layers: Pick<EngineLayers, 'attentionMean'>,
  features: Tensor4D,
  attention: Tensor4D,
): Tensor2D =>
  layers.attentionMean?.(features, attention) ??
  tf.div(tf.sum(tf.mul(features, attention), [1, 2]), tf.sum(attention, [1, 2]));

/**
 * features F [b, h, w, c] → [b, c]. `kept` [b, h, w, c] multiplies the features that the attention is computed from:
 * dropout's 0 or 1 / (1 − share); all 1 where nothing is to be dropped.
 */
export function attentionPool(
  pass: ForwardPass,
  layer: string,
  features: Tensor4D,
  kept: Tensor4D,
): Tensor2D {
  let x = tf.mul<Tensor4D>(features, kept);
  for (const part of [1, 2, 3]) x = pass.block(`${layer}/conv${part}`, x);
  const attention = pass.layers.sigmoid(pass.head(`${layer}/gate`, x));
  return attentionMean(pass.layers, features, attention);
}
