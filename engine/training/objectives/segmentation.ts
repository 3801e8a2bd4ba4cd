/**
 * Pixel classification by a U-Net: head, objective, and the outputs used for evaluation and prediction. A second head tells
 * objects apart where that is asked for (object-depths.ts).
 * Serves fine-tuning and pretraining by segmentation alike.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import {
  IGNORE,
  type LossConfig,
  type NetworkConfig,
  type ObjectsConfig,
} from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import {
  crossEntropy,
  focalLoss,
  oneHot,
  softDice,
  softTversky,
  TVERSKY_SMOOTHING,
  weightedCrossEntropy,
} from './losses.ts';
import type { Layers } from '../network/layers.ts';
import type { NetworkOperations } from '../network/network-operations.ts';
import { DEPTH_CLASSES, depthLogits, depthLoss, depthSpec, fillDepths } from './object-depths.ts';
import type { Objective } from './objective.ts';
import { headLayer, joinSpecs, type NetworkSpec } from '../network/parameters.ts';
import { decode, decoderSpec, encode, encoderSpec } from '../network/unet.ts';

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

/** The same of what the decoder gives: for a network with other heads beside it. */
export const classLogits = <T>(pass: NetworkOperations<T>, features: T): T =>
  pass.head(HEAD, features);

/** The same, and what the head that tells objects apart says of each pixel: [b, S, S, DEPTH_CLASSES]. */
export function segmentationAndDepths<T>(
  pass: NetworkOperations<T>,
  network: NetworkConfig,
  input: T,
): { readonly logits: T; readonly depths: T } {
  const features = decode(pass, network, encode(pass, network, input));
  return { logits: pass.head(HEAD, features), depths: depthLogits(pass, features) };
}

/** What a fine-tuning minimises: LossConfig, and the weights of the classes where it wants them. */
export interface SegmentationLoss extends LossConfig {
  /** [classes] of `weighted-cross-entropy+dice`. */
  readonly classWeights: readonly number[] | null;
}

/** logits, truth [b, h, w, classes]; truth is all zero where ignored. */
function segmentationLoss(
  logits: Tensor4D,
  truth: Tensor4D,
  { loss, from }: { readonly loss: SegmentationLoss | null; readonly from: 0 | 1 },
): Scalar {
  const logProbabilities = tf.logSoftmax(logits);
  const probabilities = tf.exp(logProbabilities);
  const pixelLoss =
    loss?.kind === 'focal+dice'
      ? focalLoss(logProbabilities, truth, loss.focalGamma)
      : loss?.kind === 'weighted-cross-entropy+dice' && loss.classWeights !== null
        ? weightedCrossEntropy(logProbabilities, truth, loss.classWeights)
        : crossEntropy(logProbabilities, truth);
  const overlap =
    loss?.kind === 'cross-entropy+tversky'
      ? softTversky(probabilities, truth, {
          alpha: loss.tverskyAlpha,
          beta: loss.tverskyBeta,
          from,
        })
      : softDice(probabilities, truth, from);
  return tf.add(pixelLoss, tf.sub(1, overlap));
}

/** The same as numbers: soft Dice is the Tversky index of equal shares. */
function inOnePiece(
  loss: SegmentationLoss | null,
  { classes, first }: { readonly classes: number; readonly first: 0 | 1 },
) {
  const weights =
    loss?.kind === 'weighted-cross-entropy+dice' && loss.classWeights !== null
      ? loss.classWeights
      : Array.from({ length: classes }, () => 1);
  const isTversky = loss?.kind === 'cross-entropy+tversky';
  return {
    weights,
    leastWeight: Math.min(...weights),
    focus: loss?.kind === 'focal+dice' ? loss.focalGamma : 0,
    alpha: isTversky ? loss.tverskyAlpha : 0.5,
    beta: isTversky ? loss.tverskyBeta : 0.5,
    smoothing: TVERSKY_SMOOTHING,
    first,
  };
}

/** logits [b, h, w, classes], labels int32 [b, h, w]; `from`: the first class whose overlap counts. */
export function lossOfLogits(
  { segmentationLoss: own }: Pick<Layers, 'segmentationLoss'>,
  [logits, labels]: readonly [Tensor4D, Tensor],
  { loss, from }: { readonly loss: SegmentationLoss | null; readonly from: 0 | 1 },
): Scalar {
  const classes = logits.shape[3];
  if (own !== undefined && classes <= own.mostClasses) {
    return own.of(logits, labels, inOnePiece(loss, { classes, first: from }));
  }
  const truth = oneHot(labels, classes) as Tensor4D;
  return segmentationLoss(logits, truth, { loss, from });
}

/** By default cross-entropy + (1 − mean soft Dice over the foreground); never of ignored pixels (docs/method.md §3). */
export function segmentationObjective(options: {
  readonly network: NetworkConfig;
  readonly sizePx: number;
  /** Background included. */
  readonly classes: number;
  /** false: class 0 counts in the overlap as every other does. true where it is left out. */
  readonly hasBackground?: boolean;
  /** null or left out: the default. */
  readonly loss?: SegmentationLoss | null;
  /** null or left out: objects are not told apart. */
  readonly objects?: ObjectsConfig | null;
}): Objective {
  const { network, sizePx, classes, hasBackground = true, loss = null, objects = null } = options;
  const from = hasBackground ? 1 : 0;
  if (classes < 2) {
    throw new AppError(
      'invalid-input',
      'Segmentation needs a dataset with at least one class beside the background. Add a class and label some images.',
    );
  }
  const spec = segmentationSpec(network, classes);
  return {
    network,
    spec: objects === null ? spec : joinSpecs(spec, depthSpec(network)),
    inputs: [
      { name: 'image', shape: [sizePx, sizePx, network.inputChannels], dtype: 'float32' },
      { name: 'labels', shape: [sizePx, sizePx], dtype: 'int32' },
      ...(objects === null
        ? []
        : [{ name: 'depths', shape: [sizePx, sizePx, DEPTH_CLASSES], dtype: 'float32' as const }]),
    ],
    wantsDepths: objects !== null,
    prepare(source, random, slots) {
      const view = source.view(random);
      slots.floats('image').set(view.pixels);
      if (view.labels === null) slots.integers('labels').fill(IGNORE);
      else slots.integers('labels').set(view.labels);
      if (objects !== null) fillDepths(view, slots.floats('depths'));
    },
    loss(pass, input) {
      const image = input('image') as Tensor4D;
      if (objects === null) {
        const logits = segmentationLogits(pass, network, image);
        return lossOfLogits(pass.layers, [logits, input('labels')], { loss, from });
      }
      const { logits, depths } = segmentationAndDepths(pass, network, image);
      const ofClasses = lossOfLogits(pass.layers, [logits, input('labels')], { loss, from });
      return tf.add(ofClasses, tf.mul(objects.weight, depthLoss(depths, input('depths'))));
    },
    illustrator: {
      outputs(pass, input) {
        const logits = segmentationLogits(pass, network, input('image') as Tensor4D);
        return [tf.cast(tf.argMax(logits, 3), 'float32')];
      },
      illustrate(sample, [output = new Float32Array()]) {
        const { inputChannels: channels } = network;
        const image = { kind: 'image' as const, channels, values: sample.floats('image') };
        const labels = (values: Iterable<number>) => ({
          kind: 'labels' as const,
          values: Uint8Array.from(values),
        });
        return {
          panels: [
            { title: 'Input', picture: image },
            { title: 'Target', picture: labels(sample.integers('labels')) },
            { title: 'Output', picture: labels(output) },
          ],
          caption: '',
        };
      },
    },
  };
}
