import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  addNetworkOptions,
  networkOf,
  type NetworkOptions,
} from '../../../engine/cli/network-options.ts';
import { NetworkConfig } from '../../../shared/entities.ts';

function parsed(...args: string[]): NetworkOptions {
  const command = addNetworkOptions(new Command(), 'plain')
    .exitOverride()
    .configureOutput({
      writeErr: () => undefined,
    });
  return command.parse(args, { from: 'user' }).opts<NetworkOptions>();
}

describe('the network on the command line', () => {
  it('is the usual one where nothing is said', () => {
    expect(networkOf(parsed())).toEqual(NetworkConfig.parse({}));
  });

  it('takes width, depth, bottleneck, skips, normalisation and encoder', () => {
    const options = ['--base', '4', '--depth', '3', '--bottleneck', '8', '--skips', 'none'];
    expect(networkOf(parsed(...options, '--norm', 'group'))).toMatchObject({
      encoder: 'plain',
      base: 4,
      depth: 3,
      bottleneck: 8,
      skips: 'none',
      norm: 'group',
    });
    expect(networkOf(parsed('--encoder', 'mobilenetv2', '--channels', '3'))).toMatchObject({
      encoder: 'mobilenetv2',
      inputChannels: 3,
    });
  });

  it('starts from the network of an encoder, where there is one', () => {
    const start = NetworkConfig.parse({ encoder: 'resnet18', base: 16, inputChannels: 3 });
    expect(networkOf(parsed('--skips', 'concat'), start)).toEqual({ ...start, skips: 'concat' });
  });

  it('is refused with the setting where it cannot be', () => {
    expect(() => networkOf(parsed('--depth', '9'))).toThrow(/^depth: .*6/);
    expect(() => parsed('--skips', 'some')).toThrow(/conv, concat, none/);
    expect(() => parsed('--sampling', 'tiles')).toThrow(/resize, patches/);
  });
});
