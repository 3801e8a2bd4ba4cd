/** Exact Euclidean distances on a pixel grid. Pure typed-array code; knows nothing of labels or scores. */

/** Distances along a column have 16 bits: this one means that the column has no source. */
const NONE = 0xffff;

/**
 * Squared distance from the centres of some pixels to the nearest source pixel centre.
 * Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions (2012): one pass down the columns, then the
 * lower envelope of parabolas along each row that is asked for; linear in the number of pixels, and two bytes a pixel.
 *
 * @param sources [height · width], non-zero marks a source pixel; height < 65,535
 * @param asked [height · width], non-zero marks a pixel whose distance is wanted
 * @returns one value a pixel asked for, row by row; pixels², exact integers; Infinity everywhere without a source
 */
export function squaredDistances(
  sources: Uint8Array,
  asked: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Float64Array {
  const columns = columnDistances(sources, width, height);
  const out = new Float64Array(asked.reduce((count, is) => count + (is === 0 ? 0 : 1), 0));
  const row = new Float64Array(width);
  const apex = new Int32Array(width); // columns whose parabolas form the envelope
  const from = new Float64Array(width); // where each of them begins to be the lowest
  let found = 0;
  for (let y = 0; y < height; y++) {
    const at = y * width;
    const first = asked.subarray(at, at + width).findIndex((is) => is !== 0);
    if (first < 0) continue;
    let last = -1;
    for (let x = 0; x < width; x++) {
      const distance = columns[at + x] ?? NONE;
      if (distance === NONE) continue;
      row[x] = distance * distance;
      const rise = (row[x] ?? 0) + x * x;
      let start = -Infinity;
      while (last >= 0) {
        const other = apex[last] ?? 0;
        start = (rise - ((row[other] ?? 0) + other * other)) / (2 * (x - other));
        if (start > (from[last] ?? 0)) break;
        start = -Infinity;
        last--;
      }
      last++;
      apex[last] = x;
      from[last] = start;
    }
    let k = 0;
    for (let x = first; x < width; x++) {
      if (asked[at + x] === 0) continue;
      if (last < 0) {
        out[found++] = Infinity;
        continue;
      }
      while (k < last && (from[k + 1] ?? 0) < x) k++;
      const nearest = apex[k] ?? 0;
      out[found++] = (x - nearest) ** 2 + (row[nearest] ?? 0);
    }
  }
  return out;
}

/** Distance to the nearest source in the same column; NONE in a column without one. */
function columnDistances(sources: Uint8Array, width: number, height: number): Uint16Array {
  const out = new Uint16Array(width * height);
  const next = (distance: number) => (distance === NONE ? NONE : distance + 1);
  for (let i = 0; i < out.length; i++) {
    if (sources[i]) continue;
    out[i] = i < width ? NONE : next(out[i - width] ?? NONE);
  }
  for (let i = out.length - width - 1; i >= 0; i--) {
    const below = next(out[i + width] ?? NONE);
    if (below < (out[i] ?? NONE)) out[i] = below;
  }
  return out;
}
