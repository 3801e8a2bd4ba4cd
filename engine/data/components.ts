/** Connected regions of equal value in label maps. */
import { BACKGROUND } from '../../shared/entities.ts';
import type { LabelMap } from '../../shared/label-map.ts';

export interface Components {
  /** [height, width]: 0 on the background, else the number of the pixel's region from 1. */
  readonly ids: Int32Array;
  /** Value of region i + 1, in the order in which rows meet them. */
  readonly values: readonly number[];
}

/** Regions of one value whose pixels touch at edges or corners (8-connected). */
export function connectedComponents(map: LabelMap): Components {
  const { width, height, data } = map;
  const ids = new Int32Array(data.length);
  const values: number[] = [];
  const stack: number[] = [];
  for (let start = 0; start < data.length; start++) {
    const value = data[start] ?? BACKGROUND;
    if (value === BACKGROUND || ids[start] !== 0) continue;
    values.push(value);
    const id = values.length;
    ids[start] = id;
    stack.push(start);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const neighbour = ny * width + nx;
          if (data[neighbour] !== value || ids[neighbour] !== 0) continue;
          ids[neighbour] = id;
          stack.push(neighbour);
        }
      }
    }
  }
  return { ids, values };
}
