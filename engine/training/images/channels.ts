/**
 * From decoded pixels of any depth and channel count to what a network sees: float32 in [0, 1], a fixed number of
 * channels.
 */
import {
  type ChannelConversion,
  channelConversion,
  channelsObstacle,
  countChannels,
  fullConversion,
} from '../../../shared/channels.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Samples } from '../../data/decoded-image.ts';
import type { Raster } from './resample.ts';
import type { ValueRange } from './value-range.ts';

/** Rec. 601. */
export const luma = (red: number, green: number, blue: number): number =>
  0.299 * red + 0.587 * green + 0.114 * blue;

/**
 * How an image of `from` channels comes to a network of `to`.
 * Errors: unsupported (anything but grey ⇄ RGB; what older projects left out still is).
 */
export function conversionOf(from: number, to: number, subject: string): ChannelConversion {
  const how = channelConversion(from, to);
  if (how !== null) return how;
  throw new AppError(
    'unsupported',
    `${subject} has ${from} channel(s) and the network takes ${to}. Only grey and RGB are converted into each other: choose a network with ${from} input channels, or leave the image out.`,
    { subject },
  );
}

/**
 * To be asked before anything is trained.
 * Errors: unsupported, where a network of so many input channels would not see all channels of all images.
 */
export function assertChannelsFit(
  images: readonly { readonly name: string; readonly channels: number }[],
  inputChannels: number,
): void {
  const obstacle = channelsObstacle(countChannels(images), inputChannels);
  if (obstacle === null) return;
  const first = images.find(({ channels }) => fullConversion(channels, inputChannels) === null);
  throw new AppError('unsupported', obstacle, first === undefined ? {} : { subject: first.name });
}

/** What a run's network takes, and what it saw while it was trained. */
export interface SeenInTraining {
  readonly runId: number;
  readonly inputChannels: number;
  /** Channels of the images of its snapshot. */
  readonly imageChannels: ReadonlySet<number>;
}

/**
 * To be asked before a run predicts. Where a network takes fewer channels than an image has, which of them it should see
 * is known only where it was trained on such images. Errors: unsupported.
 */
export function assertSeenAlike(
  subject: string,
  channels: number,
  { runId, inputChannels, imageChannels }: SeenInTraining,
): void {
  if (fullConversion(channels, inputChannels) !== null || imageChannels.has(channels)) return;
  const trained = [...imageChannels].sort((a, b) => a - b).join(' or ');
  throw new AppError(
    'unsupported',
    `${subject} has ${channels} channel(s), and run ${runId} was trained on images of ${trained}. Choose a run that was trained on images like this one, or save it with the channels that those have.`,
    { subject },
  );
}

/** Stored samples of some pixels: [height, width, channels]. */
export interface StoredPixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Samples;
}

/** How stored samples become what a network sees. */
export interface Conversions {
  readonly how: ChannelConversion;
  readonly range: ValueRange;
  /** Of the network. */
  readonly channels: number;
}

/** @returns [height, width, channels] in [0, 1]; a pixel that is no number becomes 0 */
export function toValues(image: StoredPixels, { how, range, channels }: Conversions): Raster {
  const { low, high } = range;
  const scale = high > low ? 1 / (high - low) : 0;
  const { width, height, data } = image;
  const pixels = width * height;
  const out = new Float32Array(pixels * channels);
  const value = (index: number) => {
    const scaled = ((data[index] ?? 0) - low) * scale;
    return scaled > 0 ? Math.min(1, scaled) : 0; // NaN becomes 0, too
  };
  for (let p = 0; p < pixels; p++) {
    const from = p * image.channels;
    const to = p * channels;
    if (how === 'luma' || how === 'luma of the first') {
      out[to] = luma(value(from), value(from + 1), value(from + 2));
    } else {
      for (let c = 0; c < channels; c++) out[to + c] = value(how === 'repeat' ? from : from + c);
    }
  }
  return { width, height, channels, data: out };
}
