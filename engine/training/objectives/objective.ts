/**
 * What a training run minimises: which weights it trains, what it wants of each sample, and the loss as a pure function
 * of the network. The trainer (train.ts) knows objectives only through this interface.
 */
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { NetworkConfig } from '../../../shared/entities.ts';
import type { Random } from '../../../shared/random.ts';
import type { ForwardPass } from '../network/forward-pass.ts';
import type { NetworkSpec } from '../network/parameters.ts';

/** One square view of a training image. */
export interface Sample {
  readonly sizePx: number;
  readonly channels: number;
  /** [size, size, channels] in [0, 1] */
  readonly pixels: Float32Array;
  /** [size, size]; null where the image has no label map. Outside the image: IGNORE. */
  readonly labels: Uint8Array | null;
  /** [size, size], where the objective asked for them: how deep inside its object a pixel lies (shared/objects/depths.ts). */
  readonly depths?: Uint8Array;
  /** Index of the image's class, where it has one. */
  readonly imageClass: number | null;
}

/** A training image from which an objective draws the views that it needs. */
export interface SampleSource {
  /** A new view by the run's own augmentation; every call draws another. */
  view(random: Random): Sample;
  /** The image as it is, or a crop of it where images are seen in patches. */
  plainView(random: Random): Sample;
}

/** A tensor that the objective wants with every batch: [batch, …shape]. */
export interface InputSpec {
  readonly name: string;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** Where one sample's share of the inputs is written. */
export interface SampleSlots {
  /** Input of type float32, [product of its shape]. */
  floats(name: string): Float32Array;
  /** Input of type int32. */
  integers(name: string): Int32Array;
}

/** Something of a sample that people can look at. */
export type Picture =
  /** [size, size, channels]; what lies outside [0, 1] is shown as black or white. */
  | { readonly kind: 'image'; readonly channels: number; readonly values: Float32Array }
  /** [size, size] */
  | { readonly kind: 'labels'; readonly values: Uint8Array };

/** Pictures from left to right, and what they do not tell. */
export interface Illustration {
  readonly panels: readonly { readonly title: string; readonly picture: Picture }[];
  /** May be empty. */
  readonly caption: string;
}

/** How people are shown what is asked of the network and what it answers (examples.ts). */
export interface Illustrator {
  /** What the network has to say, [batch, …] each. Pure, as the loss is. */
  outputs(pass: ForwardPass, input: (name: string) => Tensor): Tensor[];
  /** `sample`: what `prepare` has filled; `outputs`: the sample's share of each. */
  illustrate(sample: SampleSlots, outputs: readonly Float32Array[]): Illustration;
}

export interface Objective {
  readonly network: NetworkConfig;
  /** Every weight that the loss depends on, heads included. */
  readonly spec: NetworkSpec;
  readonly inputs: readonly InputSpec[];
  /** Whether samples are to have depths; left out: they are not. */
  readonly wantsDepths?: boolean;
  /** Fills one sample's slots. All randomness from `random`, whose address fixes seed, step and slot. */
  prepare(source: SampleSource, random: Random, slots: SampleSlots): void;
  /** Pure; `input` gives the tensor of an InputSpec. */
  loss(pass: ForwardPass, input: (name: string) => Tensor): Scalar;
  readonly illustrator?: Illustrator;
}
