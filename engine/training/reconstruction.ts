/**
 * Reconstruction: from a changed image, encoder and decoder and a 1×1 head give back what is asked for; mean squared
 * error. What is changed and what is asked for is each task's own affair (pretrain/).
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-core';
import type { NetworkConfig } from '../../shared/entities.ts';
import type { Random } from '../../shared/random.ts';
import { meanSquaredError } from './losses.ts';
import type { InputSpec, Objective, Sample } from './objective.ts';
import { headLayer, joinSpecs, type NetworkSpec } from './parameters.ts';
import { decode, decoderSpec, encode, encoderSpec } from './unet.ts';

/** All of one sample, [size, size, channels] each. */
export interface ReconstructionPair {
  readonly input: Float32Array;
  readonly target: Float32Array;
  /** [size, size]: 1 where a pixel counts in the loss, 0 where not; missing: all count. */
  readonly counted?: Float32Array;
}

/** 1×1 convolution from the decoder's features to images. */
export const imageHeadSpec = (layer: string, network: NetworkConfig, images = 1): NetworkSpec =>
  headLayer(layer, [1, 1, network.base, images * network.inputChannels]);

/** Mean squared error over the counted pixels, all channels. output, target [b, h, w, c]; counted [b, h, w]. */
function countedError(output: Tensor4D, target: Tensor4D, counted: tf.Tensor): Scalar {
  const error = tf.sum(tf.square(tf.sub(output, target)), 3); // [b, h, w]
  const values = tf.mul(tf.maximum(tf.sum(counted), 1), output.shape[3]);
  return tf.div(tf.sum(tf.mul(error, counted)), values);
}

export function reconstructionObjective(options: {
  readonly task: string;
  readonly network: NetworkConfig;
  readonly sizePx: number;
  /** image: a sigmoid keeps the output in [0, 1]; any: it is left as it is. */
  readonly values: 'image' | 'any';
  /** Whether `pair` tells which pixels count. */
  readonly countsSome?: boolean;
  /** From a view of the image. */
  readonly pair: (view: Sample, random: Random) => ReconstructionPair;
}): Objective {
  const { task, network, sizePx, values, countsSome = false, pair } = options;
  const head = `head/${task}`;
  const image = [sizePx, sizePx, network.inputChannels];
  const inputs: InputSpec[] = [
    { name: 'input', shape: image, dtype: 'float32' },
    { name: 'target', shape: image, dtype: 'float32' },
  ];
  if (countsSome) inputs.push({ name: 'counted', shape: [sizePx, sizePx], dtype: 'float32' });
  return {
    network,
    spec: joinSpecs(encoderSpec(network), decoderSpec(network), imageHeadSpec(head, network)),
    inputs,
    prepare(source, random, slots) {
      const { input, target, counted } = pair(source.view(random), random);
      slots.floats('input').set(input);
      slots.floats('target').set(target);
      if (countsSome) slots.floats('counted').set(counted ?? []);
    },
    loss(pass, input) {
      const features = decode(pass, network, encode(pass, network, input('input') as Tensor4D));
      const logits = pass.head(head, features);
      const output = values === 'image' ? tf.sigmoid(logits) : logits;
      const target = input('target') as Tensor4D;
      return countsSome
        ? countedError(output, target, input('counted'))
        : meanSquaredError(output, target);
    },
  };
}
