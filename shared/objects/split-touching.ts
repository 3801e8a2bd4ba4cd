/**
 * Tells touching objects apart: a watershed (watershed.ts) on the distance to the boundary, in which necks decide. Each
 * connected piece by itself, so that what it takes of memory grows with the largest of them.
 */
import { regionsOf } from '../regions.ts';
import { squaredDistances } from './distance.ts';
import { MAX_OBJECT, NO_OBJECT, type ObjectMap } from './object-map.ts';
import { flooded } from './watershed.ts';

export interface NeckRule {
  /**
   * Two parts are two objects where the neck between them is at most this share of the width of the slimmer one, 0 … 1. The
   * larger, the more is split.
   */
  readonly neck: number;
  /** A part in which no disc of so many pixels has room is no object of its own. */
  readonly smallestPx: number;
}

export interface SplitOptions extends NeckRule {
  /** These alone; left out: all objects. */
  readonly only?: ReadonlySet<number>;
  /** Told of the share of the pixels that were looked at, 0 … 1. */
  readonly onShare?: (share: number) => void;
}

/** What splits most nuclei that touch, and few that are only bent. */
export const DEFAULT_SPLIT = { neck: 0.85, smallestPx: 20 } as const satisfies SplitOptions;

export interface SplitObjects {
  readonly objects: ObjectMap;
  /** Numbers of the objects that came apart, ascending. */
  readonly split: readonly number[];
  /** How many objects there are more than before. */
  readonly added: number;
}

/** A rectangle of a map: 1 is of the piece. */
interface Piece {
  readonly width: number;
  readonly height: number;
  /** [height · width] */
  readonly data: Uint8Array;
}

/** No object: all pieces are connected by corners as well. */
const NONE = -1;

/** The connected pieces of a map, each with its runs. */
class Pieces {
  readonly #map: ObjectMap;
  readonly #runs: Int32Array;
  /** Runs gathered by piece, and where those of each begin. */
  readonly #gathered: Int32Array;
  readonly #first: Int32Array;
  /** Object of each piece, in the order in which rows meet them. */
  readonly objects: Uint32Array;
  readonly #pixels: Int32Array;

  constructor(map: ObjectMap) {
    const { count, runs, of, value, pixels } = regionsOf(map, NONE);
    this.#map = map;
    this.#runs = runs;
    this.objects = value;
    this.#pixels = pixels;
    this.#first = new Int32Array(count + 1);
    for (const piece of of) this.#first[piece + 1] = (this.#first[piece + 1] ?? 0) + 1;
    for (let piece = 0; piece < count; piece++) {
      this.#first[piece + 1] = (this.#first[piece + 1] ?? 0) + (this.#first[piece] ?? 0);
    }
    const next = this.#first.slice();
    this.#gathered = new Int32Array(of.length);
    for (let run = 0; run < of.length; run++) {
      const piece = of[run] ?? 0;
      const at = next[piece] ?? 0;
      next[piece] = at + 1;
      this.#gathered[at] = run;
    }
  }

  sizeOf(piece: number): number {
    return this.#pixels[piece] ?? 0;
  }

  /** First pixel and end of each run of a piece. */
  forEachRun(piece: number, visit: (start: number, end: number) => void): void {
    const end = this.#first[piece + 1] ?? 0;
    for (let at = this.#first[piece] ?? 0; at < end; at++) {
      const run = this.#gathered[at] ?? 0;
      visit(this.#runs[run] ?? 0, this.#runs[run + 1] ?? 0);
    }
  }

  /** A piece in its box, with a pixel around it where the map goes on; and where a pixel of the map is in it. */
  cut(piece: number): { readonly cut: Piece; readonly at: (pixel: number) => number } {
    const { width, height } = this.#map;
    let [x0, y0, x1, y1] = [width, height, 0, 0];
    this.forEachRun(piece, (start, end) => {
      const y = Math.floor(start / width);
      [x0, x1] = [Math.min(x0, start - y * width), Math.max(x1, end - y * width)];
      [y0, y1] = [Math.min(y0, y), Math.max(y1, y + 1)];
    });
    const [left, top] = [Math.max(0, x0 - 1), Math.max(0, y0 - 1)];
    const across = Math.min(width, x1 + 1) - left;
    const down = Math.min(height, y1 + 1) - top;
    const data = new Uint8Array(across * down);
    const at = (pixel: number) => {
      const y = Math.floor(pixel / width);
      return (y - top) * across + pixel - y * width - left;
    };
    this.forEachRun(piece, (start, end) => data.fill(1, at(start), at(start) + end - start));
    return { cut: { width: across, height: down, data }, at };
  }
}

interface Parts {
  /** Of each part from 1 on, in the order in which rows meet them; place 0 is none. */
  readonly pixels: readonly number[];
  /** Of a pixel of the piece. */
  readonly at: (pixel: number) => number;
}

function partsOf(
  piece: Piece,
  { neck, smallestPx }: NeckRule,
  onPixels: (count: number) => void,
): Parts {
  const { basinAt, pixelsOf } = flooded(piece, {
    levels: squaredDistances(piece),
    depthOf: Math.sqrt,
    wanted: () => true,
    isApart: ({ depth, peak }) => depth <= neck * peak && Math.PI * peak ** 2 >= smallestPx,
    onPixels,
  });
  const partOf = new Map<number, number>();
  const pixels = [0];
  // Neighbours are of one mostly.
  let last = { basin: 0, part: 0 };
  for (let i = 0; i < piece.data.length; i++) {
    const basin = piece.data[i] === 1 ? basinAt(i) : 0;
    if (basin !== 0 && !partOf.has(basin)) partOf.set(basin, pixels.push(pixelsOf(basin)) - 1);
  }
  const at = (pixel: number) => {
    const basin = basinAt(pixel);
    if (basin !== last.basin) last = { basin, part: partOf.get(basin) ?? 0 };
    return last.part;
  };
  return { pixels, at };
}

interface Part {
  /** Its first pixel, row-major. */
  readonly first: number;
  readonly pixels: number;
}

/**
 * The largest part of an object keeps its number, the others get the next free ones, in the order in which rows meet them.
 * Of an object that lies apart in several pieces each piece is an object afterwards. The same map gives the same parts.
 */
export function splitTouching(map: ObjectMap, options: SplitOptions): SplitObjects {
  const pieces = new Pieces(map);
  const { only } = options;
  const isWanted = (object: number) => object !== NO_OBJECT && (only?.has(object) ?? true);
  const wanted = [...Map.groupBy(pieces.objects.keys(), (piece) => pieces.objects[piece] ?? 0)]
    .filter(([object]) => isWanted(object))
    .sort(([a], [b]) => a - b);
  const total = wanted.flatMap(([, own]) => own).reduce((sum, one) => sum + pieces.sizeOf(one), 0);
  const looked = createCount(total, options.onShare);
  const free = freeNumbers(map.data, pieces.objects);
  const split: number[] = [];
  let added = 0;
  let out: Uint32Array | null = null;
  for (const [object, own] of wanted) {
    const parts: Part[] = [];
    for (const piece of own) {
      const placed = pieces.cut(piece);
      const { at, pixels } = partsOf(placed.cut, options, looked.more);
      looked.through(pieces.sizeOf(piece));
      const before = parts.length;
      for (const size of pixels.slice(1)) parts.push({ first: -1, pixels: size });
      if (own.length === 1 && parts.length === 1) break;
      out ??= map.data.slice();
      // Numbers of parts for the moment.
      const into = out;
      pieces.forEachRun(piece, (start, end) => {
        let local = placed.at(start);
        for (let i = start; i < end; i++, local++) {
          const part = before + at(local);
          into[i] = part;
          const known = parts[part - 1];
          if (known?.first === -1) parts[part - 1] = { ...known, first: i };
        }
      });
    }
    if (out === null || parts.length < 2) continue;
    const numbers = numbersFor(object, parts, free);
    const into = out;
    for (const piece of own) {
      pieces.forEachRun(piece, (start, end) => {
        for (let i = start; i < end; i++) into[i] = numbers[(into[i] ?? 0) - 1] ?? object;
      });
    }
    split.push(object);
    added += parts.length - 1;
  }
  const { width, height } = map;
  return { objects: out === null ? map : { width, height, data: out }, split, added };
}

/** The number of each part: the largest, of equal ones the first, keeps that of the object. */
function numbersFor(object: number, parts: readonly Part[], free: () => number): number[] {
  const inRows = [...parts.keys()].sort((a, b) => (parts[a]?.first ?? 0) - (parts[b]?.first ?? 0));
  const main = inRows.reduce((best, one) =>
    (parts[one]?.pixels ?? 0) > (parts[best]?.pixels ?? 0) ? one : best,
  );
  const numbers = parts.map(() => object);
  for (const part of inRows) if (part !== main) numbers[part] = free();
  return numbers;
}

/** Tells of what was looked at as a share. */
function createCount(total: number, onShare: SplitOptions['onShare']) {
  /** Of whole pieces, and with what was looked at of the next one. */
  let [whole, all] = [0, 0];
  const tell = () => onShare?.(all / total);
  return {
    more: (count: number): void => {
      all += count;
      tell();
    },
    through: (count: number): void => {
      whole += count;
      all = whole;
      tell();
    },
  };
}

/** Numbers that no object has: beyond the largest, and where there is nothing beyond it, those that are left out. */
function freeNumbers(data: Uint32Array, objects: Uint32Array): () => number {
  let next = objects.reduce((most, object) => Math.max(most, object), NO_OBJECT);
  let lowest = 0;
  let taken: Set<number> | null = null;
  return () => {
    if (next < MAX_OBJECT) return ++next;
    taken ??= new Set(data);
    do lowest++;
    while (taken.has(lowest));
    return lowest;
  };
}
