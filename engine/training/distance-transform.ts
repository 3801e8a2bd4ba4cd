/** Exact Euclidean distances on a pixel grid. Pure typed-array code; knows nothing of labels or scores. */

/**
 * Squared distance from every pixel centre to the nearest source pixel centre.
 * Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions (2012): one pass down the
 * columns, then the lower envelope of parabolas along each row; linear in the number of pixels.
 *
 * @param sources [height · width], non-zero marks a source pixel
 * @returns [height · width], pixels², exact integers; Infinity everywhere without a source
 */
export function squaredDistanceTransform(
  sources: Uint8Array,
  width: number,
  height: number,
): Float64Array {
  const out = columnDistances(sources, width, height);
  for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) ** 2;
  const row = new Float64Array(width);
  const apex = new Int32Array(width); // columns whose parabolas form the envelope
  const from = new Float64Array(width); // where each of them begins to be the lowest
  for (let y = 0; y < height; y++) {
    const at = y * width;
    for (let x = 0; x < width; x++) row[x] = out[at + x] ?? 0;
    let last = -1;
    for (let x = 0; x < width; x++) {
      const rise = (row[x] ?? 0) + x * x;
      if (rise === Infinity) continue; // no source in this column
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
    if (last < 0) continue;
    let k = 0;
    for (let x = 0; x < width; x++) {
      while (k < last && (from[k + 1] ?? 0) < x) k++;
      const nearest = apex[k] ?? 0;
      out[at + x] = (x - nearest) ** 2 + (row[nearest] ?? 0);
    }
  }
  return out;
}

/** Distance to the nearest source in the same column; Infinity in a column without one. */
function columnDistances(sources: Uint8Array, width: number, height: number): Float64Array {
  const out = new Float64Array(width * height);
  for (let i = 0; i < out.length; i++) {
    if (sources[i]) continue;
    out[i] = i < width ? Infinity : (out[i - width] ?? 0) + 1;
  }
  for (let i = out.length - width - 1; i >= 0; i--) {
    const below = (out[i + width] ?? 0) + 1;
    if (below < (out[i] ?? 0)) out[i] = below;
  }
  return out;
}
