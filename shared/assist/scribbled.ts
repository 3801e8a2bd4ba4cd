/** Strokes as samples: which pixels of a tile a classifier learns from. */
import { IGNORE } from '../entities/data.ts';

/** What a pixel holds that nobody scribbled on. */
export const NO_SCRIBBLE = IGNORE;

/** The same strokes give the same forest. */
export const FOREST_SEED = 1;

/** Pixels of one class in one tile that are learned from: neighbours of a broad stroke say the same again and again. */
const MAX_A_TILE = 2000;
/** Of one class in all. */
const MAX_A_CLASS = 4000;

/** A whole number that depends on the place and looks like chance (murmur3's finaliser). */
function scattered(place: number): number {
  let h = place + 0x9e3779b1;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Samples of one tile of one image. */
export interface TileSamples {
  /** [samples, features] */
  readonly features: Float32Array;
  /** Class of each, by its number in the dataset. */
  readonly values: Uint8Array;
}

/** Pixels to learn from, counted row by row, and the class that each was given; in a fixed order. */
export function scribbledPixels(
  tile: Uint8Array,
  {
    width,
    height,
    stride,
  }: { readonly width: number; readonly height: number; readonly stride: number },
): { readonly pixels: Int32Array; readonly values: Uint8Array } {
  const byValue = new Map<number, number[]>();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = tile[y * stride + x] ?? NO_SCRIBBLE;
      if (value === NO_SCRIBBLE) continue;
      const own = byValue.get(value);
      if (own === undefined) byValue.set(value, [y * width + x]);
      else own.push(y * width + x);
    }
  }
  const pixels: number[] = [];
  const values: number[] = [];
  for (const [value, own] of [...byValue].sort(([a], [b]) => a - b)) {
    const some =
      own.length <= MAX_A_TILE
        ? own
        : own
            .sort((a, b) => scattered(a) - scattered(b))
            .slice(0, MAX_A_TILE)
            .sort((a, b) => a - b);
    for (const pixel of some) {
      pixels.push(pixel);
      values.push(value);
    }
  }
  return { pixels: Int32Array.from(pixels), values: Uint8Array.from(values) };
}

/** What a forest learns from, and which class each of its indices is. */
export interface Scribbled {
  readonly features: Float32Array;
  readonly classes: Uint8Array;
  readonly featureCount: number;
  readonly classCount: number;
  /** Class numbers of the dataset, ascending. */
  readonly values: readonly number[];
}

/** All samples together; of a class with very many, every so many-th. */
export function scribbledSet(parts: readonly TileSamples[], featureCount: number): Scribbled {
  const counts = new Map<number, number>();
  for (const { values } of parts) {
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const values = [...counts.keys()].sort((a, b) => a - b);
  const seen = new Map<number, number>();
  const features: Float32Array[] = [];
  const classes: number[] = [];
  for (const part of parts) {
    part.values.forEach((value, i) => {
      const all = counts.get(value) ?? 0;
      const index = seen.get(value) ?? 0;
      seen.set(value, index + 1);
      const wanted = Math.min(all, MAX_A_CLASS);
      // Every so many-th: those at which the count of chosen ones rises.
      if (Math.floor(((index + 1) * wanted) / all) === Math.floor((index * wanted) / all)) return;
      features.push(part.features.subarray(i * featureCount, (i + 1) * featureCount));
      classes.push(values.indexOf(value));
    });
  }
  const joined = new Float32Array(features.length * featureCount);
  features.forEach((row, i) => joined.set(row, i * featureCount));
  return {
    ...{ features: joined, classes: Uint8Array.from(classes) },
    ...{ featureCount, classCount: values.length, values },
  };
}
