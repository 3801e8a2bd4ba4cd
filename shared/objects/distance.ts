/** How far inside its object each pixel lies. */
import { NO_OBJECT } from './object-map.ts';

interface Numbered {
  readonly width: number;
  readonly height: number;
  /** The object of each pixel, row-major. [height · width] */
  readonly data: Uint32Array | Uint8Array;
}

/**
 * Squared Euclidean distance from the middle of each pixel of an object to the middle of the nearest pixel of anything else;
 * 0 outside of objects. What lies beyond the edge of the map is unknown and no boundary. [height · width]
 *
 * Along rows first, then the lower envelope of parabolas along columns (Felzenszwalb and Huttenlocher, 2012, "Distance
 * transforms of sampled functions"), within each vertical run of one object, so that touching objects bound each other.
 */
export function squaredDistances({ width, height, data }: Numbered): Float32Array {
  const out = new Float32Array(data.length);
  /** No boundary in this row: as far as none can be. */
  const far = width + height + 1;
  for (let y = 0; y < height; y++)
    alongRow(data, out, { from: y * width, to: (y + 1) * width, far });
  const column = createColumn(height);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height;) {
      const object = data[y * width + x] ?? NO_OBJECT;
      let end = y + 1;
      while (end < height && data[end * width + x] === object) end++;
      if (object !== NO_OBJECT) column.pass(out, { x, width, from: y, to: end, height });
      y = end;
    }
  }
  return out;
}

/** Squared distance to the nearest other pixel within the row. */
function alongRow(
  data: Numbered['data'],
  out: Float32Array,
  { from, to, far }: { from: number; to: number; far: number },
): void {
  for (let start = from; start < to;) {
    const object = data[start] ?? NO_OBJECT;
    let end = start + 1;
    while (end < to && data[end] === object) end++;
    if (object !== NO_OBJECT) {
      for (let i = start; i < end; i++) {
        const left = start === from ? far : i - start + 1;
        const right = end === to ? far : end - i;
        const near = Math.min(left, right);
        out[i] = near * near;
      }
    }
    start = end;
  }
}

/** Reused by all columns: rows of the parabolas of the envelope, and where each begins. */
function createColumn(height: number) {
  const rows = new Int32Array(height + 2);
  const begins = new Float64Array(height + 3);
  const values = new Float64Array(height + 2);
  return {
    pass(
      out: Float32Array,
      run: { x: number; width: number; from: number; to: number; height: number },
    ): void {
      const { x, width, from, to, height: last } = run;
      // What bounds the run above and below lies at distance 0 there; the edge of the map bounds nothing.
      const first = from > 0 ? from - 1 : from;
      const end = to < last ? to + 1 : to;
      const valueAt = (y: number) => (y < from || y >= to ? 0 : (out[y * width + x] ?? 0));
      let count = 0;
      for (let y = first; y < end; y++) {
        const value = valueAt(y);
        let begin = -Infinity;
        while (count > 0) {
          const row = rows[count - 1] ?? 0;
          begin = (value + y * y - (values[count - 1] ?? 0) - row * row) / (2 * (y - row));
          if (begin > (begins[count - 1] ?? 0)) break;
          count--;
          begin = -Infinity;
        }
        rows[count] = y;
        values[count] = value;
        begins[count] = begin;
        count++;
      }
      begins[count] = Infinity;
      for (let y = from, k = 0; y < to; y++) {
        while ((begins[k + 1] ?? Infinity) < y) k++;
        const away = y - (rows[k] ?? 0);
        out[y * width + x] = away * away + (values[k] ?? 0);
      }
    },
  };
}
