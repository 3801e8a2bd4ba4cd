/** What a network is, in words: for forms, facts and reports. How it computes is engine/training/network/unet.ts. */
import type { EncoderArchitecture, NetworkConfig, SamplingConfig } from './entities.ts';

/** Halvings of every encoder but the plain one, and so blocks of its decoder. */
const PUBLISHED_HALVINGS = 5;

export const ENCODER_NAMES: Readonly<Record<EncoderArchitecture, string>> = {
  plain: 'plain',
  resnet18: 'ResNet-18',
  resnet34: 'ResNet-34',
  mobilenetv2: 'MobileNetV2',
};

const NORM_NAMES: Readonly<Record<NetworkConfig['norm'], string>> = {
  batch: 'batch normalisation',
  group: 'group normalisation',
};

export const SKIP_NAMES: Readonly<Record<NetworkConfig['skips'], string>> = {
  conv: 'skips through 1×1 convolutions',
  concat: 'plain skips',
  none: 'no skips',
};

/** How often the encoder halves its input; the decoder has as many blocks. */
export const halvingsOf = ({ encoder, depth }: Pick<NetworkConfig, 'encoder' | 'depth'>): number =>
  encoder === 'plain' ? depth : PUBLISHED_HALVINGS;

/** "grey", "colour", "5 channels" */
export function channelsInText(inputChannels: number): string {
  if (inputChannels === 1) return 'grey';
  return inputChannels === 3 ? 'colour' : `${inputChannels} channels`;
}

function encoderInText({ encoder, encoderWidth, depth, base, bottleneck }: NetworkConfig): string {
  if (encoder !== 'plain') {
    const scaled = encoderWidth === 1 ? '' : ` at ${encoderWidth} of its width`;
    return `${ENCODER_NAMES[encoder]} encoder${scaled}, decoder of width ${base}`;
  }
  const usual = bottleneck === 16 ? '' : `, bottleneck ${base * bottleneck}`;
  return `plain U-Net of depth ${depth} and width ${base}${usual}`;
}

/** One line: "plain U-Net of depth 4 and width 8, batch normalisation, no skips, grey". */
export const networkInText = (network: NetworkConfig): string =>
  [
    encoderInText(network),
    NORM_NAMES[network.norm],
    SKIP_NAMES[network.skips],
    channelsInText(network.inputChannels),
  ].join(', ');

/** "64 px, whole images resized" */
export const samplingInText = ({ sizePx, mode }: SamplingConfig): string =>
  `${sizePx} px, ${mode === 'resize' ? 'whole images resized' : 'patches at full resolution'}`;
