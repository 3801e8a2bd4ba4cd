/**
 * The U-Net of method.md §2: its weights by layer and group, and its two halves as pure functions.
 *
 * encoder: levels 1 … depth, each two 3×3 blocks (convolution, batch normalisation, ReLU) followed by max-pooling, then
 * the bottleneck. decoder: from the deepest level up, nearest ×2, concatenation with the skip (through a 1×1 block of
 * its own where skips are 'conv'), two 3×3 blocks. The 1×1 skip convolutions count as decoder: tasks that train the
 * encoder alone never touch them. Heads belong to objectives.
 */
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { NetworkConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { ForwardPass } from './forward-pass.ts';
import { joinSpecs, normalisedConvolution, type NetworkSpec } from './parameters.ts';

export interface EncoderFeatures {
  /** Output of each level before pooling, level 1 first: [b, S/2^(l−1), S/2^(l−1), base·2^(l−1)]. */
  readonly skips: readonly Tensor4D[];
  /** [b, S/2^depth, S/2^depth, base·bottleneck] */
  readonly bottleneck: Tensor4D;
}

const levelsOf = ({ depth }: NetworkConfig) => Array.from({ length: depth }, (_, i) => i + 1);
const widthOf = ({ base }: NetworkConfig, level: number) => base * 2 ** (level - 1);
export const bottleneckWidth = ({ base, bottleneck }: NetworkConfig) => base * bottleneck;

/** Throws invalid-input where the network cannot halve the input depth times. */
export function assertInputSize(config: NetworkConfig, sizePx: number): void {
  const step = 2 ** config.depth;
  if (sizePx % step !== 0) {
    const near = Math.max(step, Math.round(sizePx / step) * step);
    throw new AppError(
      'invalid-input',
      `A network of depth ${config.depth} needs an input size that ${step} divides; ${sizePx} px is not. Choose ${near} px.`,
    );
  }
}

export function encoderSpec(config: NetworkConfig): NetworkSpec {
  const specs: NetworkSpec[] = [];
  const pair = (name: string, input: number, output: number) => {
    for (const [part, from] of [
      ['conv1', input],
      ['conv2', output],
    ] as const) {
      const layer = `encoder/${name}/${part}`;
      specs.push(normalisedConvolution({ layer, group: 'encoder', side: 3, input: from, output }));
    }
  };
  let input = config.inputChannels;
  for (const level of levelsOf(config)) {
    pair(`level${level}`, input, widthOf(config, level));
    input = widthOf(config, level);
  }
  pair('bottleneck', input, bottleneckWidth(config));
  return joinSpecs(...specs);
}

export function decoderSpec(config: NetworkConfig): NetworkSpec {
  const specs: NetworkSpec[] = [];
  let below = bottleneckWidth(config);
  for (const level of levelsOf(config).reverse()) {
    const width = widthOf(config, level);
    const block = (part: string, side: 1 | 3, input: number) => {
      const layer = `decoder/level${level}/${part}`;
      specs.push(normalisedConvolution({ layer, group: 'decoder', side, input, output: width }));
    };
    if (config.skips === 'conv') block('skip', 1, width);
    block('conv1', 3, config.skips === 'none' ? below : below + width);
    block('conv2', 3, width);
    below = width;
  }
  return joinSpecs(...specs);
}

/** input [b, S, S, inputChannels] */
export function encode(pass: ForwardPass, config: NetworkConfig, input: Tensor4D): EncoderFeatures {
  const skips: Tensor4D[] = [];
  let x = input;
  for (const level of levelsOf(config)) {
    x = pass.block(`encoder/level${level}/conv1`, x);
    x = pass.block(`encoder/level${level}/conv2`, x);
    skips.push(x);
    x = pass.layers.maxPool2(x);
  }
  x = pass.block('encoder/bottleneck/conv1', x);
  x = pass.block('encoder/bottleneck/conv2', x);
  return { skips, bottleneck: x };
}

/** Returns [b, S, S, base]. */
export function decode(
  pass: ForwardPass,
  config: NetworkConfig,
  features: EncoderFeatures,
): Tensor4D {
  let x = features.bottleneck;
  for (const level of levelsOf(config).reverse()) {
    x = pass.layers.upsample2(x);
    const skip = features.skips[level - 1];
    if (config.skips !== 'none' && skip !== undefined) {
      const way = `decoder/level${level}/skip`;
      const carried = config.skips === 'conv' ? pass.block(way, skip) : skip;
      x = pass.layers.concat([carried, x]);
    }
    x = pass.block(`decoder/level${level}/conv1`, x);
    x = pass.block(`decoder/level${level}/conv2`, x);
  }
  return x;
}
