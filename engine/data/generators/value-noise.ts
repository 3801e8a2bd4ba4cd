/** Smooth random fields: Gaussian values on a grid, upsampled cubically. */
import type { Random } from '../../../shared/random.ts';

/** Shifts and scales to mean 0 and variance 1, in place; a constant field becomes 0. */
export function standardise(field: Float64Array): Float64Array {
  let sum = 0;
  for (const v of field) sum += v;
  const mean = sum / field.length;
  let squares = 0;
  for (const v of field) squares += (v - mean) ** 2;
  const scale = squares > 0 ? Math.sqrt(field.length / squares) : 0;
  for (let i = 0; i < field.length; i++) field[i] = ((field[i] ?? 0) - mean) * scale;
  return field;
}

/**
 * V(c) of docs/method.md §6: `cells` grid cells across the image, four grid values under every pixel.
 * @param cells features across the image, may be fractional: sizePx / 3 gives grains of 3 px
 * @returns [sizePx · sizePx], mean 0, variance 1
 */
export function valueNoise(sizePx: number, cells: number, random: Random): Float64Array {
  const points = Math.ceil(cells) + 3;
  const grid = Float64Array.from({ length: points * points }, () => random.normal());
  const taps = cubicTaps(sizePx, cells);
  const rows = new Float64Array(points * sizePx); // upsampled along x
  for (let y = 0; y < points; y++) {
    for (let x = 0; x < sizePx; x++) {
      const first = y * points + (taps.first[x] ?? 0);
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += (taps.weights[x * 4 + k] ?? 0) * (grid[first + k] ?? 0);
      rows[y * sizePx + x] = sum;
    }
  }
  const field = new Float64Array(sizePx * sizePx);
  for (let y = 0; y < sizePx; y++) {
    const first = taps.first[y] ?? 0;
    for (let k = 0; k < 4; k++) {
      const weight = taps.weights[y * 4 + k] ?? 0;
      const from = (first + k) * sizePx;
      const to = y * sizePx;
      for (let x = 0; x < sizePx; x++) {
        field[to + x] = (field[to + x] ?? 0) + weight * (rows[from + x] ?? 0);
      }
    }
  }
  return standardise(field);
}

/** Catmull–Rom weights: pixel x lies between the second and third of the four grid values from first[x]. */
function cubicTaps(sizePx: number, cells: number) {
  const first = new Int32Array(sizePx);
  const weights = new Float64Array(sizePx * 4);
  for (let x = 0; x < sizePx; x++) {
    const u = ((x + 0.5) / sizePx) * cells;
    const cell = Math.floor(u);
    const t = u - cell;
    first[x] = cell;
    weights.set(
      [
        (-t + 2 * t ** 2 - t ** 3) / 2,
        (2 - 5 * t ** 2 + 3 * t ** 3) / 2,
        (t + 4 * t ** 2 - 3 * t ** 3) / 2,
        (-(t ** 2) + t ** 3) / 2,
      ],
      x * 4,
    );
  }
  return { first, weights };
}
