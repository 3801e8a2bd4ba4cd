/**
 * What near-duplicates are found by: an image as a small grey square, freed of its brightness and of slow changes of the
 * light, and a description of it that neither a shift nor a quarter turn nor a mirror changes, to look for candidates by.
 */

/** Side of the stored square in pixels, whatever the proportions of the image. */
export const SIDE = 32;
/** Of how signatures are made: those of another version are made anew. */
export const SIGNATURE_VERSION = 1;

/** Pixels around one whose mean is taken for the light. */
const LIGHT_RADIUS = 4;
/** Standard deviation, in grey levels, below which there is nothing in an image to know it again by. */
const FLAT = 1.5;
/** Highest frequency of the description, in cycles a window. */
const HIGHEST = 7;

export interface Signature {
  readonly imageId: number;
  /** [SIDE, SIDE]; grey levels above or below the light around them. */
  readonly detail: Float32Array;
  /** Of the whole, and of windows such as a crop would show: see WINDOWS. Unit length each. */
  readonly descriptions: readonly Float32Array[];
}

/** Left, top and side of windows of a square, in its pixels: the whole, its corners and its middle. */
const WINDOWS: readonly (readonly [number, number, number])[] = [
  [0, 0, 32],
  [0, 0, 24],
  [8, 0, 24],
  [0, 8, 24],
  [8, 8, 24],
  [4, 4, 24],
];

/** Grey levels less their local mean. */
function detailOf(grey: Uint8Array): Float32Array {
  // Summed along rows, then columns, of squares that end at the edge.
  const sums = new Float64Array((SIDE + 1) * (SIDE + 1));
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      sums[(y + 1) * (SIDE + 1) + x + 1] =
        (grey[y * SIDE + x] ?? 0) +
        (sums[y * (SIDE + 1) + x + 1] ?? 0) +
        (sums[(y + 1) * (SIDE + 1) + x] ?? 0) -
        (sums[y * (SIDE + 1) + x] ?? 0);
    }
  }
  const sum = (x: number, y: number) => sums[y * (SIDE + 1) + x] ?? 0;
  const detail = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    const [top, bottom] = [Math.max(0, y - LIGHT_RADIUS), Math.min(SIDE, y + LIGHT_RADIUS + 1)];
    for (let x = 0; x < SIDE; x++) {
      const [left, right] = [Math.max(0, x - LIGHT_RADIUS), Math.min(SIDE, x + LIGHT_RADIUS + 1)];
      const all = sum(right, bottom) - sum(left, bottom) - sum(right, top) + sum(left, top);
      detail[y * SIDE + x] = (grey[y * SIDE + x] ?? 0) - all / ((right - left) * (bottom - top));
    }
  }
  return detail;
}

/** cos and sin of frequency k at x of a window of n pixels, under a Hann window. */
const waves = new Map<number, { cos: Float64Array; sin: Float64Array }>();
function wavesOf(n: number): { cos: Float64Array; sin: Float64Array } {
  const known = waves.get(n);
  if (known !== undefined) return known;
  const [cos, sin] = [new Float64Array((HIGHEST + 1) * n), new Float64Array((HIGHEST + 1) * n)];
  for (let k = 0; k <= HIGHEST; k++) {
    for (let x = 0; x < n; x++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * (x + 0.5)) / n);
      cos[k * n + x] = hann * Math.cos((2 * Math.PI * k * x) / n);
      sin[k * n + x] = hann * Math.sin((2 * Math.PI * k * x) / n);
    }
  }
  const made = { cos, sin };
  waves.set(n, made);
  return made;
}

/** Strength of each frequency of a window, directions that a turn or mirror exchanges taken together. Unit length. */
function describe(detail: Float32Array, window: readonly [number, number, number]): Float32Array {
  const [left, top, n] = window;
  const { cos, sin } = wavesOf(n);
  // Along rows: [HIGHEST + 1, n] of real and imaginary parts.
  const [re, im] = [new Float64Array((HIGHEST + 1) * n), new Float64Array((HIGHEST + 1) * n)];
  for (let k = 0; k <= HIGHEST; k++) {
    for (let y = 0; y < n; y++) {
      let [a, b] = [0, 0];
      for (let x = 0; x < n; x++) {
        const value = detail[(top + y) * SIDE + left + x] ?? 0;
        a += value * (cos[k * n + x] ?? 0);
        b += value * (sin[k * n + x] ?? 0);
      }
      re[k * n + y] = a;
      im[k * n + y] = b;
    }
  }
  const strength = new Float32Array(((HIGHEST + 1) * (HIGHEST + 2)) / 2);
  const place = (a: number, b: number) =>
    (Math.max(a, b) * (Math.max(a, b) + 1)) / 2 + Math.min(a, b);
  for (let kx = 0; kx <= HIGHEST; kx++) {
    for (let ky = 0; ky <= HIGHEST; ky++) {
      let [rc, rs, ic, is] = [0, 0, 0, 0];
      for (let y = 0; y < n; y++) {
        const [r, i] = [re[kx * n + y] ?? 0, im[kx * n + y] ?? 0];
        const [c, s] = [cos[ky * n + y] ?? 0, sin[ky * n + y] ?? 0];
        rc += r * c;
        rs += r * s;
        ic += i * c;
        is += i * s;
      }
      // Of (kx, ky) and of (kx, −ky).
      const both = Math.hypot(rc - is, rs + ic) + Math.hypot(rc + is, ic - rs);
      strength[place(kx, ky)] = (strength[place(kx, ky)] ?? 0) + both;
    }
  }
  // The mean is of no interest; the root keeps one strong frequency from hiding all others.
  strength[0] = 0;
  const root = strength.map(Math.sqrt);
  const length = Math.hypot(...root) || 1;
  return root.map((value) => value / length);
}

/** `grey`: [SIDE, SIDE]. null: there is nothing in it to know it again by. */
export function signatureOf(imageId: number, grey: Uint8Array): Signature | null {
  const detail = detailOf(grey);
  const variance = detail.reduce((sum, value) => sum + value * value, 0) / detail.length;
  if (Math.sqrt(variance) < FLAT) return null;
  return { imageId, detail, descriptions: WINDOWS.map((window) => describe(detail, window)) };
}
