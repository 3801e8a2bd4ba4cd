/** Which images are worth comparing: of each, those whose descriptions are nearest to its own. Knows no pixels. */
import type { Signature } from './signature.ts';

/** Of each image. */
const NEAREST = 24;
/** Squared distance, in spreads, beyond which images are hardly ever alike; two of 35 numbers that have nothing in common are 70 apart. */
const FARTHEST = 45;

/** Mean and inverse spread of each number of the descriptions of one window, so that what varies little counts, too. */
function scaling(all: readonly Float32Array[]): (description: Float32Array) => Float32Array {
  const size = all[0]?.length ?? 0;
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  for (const description of all) {
    description.forEach((value, i) => {
      mean[i] = (mean[i] ?? 0) + value / all.length;
      square[i] = (square[i] ?? 0) + (value * value) / all.length;
    });
  }
  const spread = square.map((value, i) => Math.sqrt(Math.max(1e-8, value - (mean[i] ?? 0) ** 2)));
  return (description) =>
    description.map((value, i) => (value - (mean[i] ?? 0)) / (spread[i] ?? 1));
}

function distance(a: Float32Array, b: Float32Array, limit: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const d = (a[i] ?? 0) - (b[i] ?? 0);
    sum += d * d;
    if ((i & 7) === 7 && sum > limit) return sum;
  }
  return sum;
}

/**
 * Of each image that `isNew` its place in `all` and those that it is to be compared with, each pair once: a crop is near
 * one of the windows of its whole.
 */
export function* candidates(
  all: readonly Signature[],
  isNew: (signature: Signature) => boolean,
): Generator<{ readonly place: number; readonly near: readonly number[] }> {
  const windows = all[0]?.descriptions.length ?? 0;
  const scaled: Float32Array[][] = [];
  for (let w = 0; w < windows; w++) {
    const own = all.map(({ descriptions }) => descriptions[w] ?? new Float32Array());
    scaled.push(own.map(scaling(own)));
  }
  const seen = new Set<number>();
  const [wholes = []] = scaled;
  for (const [i, one] of all.entries()) {
    if (!isNew(one)) continue;
    const best: { readonly j: number; readonly far: number }[] = [];
    let limit = FARTHEST;
    for (let j = 0; j < all.length; j++) {
      if (j === i) continue;
      let far = Infinity;
      for (const window of scaled) {
        const [ofOther, ofOne] = [window[j], window[i]];
        const [whole, otherWhole] = [wholes[i], wholes[j]];
        if (!ofOther || !ofOne || !whole || !otherWhole) continue;
        far = Math.min(far, distance(whole, ofOther, limit), distance(ofOne, otherWhole, limit));
      }
      if (far >= limit) continue;
      best.push({ j, far });
      if (best.length > 2 * NEAREST) {
        best.sort((a, b) => a.far - b.far).length = NEAREST;
        limit = best.at(-1)?.far ?? FARTHEST;
      }
    }
    const near = best.sort((a, b) => a.far - b.far).slice(0, NEAREST);
    const others = near.flatMap(({ j }) => {
      const [a, b] = [Math.min(i, j), Math.max(i, j)];
      const key = a * all.length + b;
      if (seen.has(key)) return [];
      seen.add(key);
      return [j];
    });
    yield { place: i, near: others };
  }
}
