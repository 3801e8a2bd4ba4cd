/**
 * How much two images are the same view, 0 … 1: the correlation of their details where they lie over each other, at the
 * shift, quarter turn, mirror and size at which it is highest, less what chance gives where there is little to compare.
 * Light and contrast make no difference.
 */
import { SIDE } from './signature.ts';

const HALF = SIDE / 2;
/** Largest shift, in pixels of the halved square: so much that more than half of an image is in both. */
const REACH = 4;
/** Best places at half size that are looked at in full. */
const LOOKED_AT = 4;
/** Sides of a crop in pixels of the square: 0.94, 0.88 … 0.63 of the whole; even, so that they halve. */
const CROPS = [30, 28, 26, 24, 22, 20];
/** Standard errors by which a correlation is lowered. */
const CAUTION = 2;

interface Square {
  readonly side: number;
  readonly data: Float32Array;
  /** Of the values, and of their squares, left of and above each corner: [side + 1, side + 1]. */
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

function square(side: number, data: Float32Array): Square {
  const width = side + 1;
  const [sums, squares] = [new Float64Array(width * width), new Float64Array(width * width)];
  for (let y = 0; y < side; y++) {
    let sum = 0;
    let sumOfSquares = 0;
    for (let x = 0; x < side; x++) {
      const value = data[y * side + x] ?? 0;
      sum += value;
      sumOfSquares += value * value;
      const at = (y + 1) * width + x + 1;
      sums[at] = (sums[at - width] ?? 0) + sum;
      squares[at] = (squares[at - width] ?? 0) + sumOfSquares;
    }
  }
  return { side, data, sums, squares };
}

/** The eight ways in which a square lies on itself. */
function turned({ side, data }: Square): Square[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((way) => {
    const out = new Float32Array(side * side);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const u = way & 1 ? side - 1 - x : x;
        const v = way & 2 ? side - 1 - y : y;
        out[y * side + x] = data[way & 4 ? u * side + v : v * side + u] ?? 0;
      }
    }
    return square(side, out);
  });
}

function halved({ side, data }: Square): Square {
  const half = side >> 1;
  const out = new Float32Array(half * half);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const at = 2 * y * side + 2 * x;
      const [a, b] = [data[at] ?? 0, data[at + 1] ?? 0];
      out[y * half + x] = (a + b + (data[at + side] ?? 0) + (data[at + side + 1] ?? 0)) / 4;
    }
  }
  return square(half, out);
}

/** Bilinear: the sizes are close. */
function resized({ side, data }: Square, to: number): Square {
  const out = new Float32Array(to * to);
  const scale = side / to;
  const clamp = (value: number) => Math.min(side - 1, Math.max(0, value));
  for (let y = 0; y < to; y++) {
    const v = clamp((y + 0.5) * scale - 0.5);
    const [v0, v1] = [Math.floor(v), clamp(Math.floor(v) + 1)];
    for (let x = 0; x < to; x++) {
      const u = clamp((x + 0.5) * scale - 0.5);
      const [u0, u1] = [Math.floor(u), clamp(Math.floor(u) + 1)];
      const [a, b] = [u - u0, v - v0];
      const top = (1 - a) * (data[v0 * side + u0] ?? 0) + a * (data[v0 * side + u1] ?? 0);
      const bottom = (1 - a) * (data[v1 * side + u0] ?? 0) + a * (data[v1 * side + u1] ?? 0);
      out[y * to + x] = (1 - b) * top + b * bottom;
    }
  }
  return square(to, out);
}

interface Shift {
  readonly dx: number;
  readonly dy: number;
}

/** Pearson's correlation of two squares where they overlap, `other` lying dx to the right of and dy below `one`. */
function correlation(one: Square, other: Square, { dx, dy }: Shift): number {
  const left = Math.max(0, dx);
  const right = Math.min(one.side, other.side + dx);
  const top = Math.max(0, dy);
  const bottom = Math.min(one.side, other.side + dy);
  const n = (right - left) * (bottom - top);
  const within = (table: Float64Array, side: number, x: number, y: number) => {
    const width = side + 1;
    const [above, below] = [(top - y) * width - x, (bottom - y) * width - x];
    return (
      (table[below + right] ?? 0) -
      (table[below + left] ?? 0) -
      (table[above + right] ?? 0) +
      (table[above + left] ?? 0)
    );
  };
  const sa = within(one.sums, one.side, 0, 0);
  const sb = within(other.sums, other.side, dx, dy);
  const va = within(one.squares, one.side, 0, 0) - (sa * sa) / n;
  const vb = within(other.squares, other.side, dx, dy) - (sb * sb) / n;
  if (va <= 1e-6 || vb <= 1e-6) return 0;
  const first = one.data;
  const second = other.data;
  let products = 0;
  for (let y = top; y < bottom; y++) {
    let j = (y - dy) * other.side + left - dx;
    const end = y * one.side + right;
    for (let i = y * one.side + left; i < end; i++, j++) {
      products += (first[i] ?? 0) * (second[j] ?? 0);
    }
  }
  return (products - (sa * sb) / n) / Math.sqrt(va * vb);
}

interface Halving {
  readonly full: Square;
  readonly half: Square;
}
const withHalf = (full: Square): Halving => ({ full, half: halved(full) });

/** An image as it is compared with many others. */
export interface Comparable {
  readonly features: number;
  readonly whole: Halving;
  /** The eight ways in which it may lie. */
  readonly wholes: readonly Halving[];
  /** The same, shrunk to what it would be as a crop of the other. */
  readonly crops: readonly Halving[];
}

/** About how many independent details there are: 1 where all is in one spot. */
function featuresOf(detail: Float32Array): number {
  let [second, fourth] = [0, 0];
  for (const value of detail) {
    second += value ** 2;
    fourth += value ** 4;
  }
  return fourth === 0 ? 1 : second ** 2 / fourth;
}

export function comparable(detail: Float32Array): Comparable {
  const whole = square(SIDE, detail);
  return {
    features: featuresOf(detail),
    whole: withHalf(whole),
    wholes: turned(whole).map(withHalf),
    crops: CROPS.flatMap((side) => turned(resized(whole, side))).map(withHalf),
  };
}

interface Place {
  readonly below: Square;
  readonly above: Square;
  readonly shift: Shift;
  readonly at: number;
}

/** The best place of one square over another at half size. */
function bestPlace(below: Halving, above: Halving): Place {
  const isWhole = below.full.side === above.full.side;
  const from = isWhole ? -REACH : 0;
  const to = isWhole ? REACH : HALF - above.half.side;
  let at = -1;
  let shift = { dx: 0, dy: 0 };
  for (let dy = from; dy <= to; dy++) {
    for (let dx = from; dx <= to; dx++) {
      const here = correlation(below.half, above.half, { dx, dy });
      if (here > at) [at, shift] = [here, { dx, dy }];
    }
  }
  return { below: below.full, above: above.full, shift, at };
}

/** Less CAUTION standard errors (Fisher's z): two images of one blob each correlate, and need not be alike. */
const cautious = (correlated: number, features: number): number =>
  Math.max(
    0,
    Math.tanh(
      Math.atanh(Math.min(correlated, 0.99999)) - CAUTION / Math.sqrt(Math.max(1, features - 3)),
    ),
  );

/** 0: nothing in common; 1: the same. `detail`: of the other image (signature.ts). */
export function similarity(one: Comparable, detail: Float32Array): number {
  const other = square(SIDE, detail);
  const whole = withHalf(other);
  const places = [
    ...one.wholes.map((above) => bestPlace(whole, above)),
    ...one.crops.map((above) => bestPlace(whole, above)),
    ...CROPS.flatMap((side) => {
      const crop = withHalf(resized(other, side));
      return one.wholes.map((below) => bestPlace(below, crop));
    }),
  ];
  places.sort((a, b) => b.at - a.at);
  let highest = 0;
  for (const { below, above, shift } of places.slice(0, LOOKED_AT)) {
    for (let dy = 2 * shift.dy - 1; dy <= 2 * shift.dy + 1; dy++) {
      for (let dx = 2 * shift.dx - 1; dx <= 2 * shift.dx + 1; dx++) {
        const isInside = below.side === above.side || (dx >= 0 && dy >= 0);
        const fits = below.side === above.side || Math.max(dx, dy) <= below.side - above.side;
        if (isInside && fits) highest = Math.max(highest, correlation(below, above, { dx, dy }));
      }
    }
  }
  return cautious(highest, Math.min(one.features, featuresOf(detail)));
}
