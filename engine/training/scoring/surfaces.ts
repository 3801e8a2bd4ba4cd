/**
 * Outlines of the classes of a label map, and the distances from one outline to another. Pure typed-array code; knows
 * nothing of scores.
 */
import { IGNORE } from '../../../shared/entities.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { squaredDistances } from './distance-transform.ts';

/** Pixels of an outline by their index in the map, row by row. */
export type Surface = Int32Array;

/**
 * The outline of every class: its mask minus the mask's erosion by the 4-neighbourhood, with everything outside the image
 * background (mask & ~scipy.ndimage.binary_erosion(mask) with its defaults). Pixels that the truth ignores belong to no
 * mask.
 */
export function surfacesOf({ width, height, data }: LabelMap, truth: LabelMap): Surface[] {
  const ignored = truth.data;
  const classOf = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++)
    classOf[i] = ignored[i] === IGNORE ? IGNORE : (data[i] ?? IGNORE);
  const onSurface = new Uint8Array(data.length);
  const counts = new Int32Array(IGNORE + 1);
  for (let y = 0, i = 0; y < height; y++) {
    const inner = y > 0 && y < height - 1;
    for (let x = 0; x < width; x++, i++) {
      const c = classOf[i] ?? IGNORE;
      if (c === IGNORE) continue;
      if (
        inner &&
        x > 0 &&
        x < width - 1 &&
        classOf[i - 1] === c &&
        classOf[i + 1] === c &&
        classOf[i - width] === c &&
        classOf[i + width] === c
      ) {
        continue;
      }
      onSurface[i] = 1;
      counts[c] = (counts[c] ?? 0) + 1;
    }
  }
  const surfaces = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let i = 0; i < onSurface.length; i++) {
    if (onSurface[i] === 0) continue;
    const c = classOf[i] ?? IGNORE;
    const at = counts[c] ?? 0;
    const own = surfaces[c];
    if (own !== undefined) own[at] = i;
    counts[c] = at + 1;
  }
  return surfaces;
}

/** Searched columns a pixel of the window, beyond which the distance transform is quicker. */
const STEPS_PER_PIXEL = 4;

/**
 * Squared distance from each pixel of one surface to the nearest of another. Outlines are thin and mostly near each
 * other, so the nearest pixel is looked for column by column from where it is asked for; where they are so far apart that
 * this takes longer than the distance transform of the window around both, that is taken instead. The same exact integers
 * either way.
 * @param to not empty
 */
export function squaredDistancesBetween(from: Surface, to: Surface, width: number): Float64Array {
  const window = windowAround([from, to], width);
  const limit = STEPS_PER_PIXEL * window.width * window.height;
  return byColumns(from, to, { width, limit }) ?? byTransform(from, to, { width, window });
}

interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function windowAround(surfaces: readonly Surface[], width: number): Window {
  let [left, right, top, bottom] = [width, -1, Infinity, -1];
  for (const surface of surfaces) {
    top = Math.min(top, Math.floor((surface[0] ?? 0) / width));
    bottom = Math.max(bottom, Math.floor((surface.at(-1) ?? 0) / width));
    for (const i of surface) {
      const x = i % width;
      if (x < left) left = x;
      if (x > right) right = x;
    }
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

function byTransform(
  from: Surface,
  to: Surface,
  { width, window }: { readonly width: number; readonly window: Window },
): Float64Array {
  const maskOf = (surface: Surface) => {
    const mask = new Uint8Array(window.width * window.height);
    for (const i of surface) {
      mask[(Math.floor(i / width) - window.top) * window.width + (i % width) - window.left] = 1;
    }
    return mask;
  };
  return squaredDistances(maskOf(to), maskOf(from), window);
}

/** null where it would take more than `limit` steps. */
function byColumns(
  from: Surface,
  to: Surface,
  { width, limit }: { readonly width: number; readonly limit: number },
): Float64Array | null {
  // The rows of `to` in each column, ascending: those of column x are rows[start[x] … start[x + 1] − 1].
  const start = new Int32Array(width + 1);
  for (const i of to) start[(i % width) + 1] = (start[(i % width) + 1] ?? 0) + 1;
  for (let x = 0; x < width; x++) start[x + 1] = (start[x + 1] ?? 0) + (start[x] ?? 0);
  const rows = new Int32Array(to.length);
  /** First of a column that does not lie above the row that is asked for; only grows, as rows are asked for in order. */
  const next = start.slice(0, width);
  for (const i of to) {
    const x = i % width;
    const at = next[x] ?? 0;
    rows[at] = Math.floor(i / width);
    next[x] = at + 1;
  }
  next.set(start.subarray(0, width));
  const out = new Float64Array(from.length);
  let steps = 0;
  for (let n = 0; n < from.length; n++) {
    const i = from[n] ?? 0;
    const y = Math.floor(i / width);
    const x = i - y * width;
    let best = Infinity;
    const reach = Math.max(x, width - 1 - x);
    for (let k = 0; k <= reach && k * k < best; k++) {
      for (let column = x - k; column <= x + k; column += Math.max(1, 2 * k)) {
        if (column < 0 || column >= width) continue;
        steps++;
        const end = start[column + 1] ?? 0;
        let at = next[column] ?? 0;
        while (at < end && (rows[at] ?? 0) < y) at++;
        next[column] = at;
        if (at < end) {
          const down = (rows[at] ?? 0) - y;
          best = Math.min(best, k * k + down * down);
        }
        if (at > (start[column] ?? 0)) {
          const up = y - (rows[at - 1] ?? 0);
          best = Math.min(best, k * k + up * up);
        }
      }
    }
    out[n] = best;
    if (steps > limit) return null;
  }
  return out;
}
