/** The interface of an encoder architecture: one file an architecture beside this one. */
import type { NetworkConfig } from '../../../../shared/entities.ts';
import type { NetworkOperations } from '../network-operations.ts';
import type { NetworkSpec } from '../parameters.ts';

export interface EncoderFeatures<T> {
  /** Level 1 first: [b, S/2^(l−1), S/2^(l−1), skipChannels[l−1]]; null where a level has nothing to hand over. */
  readonly skips: readonly (T | null)[];
  /** [b, S/2^levels, S/2^levels, bottleneckChannels] */
  readonly bottleneck: T;
}

export interface EncoderDescription {
  /** Of each level, full resolution first; its length is the number of halvings. */
  skipChannels(config: NetworkConfig): readonly (number | null)[];
  bottleneckChannels(config: NetworkConfig): number;
  /** All layers are of group `encoder`. */
  spec(config: NetworkConfig): NetworkSpec;
  /** input [b, S, S, inputChannels], preprocessed */
  features<T>(ops: NetworkOperations<T>, config: NetworkConfig, input: T): EncoderFeatures<T>;
}
