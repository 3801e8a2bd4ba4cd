/**
 * What the values of a mask look like: how often each occurs, and how much of it lies inside regions. Classes and
 * objects have an inside; smoothed edges, noise and stray pixels have none. What follows from that is decided by
 * import/mask-values.ts.
 */

/** index: palette indices; grey: levels of 8 or 16 bits; colour: 0xRRGGBB. */
export type MaskKind = 'index' | 'grey' | 'colour';

export type MaskSamples = Uint8Array | Uint16Array | Uint32Array;

export interface ValueEvidence {
  /** Value → number of its pixels, by value. */
  readonly histogram: ReadonlyMap<number, number>;
  /** Value → how many of its pixels have it on all four sides, too; values without such a pixel are left out. */
  readonly cores: ReadonlyMap<number, number>;
  /** Value → where it is a step on the way from lower values to higher ones; empty for masks of two values. */
  readonly slopes: ReadonlyMap<number, Slope>;
}

/** Short runs of a value, along rows and columns, that have a lower value at one end and a higher one at the other. */
export interface Slope {
  /** Of these runs; one that lies on the way in both directions counts twice. */
  readonly pixels: number;
  /** How many different pairs of neighbours they have, up to MANY_NEIGHBOURS. */
  readonly neighbours: number;
}

/** Layers have the same neighbours everywhere; the steps of smoothed edges have ever other ones. */
export const MANY_NEIGHBOURS = 3;
/** Longest run that can be a step, in pixels: edges that were smoothed and enlarged eightfold have such. */
const LONGEST_STEP = 8;

/** Colours of a mask beyond which it is not even counted on. */
const MAX_COLOURS = 65_536;

/** '#rrggbb' of a colour mask, else the number. */
export const maskValueName = (kind: MaskKind, value: number): string =>
  kind === 'colour' ? `#${value.toString(16).padStart(6, '0')}` : String(value);

const byValue = (counts: Iterable<[number, number]>): Map<number, number> =>
  new Map([...counts].sort(([a], [b]) => a - b));

/** Counts by value: an array where values are few enough, else a map. */
function counter(values: MaskSamples) {
  if (values instanceof Uint32Array) {
    const counts = new Map<number, number>();
    return {
      add: (value: number, n: number) => void counts.set(value, (counts.get(value) ?? 0) + n),
      isFull: () => counts.size > MAX_COLOURS,
      result: () => byValue(counts),
    };
  }
  const counts = new Uint32Array(values instanceof Uint8Array ? 256 : 65_536);
  return {
    add: (value: number, n: number) => void (counts[value] = (counts[value] ?? 0) + n),
    isFull: () => false,
    result: () => new Map([...counts.entries()].filter(([, n]) => n > 0)),
  };
}

/** @param values [height, width]; null: more colours than any mask has */
export function evidenceOf(values: Uint8Array | Uint16Array, width: number): ValueEvidence;
export function evidenceOf(values: MaskSamples, width: number): ValueEvidence | null;
export function evidenceOf(values: MaskSamples, width: number): ValueEvidence | null {
  const histogram = counter(values);
  const cores = counter(values);
  const last = values.length - width;
  for (let row = 0; row < values.length; row += width) {
    const end = row + width;
    for (let start = row; start < end;) {
      const value = values[start] ?? 0;
      let next = start + 1;
      while (next < end && values[next] === value) next++;
      histogram.add(value, next - start);
      // What lies beyond the border of the mask does not contradict.
      const from = start === row ? start : start + 1;
      const to = next === end ? next : next - 1;
      let inside = 0;
      for (let i = from; i < to; i++) {
        if (
          (row === 0 || values[i - width] === value) &&
          (row === last || values[i + width] === value)
        )
          inside++;
      }
      if (inside > 0) cores.add(value, inside);
      start = next;
    }
    if (histogram.isFull()) return null;
  }
  const counts = histogram.result();
  const slopes = counts.size > 2 ? slopesOf(values, width) : new Map<number, Slope>();
  return { histogram: counts, cores: cores.result(), slopes };
}

function slopesOf(values: MaskSamples, width: number): Map<number, Slope> {
  const found = new Map<number, { pixels: number; pairs: Set<string> }>();
  const add = (value: number, run: { length: number; before: number; after: number }) => {
    const { length, before, after } = run;
    if (length > LONGEST_STEP || before < value === after < value) return;
    const slope = found.get(value) ?? { pixels: 0, pairs: new Set<string>() };
    found.set(value, slope);
    slope.pixels += length;
    if (slope.pairs.size < MANY_NEIGHBOURS)
      slope.pairs.add(`${Math.min(before, after)} ${Math.max(before, after)}`);
  };
  const height = values.length / width;
  const along = (lines: number, length: number, at: (line: number, i: number) => number) => {
    for (let line = 0; line < lines; line++) {
      let start = 0;
      let value = at(line, 0);
      let before: number | null = null;
      for (let i = 1; i < length; i++) {
        const next = at(line, i);
        if (next === value) continue;
        // Nothing is known of what lies beyond the border.
        if (before !== null) add(value, { length: i - start, before, after: next });
        [before, value, start] = [value, next, i];
      }
    }
  };
  along(height, width, (y, x) => values[y * width + x] ?? 0);
  along(width, height, (x, y) => values[y * width + x] ?? 0);
  return new Map(
    [...found].map(([value, { pixels, pairs }]) => [value, { pixels, neighbours: pairs.size }]),
  );
}
