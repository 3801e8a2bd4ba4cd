/** Tells touching objects apart: a watershed (watershed.ts) on the distance to the boundary, in which necks decide. */
import { squaredDistances } from './distance.ts';
import { MAX_OBJECT, NO_OBJECT, type ObjectMap } from './object-map.ts';
import { type Flooded, flooded } from './watershed.ts';

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

/**
 * The largest part of an object keeps its number, the others get the next free ones, in the order in which rows meet them.
 * Of an object that lies apart in several pieces each piece is an object afterwards. The same map gives the same parts.
 */
export function splitTouching(map: ObjectMap, options: SplitOptions): SplitObjects {
  const { neck, smallestPx, only } = options;
  return numbered(
    map,
    flooded(map, {
      levels: squaredDistances(map),
      depthOf: Math.sqrt,
      wanted: (object) => only === undefined || only.has(object),
      isApart: ({ depth, peak }) => depth <= neck * peak && Math.PI * peak ** 2 >= smallestPx,
    }),
  );
}

function numbered(map: ObjectMap, { basinAt, pixelsOf }: Flooded): SplitObjects {
  const { width, height, data } = map;
  /** The parts of each object, in the order in which rows meet them. */
  const partsOf = new Map<number, number[]>();
  let largest = 0;
  const seen = new Set<number>();
  for (let i = 0; i < data.length; i++) {
    const object = data[i] ?? NO_OBJECT;
    if (object > largest) largest = object;
    const basin = basinAt(i);
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
    const main = parts.reduce((best, one) => (pixelsOf(one) > pixelsOf(best) ? one : best));
    for (const part of parts) if (part !== main) numberOf.set(part, free());
  }
  if (numberOf.size === 0) return { objects: map, split: [], added: 0 };
  const out = data.slice();
  for (let i = 0; i < out.length; i++) {
    const number = numberOf.get(basinAt(i));
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
