/** Which class the objects have that look most like one: by size, and by how bright and how varied it is in each channel. */
import type { ImagePixels } from '../display.ts';
import type { LabelMap } from '../label-map.ts';
import { forEachSpan } from '../mask-runs.ts';
import { componentsOf } from '../objects/components.ts';
import type { Ground } from '../objects/rules.ts';

/** Of an object: the logarithm of its pixels, then mean and standard deviation of each channel's samples as stored. */
export type ObjectLook = Float64Array;

export interface KnownLook {
  readonly look: ObjectLook;
  /** Its class. */
  readonly value: number;
}

export interface AlikeClass {
  readonly value: number;
  /** How many of the most alike objects are of it, and of how many. */
  readonly votes: number;
  readonly of: number;
}

/** Objects that are asked. */
const NEAREST = 7;
/** Fewer say nothing. */
const LEAST_KNOWN = 4;
/** So many of them have to agree. */
const LEAST_SHARE = 2 / 3;

/** Sums of the samples of many objects, by the number of each from 0. */
class LookSums {
  readonly #channels: number;
  readonly #pixels: Float64Array;
  /** [objects, channels] */
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;

  constructor(objects: number, channels: number) {
    this.#channels = channels;
    this.#pixels = new Float64Array(objects);
    this.#sums = new Float64Array(objects * channels);
    this.#squares = new Float64Array(objects * channels);
  }

  /** Pixels of one object, one after the other. */
  add(object: number, data: ImagePixels['data'], from: number, to: number): void {
    const channels = this.#channels;
    this.#pixels[object] = (this.#pixels[object] ?? 0) + to - from;
    for (let channel = 0; channel < channels; channel++) {
      let [sum, squares] = [0, 0];
      for (let at = from * channels + channel; at < to * channels; at += channels) {
        const sample = data[at] ?? 0;
        if (!Number.isFinite(sample)) continue;
        sum += sample;
        squares += sample * sample;
      }
      const at = object * channels + channel;
      this.#sums[at] = (this.#sums[at] ?? 0) + sum;
      this.#squares[at] = (this.#squares[at] ?? 0) + squares;
    }
  }

  look(object: number): ObjectLook {
    const channels = this.#channels;
    const pixels = Math.max(1, this.#pixels[object] ?? 0);
    const look = new Float64Array(1 + 2 * channels);
    look[0] = Math.log(pixels);
    for (let channel = 0; channel < channels; channel++) {
      const at = object * channels + channel;
      const mean = (this.#sums[at] ?? 0) / pixels;
      look[1 + channel] = mean;
      look[1 + channels + channel] = Math.sqrt(
        Math.max(0, (this.#squares[at] ?? 0) / pixels - mean * mean),
      );
    }
    return look;
  }
}

/** How a shape looks; null where none of it lies in the image. */
export function lookOf(
  { width, height, channels, data }: ImagePixels,
  shape: {
    readonly region: { readonly left: number; readonly top: number; readonly width: number };
    readonly runs: readonly number[];
  },
): ObjectLook | null {
  const sums = new LookSums(1, channels);
  const { left, top } = shape.region;
  let covered = 0;
  forEachSpan(shape.runs, shape.region.width, (y, x0, x1) => {
    const row = top + y;
    const [from, to] = [Math.max(0, left + x0), Math.min(width, left + x1)];
    if (row < 0 || row >= height || from >= to) return;
    sums.add(0, data, row * width + from, row * width + to);
    covered += to - from;
  });
  return covered === 0 ? null : sums.look(0);
}

/** How all objects of a label map look: its connected regions. */
export function looksOf(pixels: ImagePixels, map: LabelMap, ground: Ground): KnownLook[] {
  const { data: numbers } = componentsOf(map, ground);
  const count = numbers.reduce((most, number) => Math.max(most, number), 0);
  const sums = new LookSums(count, pixels.channels);
  const values = new Uint8Array(count);
  for (let from = 0; from < numbers.length;) {
    const number = numbers[from] ?? 0;
    let to = from + 1;
    while (to < numbers.length && numbers[to] === number) to++;
    if (number > 0) {
      sums.add(number - 1, pixels.data, from, to);
      values[number - 1] = map.data[from] ?? 0;
    }
    from = to;
  }
  return Array.from(values, (value, i) => ({ look: sums.look(i), value }));
}

/** null where too few objects are known, all are of one class, or those that are most alike do not agree. */
export function alikeClass(look: ObjectLook, known: readonly KnownLook[]): AlikeClass | null {
  const own = known.filter((one) => one.look.length === look.length);
  if (own.length < LEAST_KNOWN || new Set(own.map(({ value }) => value)).size < 2) return null;
  const scales = look.map((_, i) => {
    const mean = own.reduce((sum, one) => sum + (one.look[i] ?? 0), 0) / own.length;
    const squares = own.reduce((sum, one) => sum + ((one.look[i] ?? 0) - mean) ** 2, 0);
    return Math.sqrt(squares / own.length);
  });
  const far = ({ look: other }: KnownLook) =>
    look.reduce((sum, number, i) => {
      const scale = scales[i] ?? 0;
      return scale > 0 ? sum + ((number - (other[i] ?? 0)) / scale) ** 2 : sum;
    }, 0);
  const nearest = own
    .map((one) => ({ value: one.value, far: far(one) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, NEAREST);
  const votes = new Map<number, number>();
  for (const { value } of nearest) votes.set(value, (votes.get(value) ?? 0) + 1);
  const [best] = [...votes].sort(([a, votesA], [b, votesB]) => votesB - votesA || a - b);
  if (best === undefined || best[1] < LEAST_SHARE * nearest.length) return null;
  return { value: best[0], votes: best[1], of: nearest.length };
}
