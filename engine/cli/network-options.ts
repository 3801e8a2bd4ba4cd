/** The options that say which network is trained on what, the same wherever a network is made. */
import { type Command, Option } from 'commander';
import { NetworkConfig, type Precision, SamplingConfig } from '../../shared/entities.ts';
import { checked, given, integer, precisionOption } from './arguments.ts';

export interface NetworkOptions {
  encoder?: NetworkConfig['encoder'];
  depth?: number;
  norm?: NetworkConfig['norm'];
  skips?: NetworkConfig['skips'];
  base?: number;
  bottleneck?: number;
  channels?: number;
  size: number;
  sampling: SamplingConfig['mode'];
  precision: Precision;
}

const { encoder, norm, skips } = NetworkConfig.shape;
const { mode } = SamplingConfig.shape;

/**
 * The network that was asked for; what was not is as in `start`, else as NetworkConfig has it.
 * Errors: invalid-input, naming the setting.
 */
export const networkOf = (
  options: NetworkOptions,
  start: Partial<NetworkConfig> = {},
): NetworkConfig =>
  checked(NetworkConfig, {
    ...start,
    ...given('encoder', options.encoder),
    ...given('depth', options.depth),
    ...given('norm', options.norm),
    ...given('skips', options.skips),
    ...given('base', options.base),
    ...given('bottleneck', options.bottleneck),
    ...given('inputChannels', options.channels),
  });

/** @param encoderDefault in words */
export function addNetworkOptions(command: Command, encoderDefault: string): Command {
  return command
    .option('--size <px>', 'side of the network input', integer, 64)
    .addOption(
      new Option('--sampling <mode>', 'resize (whole image) or patches (full resolution)')
        .choices(mode.unwrap().options)
        .default('resize'),
    )
    .addOption(
      new Option('--encoder <encoder>', `network (default: ${encoderDefault})`).choices(
        encoder.unwrap().options,
      ),
    )
    .option('--depth <n>', 'halvings of a plain encoder (default: 4)', integer)
    .option('--base <n>', 'channels of the first level (default: 8)', integer)
    .option(
      '--bottleneck <n>',
      'channels of a plain bottleneck, in multiples of the base (default: 16)',
      integer,
    )
    .addOption(
      new Option('--norm <norm>', 'what normalises (default: batch)').choices(
        norm.unwrap().options,
      ),
    )
    .addOption(
      new Option(
        '--skips <skips>',
        'conv (through 1×1 convolutions), concat (as they are) or none (default: conv)',
      ).choices(skips.unwrap().options),
    )
    .option(
      '--channels <n>',
      'input channels: 1 grey, 3 RGB (default: as many as the images have)',
      integer,
    )
    .addOption(precisionOption());
}
