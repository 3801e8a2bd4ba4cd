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

/** A shape of one rectangle as runs in another; what lies outside that one is left out. */
export function runsIn(
  to: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  },
  shape: { readonly runs: readonly number[]; readonly region: typeof to },
): RunWriter {
  const { region, runs } = shape;
  const writer = new RunWriter(to.width);
  const [right, down] = [region.left - to.left, region.top - to.top];
  forEachSpan(runs, region.width, (y, x0, x1) => {
    const row = y + down;
    const [from, end] = [Math.max(0, x0 + right), Math.min(to.width, x1 + right)];
    if (row >= 0 && row < to.height && from < end) writer.add(row, from, end);
  });
  return writer;
}

export const pixelsOf = (runs: readonly number[]): number =>
  runs.reduce((sum, length) => sum + length, 0);
