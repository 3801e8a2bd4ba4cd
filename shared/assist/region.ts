/**
 * The samples around a part of an image that its features are computed from. Beyond its edges an image goes on mirrored,
 * without end: so what is computed of a pixel depends on its place in the image, and on no tile.
 */
import type { ImagePixels } from '../display.ts';

/** Pixels of an image, x0 ≤ x < x1; may reach beyond it. */
export interface Area {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Samples as stored of an area, mirrored beyond the edges. */
export interface SampleRegion {
  readonly area: Area;
  readonly channels: number;
  /** [height, width, channels] of the area. */
  readonly data: ImagePixels['data'];
}

/** Which pixel of 0 … size − 1 lies at `index` of the mirrored image: c b a | a b c | c b a. */
export function mirrored(index: number, size: number): number {
  const period = 2 * size;
  const at = ((index % period) + period) % period;
  return at < size ? at : period - 1 - at;
}

const emptyLike = (data: ImagePixels['data'], length: number): ImagePixels['data'] => {
  if (data instanceof Uint8Array) return new Uint8Array(length);
  return data instanceof Uint16Array ? new Uint16Array(length) : new Float32Array(length);
};

/** A copy of the samples of an area. */
export function cutRegion(pixels: ImagePixels, area: Area): SampleRegion {
  const { width, height, channels, data } = pixels;
  const columns = area.x1 - area.x0;
  const out = emptyLike(data, columns * (area.y1 - area.y0) * channels);
  const inside = { from: Math.max(0, area.x0), to: Math.min(width, area.x1) };
  for (let y = area.y0, at = 0; y < area.y1; y++, at += columns * channels) {
    const row = mirrored(y, height) * width;
    if (inside.from < inside.to) {
      out.set(
        data.subarray((row + inside.from) * channels, (row + inside.to) * channels),
        at + (inside.from - area.x0) * channels,
      );
    }
    for (let x = area.x0; x < area.x1; x++) {
      if (x === inside.from && inside.from < inside.to) x = inside.to;
      if (x >= area.x1) break;
      const from = (row + mirrored(x, width)) * channels;
      const to = at + (x - area.x0) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c] ?? 0;
    }
  }
  return { area, channels, data: out };
}

/** One channel as numbers; what is no number counts as 0. [height · width] */
export function channelOf({ data, channels }: SampleRegion, channel: number): Float32Array {
  const plane = new Float32Array(data.length / channels);
  for (let i = 0, from = channel; i < plane.length; i++, from += channels) {
    const value = data[from] ?? 0;
    plane[i] = Number.isFinite(value) ? value : 0;
  }
  return plane;
}
