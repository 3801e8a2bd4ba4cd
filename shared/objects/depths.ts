/**
 * How deep inside its object a pixel lies, as networks learn it, and how what one predicts takes objects apart
 * (docs/objects.md). Depths are relative: the distance to the boundary over the largest of the same object, in 8 bits. So an
 * object has 255 in its middle, however large it is, and flips, turns and changes of scale leave depths as they are.
 */
import type { LabelMap } from '../label-map.ts';
import { componentsOf } from './components.ts';
import { squaredDistances } from './distance.ts';
import { NO_OBJECT, type ObjectMap } from './object-map.ts';
import type { Ground } from './rules.ts';
import { flooded } from './watershed.ts';

/** Depth in the middle of an object. */
export const DEEPEST = 255;

/** Of each pixel: 0 outside of objects, else 1 … DEEPEST. What lies beyond the edge of the map bounds nothing. [height · width] */
export function relativeDepths(map: ObjectMap): Uint8Array {
  const { data } = map;
  const distances = squaredDistances(map);
  const largest = new Map<number, number>();
  for (let i = 0; i < data.length; i++) {
    const object = data[i] ?? NO_OBJECT;
    if (object === NO_OBJECT) continue;
    const distance = distances[i] ?? 0;
    if (distance > (largest.get(object) ?? 0)) largest.set(object, distance);
  }
  return Uint8Array.from(data, (object, i) => {
    if (object === NO_OBJECT) return 0;
    const share = Math.sqrt((distances[i] ?? 0) / (largest.get(object) ?? 1));
    return Math.max(1, Math.round(DEEPEST * share));
  });
}

export interface ApartOptions {
  /** Two parts are two objects where what lies between them is at most this share as deep as the shallower one, 0 … 1. */
  readonly neck: number;
  /** A part that is nowhere so deep, in 0 … 1, is no object of its own. */
  readonly middle: number;
}

/** What images of validation chose (test/bench/touching.ts); how much hangs on it says docs/objects.md. */
const DEFAULT_APART = { neck: 0.9, middle: 0.5 } as const satisfies ApartOptions;

/**
 * Objects of a predicted label map: its connected regions, taken apart where the predicted depths have a valley. Every pixel
 * that can be of an object is of one; numbers from 1 on in the order in which rows meet them. The same maps give the same objects.
 */
export function objectsByDepth(
  map: LabelMap,
  depths: Uint8Array,
  options: Ground & Partial<ApartOptions>,
): ObjectMap {
  const { neck = DEFAULT_APART.neck, middle = DEFAULT_APART.middle } = options;
  const regions = componentsOf(map, options);
  const { basinAt } = flooded(regions, {
    levels: depths,
    depthOf: (level) => level / DEEPEST,
    wanted: () => true,
    isApart: ({ depth, peak }) => depth <= neck * peak && peak >= middle,
  });
  const numberOf = new Map<number, number>();
  const data = regions.data.map((region, i) => {
    if (region === NO_OBJECT) return NO_OBJECT;
    const part = basinAt(i);
    const known = numberOf.get(part);
    if (known !== undefined) return known;
    numberOf.set(part, numberOf.size + 1);
    return numberOf.size;
  });
  return { width: map.width, height: map.height, data };
}
