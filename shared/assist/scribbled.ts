/** Strokes, and labels of other images, as samples: which pixels of a tile a classifier learns from. */
import { IGNORE } from '../entities/data.ts';

/** What a pixel holds that nobody scribbled on. */
export const NO_SCRIBBLE = IGNORE;

/** The same strokes give the same forest. */
export const FOREST_SEED = 1;

/** Pixels of one class in one tile that are learned from: neighbours of a broad stroke say the same again and again. */
const MAX_A_TILE = 2000;
/** Of one class in all, of strokes and of labels each. */
const MAX_A_CLASS = 4000;
/** Pixels of one class in the labels of one image, and tiles that these are taken from. */
const LABELLED = { pixels: 500, tiles: 16 } as const;

/** Images whose labels teach, the last ones that were labelled: less than a megabyte each, of one channel. */
export const MOST_LABELLED = 64;

/** Around a pixel of a label map, to see whether another class is near. */
const NEAR_PX = 3;
const NEIGHBOURS = [
  [-NEAR_PX, 0],
  [NEAR_PX, 0],
  [0, -NEAR_PX],
  [0, NEAR_PX],
] as const;

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

/** A tile of strokes or labels, in pixels; `stride`: from a row to the next. */
interface TileSize {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
}

/** Pixels to learn from, counted row by row, and the class that each was given; in a fixed order. */
interface ChosenPixels {
  readonly pixels: Int32Array;
  readonly values: Uint8Array;
}

function chosenPixels(
  tile: Uint8Array,
  { width, height, stride }: TileSize,
  choose: (own: number[]) => readonly number[],
): ChosenPixels {
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
    for (const pixel of choose(own)) {
      pixels.push(pixel);
      values.push(value);
    }
  }
  return { pixels: Int32Array.from(pixels), values: Uint8Array.from(values) };
}

/** So many, as by chance, in their order. */
const some = (own: readonly number[], most: number): readonly number[] =>
  own.length <= most
    ? own
    : own
        .toSorted((a, b) => scattered(a) - scattered(b))
        .slice(0, most)
        .sort((a, b) => a - b);

/** Of strokes. */
export const scribbledPixels = (tile: Uint8Array, size: TileSize): ChosenPixels =>
  chosenPixels(tile, size, (own) => some(own, MAX_A_TILE));

/**
 * Of a label map, `most` of a class. Half of them are near another class, where there are such: the others say the same
 * again and again, and where a class ends is what is hard to tell.
 */
export function labelledPixels(tile: Uint8Array, size: TileSize, most: number): ChosenPixels {
  const { width, height, stride } = size;
  const isNear = (pixel: number) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const value = tile[y * stride + x];
    return NEIGHBOURS.some(([dx, dy]) => {
      const [tx, ty] = [x + dx, y + dy];
      const isInside = tx >= 0 && ty >= 0 && tx < width && ty < height;
      return isInside && tile[ty * stride + tx] !== value;
    });
  };
  return chosenPixels(tile, size, (own) => {
    const near = some(own.filter(isNear), Math.ceil(most / 2));
    const chosen = new Set(near);
    const others = own.filter((pixel) => !chosen.has(pixel));
    return [...near, ...some(others, most - near.length)].sort((a, b) => a - b);
  });
}

/**
 * Tiles of a label map to learn from, and pixels of a class in each: as many of a small image as of a large one. Tiles that
 * may hold several classes come before those of one.
 */
export function labelledTiles(
  count: number,
  isUniform: (tile: number) => boolean,
): { readonly tiles: readonly number[]; readonly most: number } {
  const tiles = Array.from({ length: count }, (_, tile) => tile)
    .sort((a, b) => Number(isUniform(a)) - Number(isUniform(b)) || scattered(a) - scattered(b))
    .slice(0, LABELLED.tiles)
    .sort((a, b) => a - b);
  return { tiles, most: Math.ceil(LABELLED.pixels / tiles.length) };
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

interface Sample {
  readonly features: Float32Array;
  readonly value: number;
}

/** Of a class with more than so many, every so many-th. */
function thinned(parts: readonly TileSamples[], featureCount: number, most: number): Sample[] {
  const counts = new Map<number, number>();
  for (const { values } of parts) {
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const seen = new Map<number, number>();
  const samples: Sample[] = [];
  for (const part of parts) {
    part.values.forEach((value, i) => {
      const all = counts.get(value) ?? 0;
      const index = seen.get(value) ?? 0;
      seen.set(value, index + 1);
      const wanted = Math.min(all, most);
      // Every so many-th: those at which the count of chosen ones rises.
      if (Math.floor(((index + 1) * wanted) / all) === Math.floor((index * wanted) / all)) return;
      const features = part.features.subarray(i * featureCount, (i + 1) * featureCount);
      samples.push({ features, value });
    });
  }
  return samples;
}

/** How often a stroke counts, up to a number of samples of a class, beside labels of other images. */
const STROKES_COUNT = { times: 16, samples: 8000 } as const;

/**
 * All samples together. `labelled`: of label maps of other images. These are many, and of what is elsewhere: strokes count
 * more often beside them, for a stroke says what was wrong here.
 */
export function scribbledSet(
  parts: readonly TileSamples[],
  featureCount: number,
  labelled: readonly TileSamples[] = [],
): Scribbled {
  const strokes = thinned(parts, featureCount, MAX_A_CLASS);
  const samples = thinned(labelled, featureCount, MAX_A_CLASS);
  const { times, samples: most } = STROKES_COUNT;
  const room = Math.floor(most / Math.max(1, strokes.length));
  const repeats = samples.length === 0 ? 1 : Math.min(times, Math.max(1, room));
  for (let i = 0; i < repeats; i++) samples.push(...strokes);
  const values = [...new Set(samples.map(({ value }) => value))].sort((a, b) => a - b);
  const joined = new Float32Array(samples.length * featureCount);
  samples.forEach(({ features }, i) => joined.set(features, i * featureCount));
  return {
    features: joined,
    classes: Uint8Array.from(samples, ({ value }) => values.indexOf(value)),
    ...{ featureCount, classCount: values.length, values },
  };
}
