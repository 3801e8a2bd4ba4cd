/**
 * From decoded pixels of any depth and channel count to what a network sees: float32 in [0, 1], a fixed number of
 * channels.
 */
import { AppError } from '../../../shared/errors.ts';
import type { Samples } from '../../data/decoded-image.ts';
import type { Raster } from './resample.ts';
import type { ValueRange } from './value-range.ts';

/** Rec. 601. */
export const luma = (red: number, green: number, blue: number): number =>
  0.299 * red + 0.587 * green + 0.114 * blue;

export type Conversion = 'as it is' | 'luma' | 'repeat';

function conversion(from: number, to: number): Conversion | null {
  const colours = from === 2 || from === 4 ? from - 1 : from; // a last channel beside 1 or 3 is alpha
  if (from === to || colours === to) return 'as it is';
  if (to === 1 && colours === 3) return 'luma';
  if (to === 3 && colours === 1) return 'repeat';
  return null;
}

/** Errors: unsupported, where channels cannot be converted (anything but grey ⇄ RGB, without alpha). */
export function conversionOf(from: number, to: number, subject: string): Conversion {
  const how = conversion(from, to);
  if (how !== null) return how;
  throw new AppError(
    'unsupported',
    `${subject} has ${from} channel(s) and the network takes ${to}. Only grey and RGB are converted into each other: choose a network with ${from} input channels, or leave the image out.`,
    { subject },
  );
}

/** To be asked before anything is trained. Errors: unsupported, naming the first image that the network cannot see. */
export function assertChannelsFit(
  images: Iterable<{ readonly name: string; readonly channels: number }>,
  inputChannels: number,
): void {
  for (const { name, channels } of images) conversionOf(channels, inputChannels, name);
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
  readonly how: Conversion;
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
    if (how === 'luma') {
      out[to] = luma(value(from), value(from + 1), value(from + 2));
    } else {
      for (let c = 0; c < channels; c++) out[to + c] = value(how === 'repeat' ? from : from + c);
    }
  }
  return { width, height, channels, data: out };
}
