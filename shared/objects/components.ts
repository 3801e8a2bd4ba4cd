/** The objects of a label map that has none of its own: its connected regions. */
import type { LabelMap } from '../label-map.ts';
import { regionsOf } from '../regions.ts';
import type { ObjectMap } from './object-map.ts';
import { type Ground, makesObjects } from './rules.ts';

/** No class: all regions are connected by corners as well. */
const NONE = -1;

/**
 * Regions of one class whose pixels touch by a side or a corner, numbered from 1 in the order in which rows meet them.
 * What is background or ignored makes none.
 */
export function componentsOf(map: LabelMap, ground: Ground): ObjectMap {
  const { count, runs, of, value } = regionsOf(map, NONE);
  const numberOf = new Uint32Array(count);
  let next = 1;
  for (let region = 0; region < count; region++) {
    if (makesObjects(value[region] ?? 0, ground)) numberOf[region] = next++;
  }
  const data = new Uint32Array(map.data.length);
  for (let run = 0; run < of.length; run++) {
    const number = numberOf[of[run] ?? 0] ?? 0;
    if (number > 0) data.fill(number, runs[run] ?? 0, runs[run + 1] ?? 0);
  }
  return { width: map.width, height: map.height, data };
}
