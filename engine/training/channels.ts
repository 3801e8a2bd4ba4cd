/**
 * From decoded pixels of any depth and channel count to what a network sees: float32 in [0, 1], a fixed number of
 * channels.
 */
import { AppError } from '../../shared/errors.ts';
import type { DecodedImage } from '../data/decode.ts';
import type { Raster } from './resample.ts';

/** 16- and 32-bit images have no agreed white: these percentiles of the image become 0 and 1. */
const LOW_PERCENTILE = 0.001;
const HIGH_PERCENTILE = 0.999;

/** Rec. 601. */
export const luma = (red: number, green: number, blue: number): number =>
  0.299 * red + 0.587 * green + 0.114 * blue;

export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** Values that become 0 and 1: 0 … 255 for 8-bit images, else percentiles over all channels of the image. */
export function valueRange(image: DecodedImage): ValueRange {
  if (image.bitDepth === 8) return { low: 0, high: 255 };
  const sorted = Float64Array.from(image.data).filter(Number.isFinite).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { low: at(LOW_PERCENTILE), high: at(HIGH_PERCENTILE) };
}

type Conversion = 'as it is' | 'luma' | 'repeat';

function conversion(from: number, to: number): Conversion | null {
  const colours = from === 2 || from === 4 ? from - 1 : from; // a last channel beside 1 or 3 is alpha
  if (from === to || colours === to) return 'as it is';
  if (to === 1 && colours === 3) return 'luma';
  if (to === 3 && colours === 1) return 'repeat';
  return null;
}

/**
 * @returns [height, width, channels] in [0, 1]; a pixel that is no number becomes 0
 * @throws AppError unsupported, where the channels cannot be converted (anything but grey ⇄ RGB, without alpha)
 */
export function toNetworkInput(image: DecodedImage, channels: number, subject: string): Raster {
  const how = conversion(image.channels, channels);
  if (how === null) {
    throw new AppError(
      'unsupported',
      `${subject} has ${image.channels} channel(s) and the network takes ${channels}. Only grey and RGB are converted into each other: choose a network with ${image.channels} input channels, or leave the image out.`,
      { subject },
    );
  }
  const { low, high } = valueRange(image);
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
