/**
 * ConRec (docs/method.md §4): two views of every image are corrupted; decoder and head give back the view, and from the
 * bottleneck, by attention pooling and projection, each view has to find the other one.
 * L = reconstruction · MSE + contrast · NT-Xent. Which corruptions there are is the tasks' own affair (pretrain/).
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { NetworkConfig, PretrainingOptions } from '../../../shared/entities.ts';
import type { Random } from '../../../shared/random.ts';
import { attentionPool, attentionPoolingSpec } from '../network/attention-pooling.ts';
import { ntXent } from './contrastive-loss.ts';
import type { Corruption } from './corruptions.ts';
import type { EngineLayers } from '../network/engine-layers.ts';
import type { ForwardPass } from '../network/forward-pass.ts';
import { meanSquaredError, oneHot } from '../objectives/losses.ts';
import type { Objective } from '../objectives/objective.ts';
import { joinSpecs } from '../network/parameters.ts';
import { project, projectionSpec } from '../network/projection-head.ts';
import { imageHeadSpec, imageOf, reconstructionPanels } from './reconstruction.ts';
import { asOneBatch, drawTwoViews, ofView, VIEWS } from './two-views.ts';
import {
  bottleneckSide,
  bottleneckWidth,
  decode,
  decoderSpec,
  encode,
  encoderSpec,
} from '../network/unet.ts';

const POOLING = 'head/attention';
const IMAGES = 'head/images';
/** Length of what views are compared by. */
const PROJECTED = 128;
/** Share of the features that the attention does not see. */
const DROPOUT = 0.5;
/** Random bits that are drawn at once. */
const BITS = 30;

/** 0 or 1 / (1 − share), with the share of a half one bit each. */
function drawKept(slots: Float32Array, random: Random): void {
  for (let start = 0; start < slots.length; start += BITS) {
    const bits = random.below(2 ** BITS);
    const end = Math.min(slots.length, start + BITS);
    for (let i = start; i < end; i++) slots[i] = (bits >> (i - start)) & 1 ? 1 / (1 - DROPOUT) : 0;
  }
}

/** Of several images along the channels [b, S, S, n · c], for each sample the one of its corruption. */
export function chosenImage(
  layers: Pick<EngineLayers, 'chosenPart'>,
  images: Tensor4D,
  [corruption, count]: readonly [corruption: Tensor, count: number],
): Tensor4D {
  const whole = layers.chosenPart?.(images, corruption, count);
  if (whole !== undefined) return whole;
  const chosen = tf.split(oneHot(corruption, count), count, 1); // [b, 1] each
  const parts = tf.split(images, count, 3);
  const weighted = parts.map((part, i) => {
    const [weight] = chosen.slice(i);
    if (weight === undefined) throw new Error('a head without a corruption');
    return tf.mul<Tensor4D>(part, tf.reshape(weight, [-1, 1, 1, 1]));
  });
  return weighted.reduce((sum, part) => tf.add(sum, part));
}

export function contrastiveReconstruction(setting: {
  readonly network: NetworkConfig;
  readonly sizePx: number;
  /** By name; each view draws one, evenly. */
  readonly corruptions: Readonly<Record<string, Corruption>>;
  /** Whether every corruption has an output layer of its own. */
  readonly heads: PretrainingOptions['heads'];
  readonly weights: Pick<PretrainingOptions, 'reconstructionWeight' | 'contrastiveWeight'>;
}): Objective {
  const { network, sizePx, heads, weights } = setting;
  const corruptions = Object.values(setting.corruptions);
  const names = Object.keys(setting.corruptions);
  const { inputChannels } = network;
  const width = bottleneckWidth(network);
  const projection = [width, width, width, PROJECTED];
  const side = bottleneckSide(network, sizePx);
  const images = heads === 'perTask' ? corruptions.length : 1;

  function reconstruction(pass: ForwardPass, features: Tensor4D, corruption: Tensor): Tensor4D {
    const all = pass.head(IMAGES, features);
    return imageOf(pass, images === 1 ? all : chosenImage(pass.layers, all, [corruption, images]));
  }

  return {
    network,
    spec: joinSpecs(
      encoderSpec(network),
      decoderSpec(network),
      imageHeadSpec(IMAGES, network, images),
      attentionPoolingSpec(POOLING, width),
      projectionSpec(projection),
    ),
    inputs: [
      { name: 'input', shape: [VIEWS, sizePx, sizePx, inputChannels], dtype: 'float32' },
      { name: 'target', shape: [VIEWS, sizePx, sizePx, inputChannels], dtype: 'float32' },
      { name: 'corruption', shape: [VIEWS], dtype: 'int32' },
      { name: 'kept', shape: [VIEWS, side, side, width], dtype: 'float32' },
    ],
    prepare(source, random, slots) {
      drawTwoViews(source, random).forEach((pixels, view) => {
        const drawn = random.below(corruptions.length);
        const corrupt = corruptions[drawn];
        if (corrupt === undefined) throw new Error('there is no corruption to draw');
        ofView(slots.floats('target'), view).set(pixels);
        const image = { sizePx, channels: inputChannels, pixels };
        ofView(slots.floats('input'), view).set(corrupt(image, random));
        slots.integers('corruption')[view] = drawn;
      });
      drawKept(slots.floats('kept'), random);
    },
    loss(pass, input) {
      // Ranks by `inputs` above, less the axis of the views.
      const encoded = encode(pass, network, asOneBatch(input('input')) as Tensor4D);
      const corruption = asOneBatch(input('corruption'));
      const output = reconstruction(pass, decode(pass, network, encoded), corruption);
      const target = asOneBatch(input('target')) as Tensor4D;
      const error = meanSquaredError(pass.layers, output, target);
      const kept = asOneBatch(input('kept')) as Tensor4D;
      const pooled = attentionPool(pass, POOLING, encoded.bottleneck, kept);
      const contrast = ntXent(pass.layers, project(pass, projection, pooled));
      return tf.add(
        tf.mul(error, weights.reconstructionWeight),
        tf.mul(contrast, weights.contrastiveWeight),
      );
    },
    illustrator: {
      outputs(pass, input) {
        const encoded = encode(pass, network, asOneBatch(input('input')) as Tensor4D);
        const features = decode(pass, network, encoded);
        const output = reconstruction(pass, features, asOneBatch(input('corruption')));
        return [tf.reshape(output, [-1, VIEWS * sizePx * sizePx * inputChannels])];
      },
      illustrate(sample, [both = new Float32Array()]) {
        const target = sample.floats('target');
        const images = {
          input: ofView(sample.floats('input'), 0),
          target: ofView(target, 0),
          output: ofView(both, 0),
        };
        const [drawn = 0] = sample.integers('corruption');
        const { panels, caption } = reconstructionPanels(inputChannels, images, names[drawn]);
        const values = ofView(target, 1);
        const other = { kind: 'image' as const, channels: inputChannels, values };
        return { panels: [...panels, { title: 'Other view', picture: other }], caption };
      },
    },
  };
}
