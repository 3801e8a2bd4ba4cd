/** Connected regions of equal value in label maps. */
import { BACKGROUND } from '../../shared/entities.ts';
import type { LabelMap } from '../../shared/label-map.ts';

export interface Components {
  /** [height, width]: 0 where nothing is looked for, else the number of the pixel's region from 1. */
  readonly ids: Int32Array;
  /** Value of region i + 1, in the order in which rows meet them. */
  readonly values: readonly number[];
}

/** Stretches of one value in the rows of a map, and the regions that they join to. */
class Stretches {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #values: number[] = [];
  /** An earlier stretch of the same region; itself where it is the first. */
  readonly #earlier: number[] = [];

  get count(): number {
    return this.#starts.length;
  }

  add(start: number, end: number, value: number): void {
    this.#earlier.push(this.#starts.length);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#values.push(value);
  }

  at(i: number): { readonly start: number; readonly end: number; readonly value: number } {
    return { start: this.#starts[i] ?? 0, end: this.#ends[i] ?? 0, value: this.#values[i] ?? 0 };
  }

  /** The first stretch of the region of stretch i. */
  first(i: number): number {
    let first = i;
    for (;;) {
      const earlier = this.#earlier[first] ?? first;
      if (earlier === first) return first;
      // Halves the way for whoever asks next.
      this.#earlier[first] = this.#earlier[earlier] ?? earlier;
      first = earlier;
    }
  }

  join(i: number, j: number): void {
    const [a, b] = [this.first(i), this.first(j)];
    if (a < b) this.#earlier[b] = a;
    else this.#earlier[a] = b;
  }
}

/** Every stretch of the map, joined to those of equal value that touch it in the row above, at corners too. */
function joinedStretches({ width, height, data }: LabelMap, without: number | null): Stretches {
  const stretches = new Stretches();
  let above = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const own = stretches.count;
    const end = row + width;
    for (let at = row; at < end;) {
      const value = data[at] ?? BACKGROUND;
      const start = at++;
      while (at < end && data[at] === value) at++;
      if (value === without) continue;
      stretches.add(start, at, value);
      const current = stretches.count - 1;
      // Those above that end before this one begins touch none of the later ones either.
      while (above < own && stretches.at(above).end + width < start) above++;
      for (let i = above; i < own && stretches.at(i).start + width <= at; i++) {
        if (stretches.at(i).value === value) stretches.join(current, i);
      }
    }
    above = own;
  }
  return stretches;
}

/**
 * Regions of one value whose pixels touch at edges or corners (8-connected).
 * @param without the value that makes no regions; null: every value does.
 */
export function connectedComponents(
  map: LabelMap,
  without: number | null = BACKGROUND,
): Components {
  const stretches = joinedStretches(map, without);
  const ids = new Int32Array(map.data.length);
  const values: number[] = [];
  const idOf = new Int32Array(stretches.count);
  for (let i = 0; i < stretches.count; i++) {
    const { start, end, value } = stretches.at(i);
    const first = stretches.first(i);
    if (first === i) idOf[i] = values.push(value);
    const id = idOf[first] ?? 0;
    idOf[i] = id;
    ids.fill(id, start, end);
  }
  return { ids, values };
}
