/**
 * Images and label maps that are too large to be held for a small picture: made smaller by a whole number while they are
 * read. Pictures alone are drawn from them.
 */
import type { LabelMap } from '../../shared/label-map.ts';
import { type DecodedImage, type OpenImage, sampleBytes, samplesOf } from './decoded-image.ts';

/** Samples of an image that is held whole for a picture of it. */
const WHOLE_BYTES = 2 ** 28;

/** 1, or the largest number of pixels to an edge of one that leaves the longest side `maxSidePx` at least. */
export function reductionOf(
  image: Parameters<typeof sampleBytes>[0],
  maxSidePx: number,
  wholeBytes = WHOLE_BYTES,
): number {
  if (sampleBytes(image) <= wholeBytes) return 1;
  return Math.max(1, Math.floor(Math.max(image.widthPx, image.heightPx) / maxSidePx));
}

/** Every pixel the mean of `by` × `by`, or of those that the edge leaves. Errors: unreadable. */
export async function reduceImage(image: OpenImage, by: number): Promise<DecodedImage> {
  const { channels, bitDepth } = image;
  const [width, height] = [Math.ceil(image.width / by), Math.ceil(image.height / by)];
  const data = samplesOf(bitDepth, width * height * channels);
  const sums = new Float64Array(width * channels);
  let rowsSummed = 0;
  let y = 0;
  const finishRow = () => {
    for (let x = 0; x < width; x++) {
      const pixels = rowsSummed * Math.min(by, image.width - x * by);
      for (let c = x * channels; c < (x + 1) * channels; c++) {
        const mean = (sums[c] ?? 0) / pixels;
        data[y * width * channels + c] = bitDepth === 32 ? mean : Math.round(mean);
      }
    }
    sums.fill(0);
    rowsSummed = 0;
    y++;
  };
  const length = image.width * channels;
  const notes = await image.readThrough((rows) => {
    for (let at = 0; at < rows.length; at += length) {
      for (let x = 0; x < image.width; x++) {
        const to = Math.floor(x / by) * channels;
        const from = at + x * channels;
        for (let c = 0; c < channels; c++)
          sums[to + c] = (sums[to + c] ?? 0) + (rows[from + c] ?? 0);
      }
      rowsSummed++;
      if (rowsSummed === by) finishRow();
    }
  });
  if (rowsSummed > 0) finishRow();
  return { width, height, channels, bitDepth, data, notes };
}

/** The label in the middle of every `by` × `by` pixels. */
export function reduceLabels(map: LabelMap, by: number): LabelMap {
  if (by === 1) return map;
  const [width, height] = [Math.ceil(map.width / by), Math.ceil(map.height / by)];
  const data = new Uint8Array(width * height);
  const middle = (at: number, extent: number) => Math.min(extent - 1, at * by + (by >> 1));
  for (let y = 0; y < height; y++) {
    const row = middle(y, map.height) * map.width;
    for (let x = 0; x < width; x++) data[y * width + x] = map.data[row + middle(x, map.width)] ?? 0;
  }
  return { width, height, data };
}
