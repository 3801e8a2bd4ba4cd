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
}

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
  return { histogram: histogram.result(), cores: cores.result() };
}
