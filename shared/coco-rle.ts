/**
 * COCO's run-length encoding of binary masks, as pycocotools reads and writes it: runs alternate
 * zeros and ones, begin with zeros (perhaps none of them) and go down the columns, from left to right.
 * Our own code of label maps is in label-map.ts.
 */
import { MAX_LABEL_MAP_PIXELS } from './label-map.ts';

/** [height, width] in pixels, in COCO's order. */
export type CocoSize = readonly [number, number];

export interface CocoRle {
  readonly size: CocoSize;
  /** Run lengths, or pycocotools' compressed string of them. */
  readonly counts: readonly number[] | string;
}

export type Runs =
  | { readonly ok: true; readonly counts: readonly number[] }
  | { readonly ok: false; readonly reason: string };

/** Five bits a character from '0' on: bit 5 says that more follow, bit 4 of the last is the sign. */
const FIRST_CHAR = 48;
const CONTINUES = 0x20;
const SIGN = 0x10;
const BITS = 5;
/** 7 × 5 bits hold every difference of two runs. */
const MAX_CHARS_PER_RUN = 7;

/** Compressed string → run lengths, unchecked against a size. */
function decompress(text: string): Runs {
  const counts: number[] = [];
  let at = 0;
  while (at < text.length) {
    let value = 0;
    for (let chars = 0; ; chars++) {
      const c = text.charCodeAt(at) - FIRST_CHAR;
      if (at >= text.length) return { ok: false, reason: 'the compressed counts are cut off' };
      if (c < 0 || c > 63) {
        return {
          ok: false,
          reason: `the compressed counts hold the character '${text[at] ?? ''}'`,
        };
      }
      if (chars >= MAX_CHARS_PER_RUN)
        return { ok: false, reason: 'a compressed count is too long' };
      at++;
      // Powers instead of shifts: 35 bits do not fit the 32 of shifts.
      value += (c & 31) * 2 ** (BITS * chars);
      if ((c & CONTINUES) === 0) {
        if ((c & SIGN) !== 0) value -= 2 ** (BITS * (chars + 1));
        break;
      }
    }
    // From the fourth run on, the difference to the run before last.
    counts.push(counts.length > 2 ? value + (counts.at(-2) ?? 0) : value);
  }
  return { ok: true, counts };
}

/** Run lengths → pycocotools' compressed string. */
export function compressCocoCounts(counts: readonly number[]): string {
  let text = '';
  for (let i = 0; i < counts.length; i++) {
    let value = (counts[i] ?? 0) - (i > 2 ? (counts[i - 2] ?? 0) : 0);
    for (;;) {
      const c = value & 31;
      value >>= BITS;
      const done = (c & SIGN) !== 0 ? value === -1 : value === 0;
      text += String.fromCharCode(FIRST_CHAR + (done ? c : c | CONTINUES));
      if (done) break;
    }
  }
  return text;
}

/** Run lengths that are whole, not negative, and fill the size exactly; everything else is refused. */
export function cocoRuns(rle: CocoRle): Runs {
  const [height, width] = rle.size;
  const whole = [height, width].every((side) => Number.isInteger(side) && side > 0);
  if (!whole || height * width > MAX_LABEL_MAP_PIXELS) {
    return { ok: false, reason: `its size is ${height} × ${width}` };
  }
  const runs: Runs =
    typeof rle.counts === 'string' ? decompress(rle.counts) : { ok: true, counts: rle.counts };
  if (!runs.ok) return runs;
  let sum = 0;
  for (const count of runs.counts) {
    if (!Number.isInteger(count) || count < 0)
      return { ok: false, reason: `a run is ${count} long` };
    sum += count;
  }
  const size = height * width;
  if (sum !== size) return { ok: false, reason: `its runs cover ${sum} of ${size} pixels` };
  return runs;
}

/** Number of ones. */
export function cocoArea(counts: readonly number[]): number {
  let area = 0;
  for (let i = 1; i < counts.length; i += 2) area += counts[i] ?? 0;
  return area;
}

/** [x, y, width, height] of the ones; all 0 where there are none. */
export function cocoBox(
  counts: readonly number[],
  size: CocoSize,
): [number, number, number, number] {
  const [height] = size;
  let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
  forEachRun(counts, (start, end) => {
    const first = Math.floor(start / height);
    const last = Math.floor((end - 1) / height);
    left = Math.min(left, first);
    right = Math.max(right, last);
    top = first === last ? Math.min(top, start % height) : 0;
    bottom = first === last ? Math.max(bottom, (end - 1) % height) : height - 1;
  });
  return right < 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}

/** Start and end (exclusive) of every run of ones, in column-major order. */
function forEachRun(counts: readonly number[], visit: (start: number, end: number) => void): void {
  let at = 0;
  for (let i = 0; i < counts.length; i++) {
    const end = at + (counts[i] ?? 0);
    if (i % 2 === 1 && end > at) visit(at, end);
    at = end;
  }
}

/** Row-major index (y · width + x) of every one of checked runs, column by column. */
export function forEachCocoPixel(
  counts: readonly number[],
  size: CocoSize,
  visit: (index: number) => void,
): void {
  const [height, width] = size;
  forEachRun(counts, (start, end) => {
    let y = start % height;
    let index = y * width + Math.floor(start / height);
    for (let i = start; i < end; i++) {
      visit(index);
      index += width;
      if (++y === height) {
        y = 0;
        index -= height * width - 1;
      }
    }
  });
}

/**
 * Run lengths of every value but 0 in a row-major [height, width] map, in one pass: classes of a label
 * map, or the numbers of its objects.
 */
export function encodeCocoRuns(
  values: Uint8Array | Int32Array | Uint32Array,
  size: CocoSize,
): Map<number, number[]> {
  const [height, width] = size;
  const runs = new Map<number, { counts: number[]; end: number }>();
  /** Ones of `value` from `start` to `end`, in column-major order. */
  const append = (value: number, start: number, end: number) => {
    let run = runs.get(value);
    if (run === undefined) {
      run = { counts: [], end: 0 };
      runs.set(value, run);
    }
    run.counts.push(start - run.end, end - start);
    run.end = end;
  };
  let current = 0;
  let start = 0;
  let at = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++, at++) {
      const value = values[y * width + x] ?? 0;
      if (value === current) continue;
      if (current !== 0) append(current, start, at);
      current = value;
      start = at;
    }
  }
  if (current !== 0) append(current, start, at);
  const pixels = height * width;
  for (const { counts, end } of runs.values()) if (end < pixels) counts.push(pixels - end);
  return new Map([...runs].map(([value, { counts }]) => [value, counts]));
}
