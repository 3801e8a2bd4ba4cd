/**
 * Changes the size of rasters: antialiased bilinear for values (a triangle filter that widens as the image shrinks, so
 * shrinking averages areas), nearest for labels. Separable; pixel centres at half-integers.
 */

interface Taps {
  /** First source index of each output index. */
  readonly first: Int32Array;
  /** [outputs · width]: weights, each output's summing to 1. */
  readonly weights: Float32Array;
  readonly width: number;
}

function triangleTaps(from: number, to: number): Taps {
  const scale = from / to;
  const support = Math.max(1, scale);
  const width = Math.min(from, Math.ceil(2 * support) + 1);
  const first = new Int32Array(to);
  const weights = new Float32Array(to * width);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale - 0.5;
    const start = Math.max(0, Math.min(from - width, Math.ceil(centre - support)));
    first[i] = start;
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const weight = Math.max(0, 1 - Math.abs(start + k - centre) / support);
      weights[i * width + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < width; k++) {
      weights[i * width + k] = (weights[i * width + k] ?? 0) / sum;
    }
  }
  return { first, weights, width };
}

export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** [height, width, channels] */
  readonly data: Float32Array;
}

/** Rows of an image as they come, from top to bottom, at another size. */
export interface Shrinking {
  /** The next rows. [rows, width, channels] */
  add(rows: Raster): void;
  /** Once all rows were added. [height, width, channels] */
  readonly result: Raster;
}

/** A row for each row of `raster`, at the width that `columns` lead to. [rows, width, channels] */
function resizeColumns({ width, height, channels, data }: Raster, columns: Taps): Float32Array {
  const outputs = columns.first.length;
  const narrow = new Float32Array(height * outputs * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < outputs; x++) {
      const start = (y * width + (columns.first[x] ?? 0)) * channels;
      const out = (y * outputs + x) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < columns.width; k++) {
          const weight = columns.weights[x * columns.width + k] ?? 0;
          sum += weight * (data[start + k * channels + c] ?? 0);
        }
        narrow[out + c] = sum;
      }
    }
  }
  return narrow;
}

/** To width × height, of an image that need never be in memory as a whole. */
export function createShrinking(
  from: { readonly width: number; readonly height: number; readonly channels: number },
  width: number,
  height: number,
): Shrinking {
  const { channels } = from;
  const columns = triangleTaps(from.width, width);
  const rows = triangleTaps(from.height, height);
  const stride = width * channels;
  const data = new Float32Array(height * stride);
  let top = 0;
  return {
    result: { width, height, channels, data },
    add(some) {
      const narrow = resizeColumns(some, columns);
      const bottom = top + some.height;
      for (let y = 0; y < height; y++) {
        const first = rows.first[y] ?? 0;
        const last = Math.min(bottom, first + rows.width);
        for (let row = Math.max(top, first); row < last; row++) {
          const weight = rows.weights[y * rows.width + row - first] ?? 0;
          if (weight === 0) continue;
          const start = (row - top) * stride;
          for (let i = 0; i < stride; i++) {
            data[y * stride + i] = (data[y * stride + i] ?? 0) + weight * (narrow[start + i] ?? 0);
          }
        }
      }
      top = bottom;
    },
  };
}

/** The other way, from all of it, some rows at a time: `rows(from, count)` are [count, width, channels] of it. */
export function createEnlargement(
  raster: Raster,
  width: number,
  height: number,
): (from: number, count: number) => Float32Array {
  const { channels } = raster;
  const stride = width * channels;
  const wide = resizeColumns(raster, triangleTaps(raster.width, width));
  const rows = triangleTaps(raster.height, height);
  return (from, count) => {
    const data = new Float32Array(count * stride);
    for (let y = 0; y < count; y++) {
      const start = (rows.first[from + y] ?? 0) * stride;
      for (let k = 0; k < rows.width; k++) {
        const weight = rows.weights[(from + y) * rows.width + k] ?? 0;
        if (weight === 0) continue;
        for (let i = 0; i < stride; i++) {
          data[y * stride + i] =
            (data[y * stride + i] ?? 0) + weight * (wide[start + k * stride + i] ?? 0);
        }
      }
    }
    return data;
  };
}

export interface LabelRaster {
  readonly width: number;
  readonly height: number;
  /** [height, width] */
  readonly data: Uint8Array;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Of each pixel at another size, the pixel under its centre. [to.height · to.width] */
export function nearestPixels(from: Size, to: Size): Int32Array {
  const columns = Int32Array.from({ length: to.width }, (_, x) =>
    Math.floor(((x + 0.5) * from.width) / to.width),
  );
  const out = new Int32Array(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const row = Math.floor(((y + 0.5) * from.height) / to.height) * from.width;
    for (let x = 0; x < to.width; x++) out[y * to.width + x] = row + (columns[x] ?? 0);
  }
  return out;
}

/** Labels at another size: that of the pixel under each centre. */
export function resizeLabels(labels: LabelRaster, width: number, height: number): LabelRaster {
  if (width === labels.width && height === labels.height) return labels;
  const data = Uint8Array.from(
    nearestPixels(labels, { width, height }),
    (from) => labels.data[from] ?? 0,
  );
  return { width, height, data };
}
