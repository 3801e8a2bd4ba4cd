/**
 * Reconstruction: from a changed image, encoder and decoder and a 1×1 head give back what is asked for; mean squared
 * error. What is changed and what is asked for is each task's own affair (pretrain/).
 */
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { NetworkConfig } from '../../../shared/entities.ts';
import type { Random } from '../../../shared/random.ts';
import type { ForwardPass } from '../network/forward-pass.ts';
import { countedError, meanSquaredError } from '../objectives/losses.ts';
import type { Illustration, InputSpec, Objective, Sample } from '../objectives/objective.ts';
import { headLayer, joinSpecs, type NetworkSpec } from '../network/parameters.ts';
import { decode, decoderSpec, encode, encoderSpec } from '../network/unet.ts';

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

/** Values in [0, 1], as those of images are. */
export const imageOf = ({ layers }: ForwardPass, logits: Tensor4D): Tensor4D =>
  layers.sigmoid(logits);

/** [size, size, channels] each. */
export function reconstructionPanels(
  channels: number,
  images: Readonly<Record<'input' | 'target' | 'output', Float32Array>>,
  caption = '',
): Illustration {
  const panel = (title: string, values: Float32Array) => ({
    title,
    picture: { kind: 'image' as const, channels, values },
  });
  return {
    panels: [
      panel('Input', images.input),
      panel('Target', images.target),
      panel('Output', images.output),
    ],
    caption,
  };
}

export function reconstructionObjective(options: {
  readonly task: string;
  readonly network: NetworkConfig;
  readonly sizePx: number;
  /** image: a sigmoid keeps the output in [0, 1]; any: it is left as it is. */
  readonly values: 'image' | 'any';
  /** Whether `pair` tells which pixels count. */
  readonly countsSome?: boolean;
  /** What people are shown, where it is not what the network was given, asked for and answered. */
  readonly show?: (input: Float32Array, values: Float32Array) => Float32Array;
  /** From a view of the image. */
  readonly pair: (view: Sample, random: Random) => ReconstructionPair;
}): Objective {
  const { task, network, sizePx, values, countsSome = false, show, pair } = options;
  const head = `head/${task}`;
  const image = [sizePx, sizePx, network.inputChannels];
  const inputs: InputSpec[] = [
    { name: 'input', shape: image, dtype: 'float32' },
    { name: 'target', shape: image, dtype: 'float32' },
  ];
  if (countsSome) inputs.push({ name: 'counted', shape: [sizePx, sizePx], dtype: 'float32' });

  function answer(pass: ForwardPass, input: Tensor4D): Tensor4D {
    const features = decode(pass, network, encode(pass, network, input));
    const logits = pass.head(head, features);
    return values === 'image' ? imageOf(pass, logits) : logits;
  }

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
      const output = answer(pass, input('input') as Tensor4D);
      const target = input('target') as Tensor4D;
      return countsSome
        ? countedError(pass.layers, output, [target, input('counted')])
        : meanSquaredError(pass.layers, output, target);
    },
    illustrator: {
      outputs: (pass, input) => [answer(pass, input('input') as Tensor4D)],
      illustrate(sample, [output = new Float32Array()]) {
        const input = sample.floats('input');
        const shown = (values: Float32Array) => show?.(input, values) ?? values;
        // Only what counts was learned; the rest is given.
        const counted = countsSome ? sample.floats('counted') : null;
        const answered = output.map((value, i) =>
          counted?.[Math.floor(i / network.inputChannels)] === 0 ? (input[i] ?? 0) : value,
        );
        return reconstructionPanels(network.inputChannels, {
          input,
          target: shown(sample.floats('target')),
          output: shown(answered),
        });
      },
    },
  };
}
