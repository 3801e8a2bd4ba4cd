/**
 * Pixel classification by a U-Net: head, objective, and the outputs used for evaluation and prediction.
 * Serves fine-tuning and pretraining by segmentation alike.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { IGNORE, type NetworkConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { crossEntropy, oneHot, softDice } from './losses.ts';
import type { NetworkOperations } from './network-operations.ts';
import type { Objective } from './objective.ts';
import { headLayer, joinSpecs, type NetworkSpec } from './parameters.ts';
import { decode, decoderSpec, encode, encoderSpec } from './unet.ts';

const HEAD = 'head/segmentation';

export const segmentationSpec = (network: NetworkConfig, classes: number): NetworkSpec =>
  joinSpecs(
    encoderSpec(network),
    decoderSpec(network),
    headLayer(HEAD, [1, 1, network.base, classes]),
  );

/** input [b, S, S, channels] → [b, S, S, classes] */
export function segmentationLogits<T>(
  pass: NetworkOperations<T>,
  network: NetworkConfig,
  input: T,
): T {
  return pass.head(HEAD, decode(pass, network, encode(pass, network, input)));
}

/** Cross-entropy + (1 − mean soft Dice over the foreground), without ignored pixels (method.md §3). */
export function segmentationObjective(options: {
  readonly network: NetworkConfig;
  readonly sizePx: number;
  /** Background included. */
  readonly classes: number;
}): Objective {
  const { network, sizePx, classes } = options;
  if (classes < 2) {
    throw new AppError(
      'invalid-input',
      'Segmentation needs a dataset with at least one class beside the background. Add a class and label some images.',
    );
  }
  return {
    network,
    spec: segmentationSpec(network, classes),
    inputs: [
      { name: 'image', shape: [sizePx, sizePx, network.inputChannels], dtype: 'float32' },
      { name: 'labels', shape: [sizePx, sizePx], dtype: 'int32' },
    ],
    prepare(source, random, slots) {
      const view = source.view(random);
      slots.floats('image').set(view.pixels);
      if (view.labels === null) slots.integers('labels').fill(IGNORE);
      else slots.integers('labels').set(view.labels);
    },
    loss(pass, input) {
      const logits = segmentationLogits(pass, network, input('image') as Tensor4D);
      const logProbabilities = tf.logSoftmax(logits);
      const truth = oneHot(input('labels'), classes) as Tensor4D;
      const dice = softDice(tf.exp(logProbabilities), truth);
      return tf.add(crossEntropy(logProbabilities, truth), tf.sub(1, dice));
    },
  };
}
