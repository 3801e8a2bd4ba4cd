/**
 * Filters of one plane of numbers, each without the border that it cannot know: what comes out is smaller than what went
 * in by the reach of the filter on every side. Sums are taken in one order, so that a pixel has the same bits whatever
 * part of an image it was computed with.
 */

/** Row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  /** [height · width] */
  readonly data: Float32Array;
}

/** Half of a symmetric kernel of seven samples, the middle first: for standard deviations of about 1 px. */
type HalfKernel = readonly [number, number, number, number];

/** Samples to each side that a kernel weighs. */
export const REACH = 3;

/** A Gaussian of unit sum, cut off at three standard deviations. */
export function gaussianKernel(sigmaPx: number): HalfKernel {
  const half = Array.from({ length: REACH + 1 }, (_, i) =>
    Math.exp((-i * i) / (2 * sigmaPx * sigmaPx)),
  );
  const sum = half.reduce((total, value, i) => total + (i === 0 ? value : 2 * value), 0);
  const at = (i: number) => Math.fround((half[i] ?? 0) / sum);
  return [at(0), at(1), at(2), at(3)];
}

/**
 * Weighs each sample of `source` with those `step`, 2 · `step` … before and after it. `first`: index in `source` of the
 * first one; rows of `width` follow one another every `stride` samples.
 */
function weigh(
  source: Float32Array,
  out: Float32Array,
  options: {
    readonly kernel: HalfKernel;
    readonly step: number;
    readonly first: number;
    readonly stride: number;
    readonly width: number;
  },
): void {
  const { kernel, step: s, first, stride, width } = options;
  const [k0, k1, k2, k3] = kernel;
  const rows = out.length / width;
  for (let row = 0, to = 0; row < rows; row++) {
    let at = first + row * stride;
    for (const end = to + width; to < end; to++, at++) {
      out[to] =
        k0 * (source[at] ?? 0) +
        k1 * ((source[at - s] ?? 0) + (source[at + s] ?? 0)) +
        k2 * ((source[at - 2 * s] ?? 0) + (source[at + 2 * s] ?? 0)) +
        k3 * ((source[at - 3 * s] ?? 0) + (source[at + 3 * s] ?? 0));
    }
  }
}

/** Smaller by REACH on every side. */
export function smooth({ width, height, data }: Plane, kernel: HalfKernel): Plane {
  const reach = REACH;
  const across = { width: width - 2 * reach, height };
  const rows = new Float32Array(across.width * height);
  weigh(data, rows, { kernel, step: 1, first: reach, stride: width, width: across.width });
  const down = { width: across.width, height: height - 2 * reach };
  const out = new Float32Array(down.width * down.height);
  weigh(rows, out, {
    ...{ kernel, step: across.width, first: reach * across.width },
    ...{ stride: across.width, width: across.width },
  });
  return { ...down, data: out };
}

/** Pixels that `halve` reads before twice the place of the first one, and after twice that of the last. */
export const HALVE_REACH = { before: 1, after: 2 };
/** Variance that it adds, in squared pixels of what went in. */
export const HALVE_VARIANCE = 0.75;

/**
 * Half as many pixels in a row and in a column: each is the mean of four by four, weighed 1 3 3 1. `out` pixels come of
 * 2 · `out` + 2 that went in, of which the first lies one before twice the first place.
 */
export function halve({ width, height, data }: Plane): Plane {
  const [columns, rows] = [width / 2 - 1, height / 2 - 1];
  const across = new Float32Array(columns * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, at = y * width; x < columns; x++, at += 2) {
      const outer = (data[at] ?? 0) + (data[at + 3] ?? 0);
      across[to++] = (outer + 3 * ((data[at + 1] ?? 0) + (data[at + 2] ?? 0))) / 8;
    }
  }
  const out = new Float32Array(columns * rows);
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0, at = 2 * y * columns; x < columns; x++, at++) {
      const outer = (across[at] ?? 0) + (across[at + 3 * columns] ?? 0);
      const inner = (across[at + columns] ?? 0) + (across[at + 2 * columns] ?? 0);
      out[to++] = (outer + 3 * inner) / 8;
    }
  }
  return { width: columns, height: rows, data: out };
}

/** A part of a plane. */
export function part(
  plane: Plane,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): Plane {
  if (left === 0 && top === 0 && width === plane.width && height === plane.height) return plane;
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * plane.width + left;
    data.set(plane.data.subarray(from, from + width), y * width);
  }
  return { width, height, data };
}
