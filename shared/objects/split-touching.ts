/**
 * Tells touching objects apart: a watershed on the distance to the boundary. The water rises from the middle of each part;
 * where two parts meet, the neck between them decides whether they are one. One pass over the pixels from the inside out, so
 * that no marker is chosen beforehand (the basins of Beucher and Lantuéjoul, 1979, merged by the dynamics of Grimaud, 1992).
 */
import { squaredDistances } from './distance.ts';
import { MAX_OBJECT, NO_OBJECT, type ObjectMap } from './object-map.ts';

export interface SplitOptions {
  /**
   * Two parts are two objects where the neck between them is at most this share of the width of the slimmer one, 0 … 1. The
   * larger, the more is split.
   */
  readonly neck: number;
  /** A part in which no disc of so many pixels has room is no object of its own. */
  readonly smallestPx: number;
  /** These alone; left out: all objects. */
  readonly only?: ReadonlySet<number>;
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

/** Neighbours of a pixel by side and corner. */
const AROUND = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [-1, 0],
  [1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
] as const;

/**
 * The largest part of an object keeps its number, the others get the next free ones, in the order in which rows meet them.
 * Of an object that lies apart in several pieces each piece is an object afterwards. The same map gives the same parts.
 */
export function splitTouching(map: ObjectMap, options: SplitOptions): SplitObjects {
  const { width, height, data } = map;
  const wanted = (object: number) =>
    object !== NO_OBJECT && (options.only === undefined || options.only.has(object));
  const distances = squaredDistances(map);
  const order = insideOut(map, { distances, wanted });
  const basins = new Basins();
  /** Basin of each pixel that the water has reached, from 1. */
  const basinOf = new Int32Array(data.length);
  for (const pixel of order) {
    const object = data[pixel] ?? NO_OBJECT;
    const depth = Math.sqrt(distances[pixel] ?? 0);
    const x = pixel % width;
    const y = (pixel - x) / width;
    let own = 0;
    let deepest = -1;
    for (const [dx, dy] of AROUND) {
      const [nx, ny] = [x + dx, y + dy];
      if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
      const near = ny * width + nx;
      const basin = basins.root(basinOf[near] ?? 0);
      if (basin === 0 || data[near] !== object) continue;
      if (own !== 0 && basins.root(own) !== basin) {
        basins.meet(basins.root(own), basin, { depth, ...options });
      }
      const inside = distances[near] ?? 0;
      if (inside > deepest) {
        deepest = inside;
        own = basin;
      }
    }
    const found = own === 0 ? basins.begin(depth) : basins.root(own);
    basinOf[pixel] = found;
    basins.grow(found);
  }
  return numbered(map, { basinOf, basins });
}

/** Pixels of the wanted objects by falling distance, in the order of rows where it is equal. */
function insideOut(
  { data }: ObjectMap,
  {
    distances,
    wanted,
  }: { readonly distances: Float32Array; readonly wanted: (object: number) => boolean },
): Int32Array {
  let count = 0;
  let top = 0;
  let last = { object: NO_OBJECT, isWanted: false };
  const isWanted = (object: number) => {
    if (object !== last.object) last = { object, isWanted: wanted(object) };
    return last.isWanted;
  };
  for (let i = 0; i < data.length; i++) {
    if (!isWanted(data[i] ?? NO_OBJECT)) continue;
    count++;
    top = Math.max(top, distances[i] ?? 0);
  }
  // Squared distances are whole numbers: sorted by counting.
  const begins = new Int32Array(top + 2);
  for (let i = 0; i < data.length; i++) {
    if (!isWanted(data[i] ?? NO_OBJECT)) continue;
    const place = top - (distances[i] ?? 0) + 1;
    begins[place] = (begins[place] ?? 0) + 1;
  }
  for (let i = 1; i < begins.length; i++) begins[i] = (begins[i] ?? 0) + (begins[i - 1] ?? 0);
  const order = new Int32Array(count);
  for (let i = 0; i < data.length; i++) {
    if (!isWanted(data[i] ?? NO_OBJECT)) continue;
    const place = top - (distances[i] ?? 0);
    const at = begins[place] ?? 0;
    order[at] = i;
    begins[place] = at + 1;
  }
  return order;
}

/** Parts of objects that grow and meet. */
class Basins {
  /** The basin that each has become a part of; itself where it is whole. Place 0 is none. */
  readonly #into: number[] = [0];
  readonly #peak: number[] = [0];
  readonly #pixels: number[] = [0];

  begin(peak: number): number {
    this.#peak.push(peak);
    this.#pixels.push(0);
    return this.#into.push(this.#into.length) - 1;
  }

  grow(basin: number): void {
    this.#pixels[basin] = (this.#pixels[basin] ?? 0) + 1;
  }

  root(basin: number): number {
    let root = basin;
    while (this.#into[root] !== root) {
      const next = this.#into[root] ?? 0;
      this.#into[root] = this.#into[next] ?? 0;
      root = next;
    }
    return root;
  }

  /** Two parts meet `depth` inside: they become one, or stay two for good. */
  meet(a: number, b: number, { depth, neck, smallestPx }: SplitOptions & { depth: number }): void {
    const [peakA, peakB] = [this.#peak[a] ?? 0, this.#peak[b] ?? 0];
    const [low, high] = peakA < peakB || (peakA === peakB && a > b) ? [a, b] : [b, a];
    const isSlim = depth <= neck * (this.#peak[low] ?? 0);
    const isLarge = Math.PI * (this.#peak[low] ?? 0) ** 2 >= smallestPx;
    if (isSlim && isLarge) return;
    this.#into[low] = high;
    this.#pixels[high] = (this.#pixels[high] ?? 0) + (this.#pixels[low] ?? 0);
  }

  pixels(basin: number): number {
    return this.#pixels[basin] ?? 0;
  }
}

function numbered(
  map: ObjectMap,
  { basinOf, basins }: { readonly basinOf: Int32Array; readonly basins: Basins },
): SplitObjects {
  const { width, height, data } = map;
  /** The parts of each object, in the order in which rows meet them. */
  const partsOf = new Map<number, number[]>();
  let largest = 0;
  const seen = new Set<number>();
  for (let i = 0; i < data.length; i++) {
    const object = data[i] ?? NO_OBJECT;
    if (object > largest) largest = object;
    const basin = basins.root(basinOf[i] ?? 0);
    if (basin === 0 || seen.has(basin)) continue;
    seen.add(basin);
    const parts = partsOf.get(object);
    if (parts === undefined) partsOf.set(object, [basin]);
    else parts.push(basin);
  }
  const apart = [...partsOf].filter(([, parts]) => parts.length > 1).sort(([a], [b]) => a - b);
  const numberOf = new Map<number, number>();
  const free = freeNumbers(data, largest);
  for (const [, parts] of apart) {
    const main = parts.reduce((best, one) =>
      basins.pixels(one) > basins.pixels(best) ? one : best,
    );
    for (const part of parts) if (part !== main) numberOf.set(part, free());
  }
  if (numberOf.size === 0) return { objects: map, split: [], added: 0 };
  const out = data.slice();
  for (let i = 0; i < out.length; i++) {
    const basin = basinOf[i] ?? 0;
    if (basin === 0) continue;
    const number = numberOf.get(basins.root(basin));
    if (number !== undefined) out[i] = number;
  }
  const split = apart.map(([object]) => object);
  return { objects: { width, height, data: out }, split, added: numberOf.size };
}

/** Numbers that no object has: beyond the largest, and where there is nothing beyond it, those that are left out. */
function freeNumbers(data: Uint32Array, largest: number): () => number {
  let next = largest;
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
