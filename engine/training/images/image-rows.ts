/**
 * Images of any size as a network sees them, some rows at a time, so that neither training nor prediction holds one as
 * float32 as a whole. Where the rows come from, and what of a file has to be decoded for them, is engine/data/decode.ts.
 */
import type { ImageOfRows } from '../../data/decoded-image.ts';
import { type Conversions, conversionOf, toValues } from './channels.ts';
import { createShrinking, type Raster } from './resample.ts';
import { piecesOf } from './row-pieces.ts';
import { measureRange } from './value-range.ts';

export interface ImageRows {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Values in [0, 1] of rows top … top + count − 1. [count, width, channels]. Errors: those of decodeImage. */
  rows(top: number, count: number): Promise<Raster>;
}

/** Of an image that is in memory. */
export const rowsOf = ({ width, height, channels, data }: Raster): ImageRows => ({
  width,
  height,
  channels,
  rows(top, count) {
    const stride = width * channels;
    const some = data.subarray(top * stride, (top + count) * stride);
    return Promise.resolve({ width, height: count, channels, data: some });
  },
});

/**
 * How an opened image becomes what a network of so many channels sees. Of 16 and 32 bits, its range of values is
 * measured, which reads it once or twice.
 * Errors: unsupported (channels); those of decodeImage.
 */
export const conversionsOf = async (
  image: ImageOfRows,
  channels: number,
  subject: string,
): Promise<Conversions> => ({
  how: conversionOf(image.channels, channels, subject),
  range: await measureRange(image),
  channels,
});

/** Errors: those of conversionsOf. */
export async function networkRows(
  image: ImageOfRows,
  channels: number,
  subject: string,
): Promise<ImageRows> {
  const conversions = await conversionsOf(image, channels, subject);
  return {
    width: image.width,
    height: image.height,
    channels,
    async rows(top, count) {
      const data = await image.rows(top, count);
      const some = { width: image.width, height: count, channels: image.channels, data };
      return toValues(some, conversions);
    },
  };
}

/** The image squeezed to sizePx × sizePx. Errors: those of `rows`. */
export async function squeezed(image: ImageRows, sizePx: number): Promise<Raster> {
  const { width, height } = image;
  if (width === sizePx && height === sizePx) return image.rows(0, height);
  const shrinking = createShrinking(image, sizePx, sizePx);
  for (const { top, count } of piecesOf(image)) shrinking.add(await image.rows(top, count));
  return shrinking.result;
}
