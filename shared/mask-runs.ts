/**
 * A shape in a rectangle of pixels, as run lengths in the order in which one reads: outside, inside, outside … The first
 * may be 0. Where the last run ends, the rest is outside.
 */

/** Calls `visit` for every run inside the shape, row by row: x0 ≤ x < x1. */
export function forEachSpan(
  runs: readonly number[],
  width: number,
  visit: (y: number, x0: number, x1: number) => void,
): void {
  let at = 0;
  runs.forEach((length, index) => {
    const end = at + length;
    if (index % 2 === 1) {
      while (at < end) {
        const y = Math.floor(at / width);
        const rowEnd = Math.min(end, (y + 1) * width);
        visit(y, at - y * width, rowEnd - y * width);
        at = rowEnd;
      }
    }
    at = end;
  });
}

/** Collects runs from spans that come in reading order. */
export class RunWriter {
  readonly #width: number;
  readonly runs: number[] = [];
  /** Pixels inside so far. */
  area = 0;
  #end = 0;

  constructor(width: number) {
    this.#width = width;
  }

  add(y: number, x0: number, x1: number): void {
    const start = y * this.#width + x0;
    this.area += x1 - x0;
    const last = this.runs.length - 1;
    if (start === this.#end && last > 0) this.runs[last] = (this.runs[last] ?? 0) + (x1 - x0);
    else this.runs.push(start - this.#end, x1 - x0);
    this.#end = y * this.#width + x1;
  }
}

export const pixelsOf = (runs: readonly number[]): number =>
  runs.reduce((sum, length) => sum + length, 0);
