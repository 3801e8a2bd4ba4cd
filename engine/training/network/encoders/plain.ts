/**
 * The encoder of docs/method.md §2: levels 1 … depth of widths base·(1, 2, 4, …), each two 3×3 blocks (convolution,
 * normalisation, ReLU) followed by max-pooling, then a bottleneck of two blocks.
 */
import type { NetworkConfig } from '../../../../shared/entities.ts';
import { joinSpecs, normalisedConvolution } from '../parameters.ts';
import type { EncoderDescription } from './encoder.ts';

const widthsOf = ({ base, depth }: NetworkConfig) =>
  Array.from({ length: depth }, (_, i) => base * 2 ** i);
const bottleneckChannels = ({ base, bottleneck }: NetworkConfig) => base * bottleneck;

export const plainEncoder: EncoderDescription = {
  skipChannels: widthsOf,
  bottleneckChannels,

  spec(config) {
    const pair = (name: string, input: number, output: number) =>
      joinSpecs(
        ...(['conv1', 'conv2'] as const).map((part) =>
          normalisedConvolution({
            layer: `encoder/${name}/${part}`,
            group: 'encoder',
            side: 3,
            input: part === 'conv1' ? input : output,
            output,
            norm: config.norm,
            epsilon: config.encoderEpsilon,
          }),
        ),
      );
    const widths = widthsOf(config);
    const levels = widths.map((width, i) =>
      pair(`level${i + 1}`, widths[i - 1] ?? config.inputChannels, width),
    );
    const last = widths.at(-1) ?? config.inputChannels;
    return joinSpecs(...levels, pair('bottleneck', last, bottleneckChannels(config)));
  },

  features(ops, config, input) {
    let x = input;
    const skips = widthsOf(config).map((_, i) => {
      x = ops.block(`encoder/level${i + 1}/conv1`, x);
      const skip = ops.block(`encoder/level${i + 1}/conv2`, x);
      x = ops.maxPool2(skip);
      return skip;
    });
    x = ops.block('encoder/bottleneck/conv1', x);
    return { skips, bottleneck: ops.block('encoder/bottleneck/conv2', x) };
  },
};
