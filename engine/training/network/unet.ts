/**
 * The U-Net of docs/method.md §2: its weights by layer and group, and its two halves as pure functions.
 *
 * encoder: the architecture that the configuration names (encoders/), the same for every decoder. decoder: from the
 * deepest level up, nearest ×2, concatenation with the skip (through a 1×1 block of its own where skips are 'conv'), two
 * 3×3 blocks. The 1×1 skip convolutions count as decoder: tasks that train the encoder alone never touch them. Heads
 * belong to objectives.
 */
import type { EncoderArchitecture, NetworkConfig } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { EncoderDescription, EncoderFeatures } from './encoders/encoder.ts';
import { mobilenetEncoder } from './encoders/mobilenet.ts';
import { plainEncoder } from './encoders/plain.ts';
import { RESNET_BLOCKS, resnetEncoder } from './encoders/resnet.ts';
import type { NetworkOperations } from './network-operations.ts';
import { joinSpecs, type NetworkSpec, normalisedConvolution } from './parameters.ts';

const ENCODERS: Readonly<Record<EncoderArchitecture, EncoderDescription>> = {
  plain: plainEncoder,
  resnet18: resnetEncoder(RESNET_BLOCKS.resnet18),
  resnet34: resnetEncoder(RESNET_BLOCKS.resnet34),
  mobilenetv2: mobilenetEncoder,
};

interface Level {
  /** 1 at full resolution. */
  readonly level: number;
  /** Of the decoder: base·2^(level−1). */
  readonly width: number;
  /** null where the encoder hands nothing over, or skips are none. */
  readonly skipChannels: number | null;
}

function levelsOf(config: NetworkConfig): Level[] {
  return ENCODERS[config.encoder].skipChannels(config).map((channels, i) => ({
    level: i + 1,
    width: config.base * 2 ** i,
    skipChannels: config.skips === 'none' ? null : channels,
  }));
}

export const bottleneckWidth = (config: NetworkConfig) =>
  ENCODERS[config.encoder].bottleneckChannels(config);

/** Pixels along each side of the bottleneck. */
export const bottleneckSide = (config: NetworkConfig, sizePx: number) =>
  sizePx / 2 ** levelsOf(config).length;

/** Sides of an input are multiples of this, in pixels: every level halves them. */
export const inputStep = (config: NetworkConfig): number => 2 ** levelsOf(config).length;

/** Throws invalid-input where the network cannot halve the input so often, or does not know how to see it. */
export function assertInputSize(config: NetworkConfig, sizePx: number): void {
  const halvings = levelsOf(config).length;
  const step = 2 ** halvings;
  if (sizePx % step !== 0) {
    const near = Math.max(step, Math.round(sizePx / step) * step);
    throw new AppError(
      'invalid-input',
      `A network that halves its input ${halvings} times needs an input size that ${step} divides; ${sizePx} px is not. Choose ${near} px.`,
    );
  }
  const { preprocessing, inputChannels } = config;
  if (preprocessing === null) return;
  const counts = [preprocessing.mean.length, preprocessing.deviation.length];
  if (counts.some((count) => count !== inputChannels)) {
    throw new AppError(
      'invalid-input',
      `The preprocessing has ${counts.join(' and ')} numbers for ${inputChannels} input channel(s). Give one mean and one deviation a channel.`,
    );
  }
}

export const encoderSpec = (config: NetworkConfig): NetworkSpec =>
  ENCODERS[config.encoder].spec(config);

export function decoderSpec(config: NetworkConfig): NetworkSpec {
  const specs: NetworkSpec[] = [];
  let below = bottleneckWidth(config);
  for (const { level, width, skipChannels } of levelsOf(config).reverse()) {
    const block = (part: string, side: 1 | 3, input: number) => {
      const layer = `decoder/level${level}/${part}`;
      const { norm } = config;
      specs.push(
        normalisedConvolution({ layer, group: 'decoder', side, input, output: width, norm }),
      );
    };
    if (config.skips === 'conv' && skipChannels !== null) block('skip', 1, skipChannels);
    const carried = config.skips === 'conv' && skipChannels !== null ? width : (skipChannels ?? 0);
    block('conv1', 3, below + carried);
    block('conv2', 3, width);
    below = width;
  }
  return joinSpecs(...specs);
}

/** input [b, S, S, inputChannels], values in [0, 1] */
export function encode<T>(
  ops: NetworkOperations<T>,
  config: NetworkConfig,
  input: T,
): EncoderFeatures<T> {
  const { preprocessing } = config;
  const seen = preprocessing === null ? input : ops.preprocess(input, preprocessing);
  return ENCODERS[config.encoder].features(ops, config, seen);
}

/** Returns [b, S, S, base]. */
export function decode<T>(
  ops: NetworkOperations<T>,
  config: NetworkConfig,
  features: EncoderFeatures<T>,
): T {
  let x = features.bottleneck;
  for (const { level } of levelsOf(config).reverse()) {
    const skip = config.skips === 'none' ? null : (features.skips[level - 1] ?? null);
    const carried =
      config.skips === 'conv' && skip !== null
        ? ops.block(`decoder/level${level}/skip`, skip)
        : skip;
    x = ops.upsampledBlock(`decoder/level${level}/conv1`, carried, x);
    x = ops.block(`decoder/level${level}/conv2`, x);
  }
  return x;
}
