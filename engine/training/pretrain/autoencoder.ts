/** Pretraining by reconstruction: encoder and decoder without skips, 1×1 sigmoid → image; mean squared error. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { meanSquaredError } from '../losses.ts';
import { headLayer, joinSpecs } from '../parameters.ts';
import { decode, decoderSpec, encode, encoderSpec } from '../unet.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

const HEAD = 'head/autoencoder';

export const autoencoder: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  // Skips would carry the image past the bottleneck, and nothing would be learned.
  network: (target) => ({ ...target, skips: 'none' }),
  objective: ({ network, sizePx }) => ({
    network,
    spec: joinSpecs(
      encoderSpec(network),
      decoderSpec(network),
      headLayer(HEAD, [1, 1, network.base, network.inputChannels]),
    ),
    inputs: [{ name: 'image', shape: [sizePx, sizePx, network.inputChannels], dtype: 'float32' }],
    prepare: (source, random, slots) => slots.floats('image').set(source.view(random).pixels),
    loss(pass, input) {
      const image = input('image') as Tensor4D;
      const features = decode(pass, network, encode(pass, network, image));
      const { layers } = pass;
      const logits = layers.addBias(
        layers.convolution(features, pass.parameter(`${HEAD}/kernel`) as Tensor4D),
        pass.parameter(`${HEAD}/bias`) as Tensor1D,
      );
      return meanSquaredError(tf.sigmoid(logits), image);
    },
  }),
};
