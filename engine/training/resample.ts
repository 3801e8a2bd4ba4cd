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

/** Values at another size. */
export function resizeValues(raster: Raster, width: number, height: number): Raster {
  const { channels } = raster;
  if (width === raster.width && height === raster.height) return raster;
  const columns = triangleTaps(raster.width, width);
  const rows = triangleTaps(raster.height, height);
  const narrow = new Float32Array(raster.height * width * channels);
  for (let y = 0; y < raster.height; y++) {
    for (let x = 0; x < width; x++) {
      const start = (y * raster.width + (columns.first[x] ?? 0)) * channels;
      const out = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < columns.width; k++) {
          const weight = columns.weights[x * columns.width + k] ?? 0;
          sum += weight * (raster.data[start + k * channels + c] ?? 0);
        }
        narrow[out + c] = sum;
      }
    }
  }
  const stride = width * channels;
  const data = new Float32Array(height * stride);
  for (let y = 0; y < height; y++) {
    const start = (rows.first[y] ?? 0) * stride;
    for (let k = 0; k < rows.width; k++) {
      const weight = rows.weights[y * rows.width + k] ?? 0;
      if (weight === 0) continue;
      for (let i = 0; i < stride; i++) {
        data[y * stride + i] =
          (data[y * stride + i] ?? 0) + weight * (narrow[start + k * stride + i] ?? 0);
      }
    }
  }
  return { width, height, channels, data };
}

export interface LabelRaster {
  readonly width: number;
  readonly height: number;
  /** [height, width] */
  readonly data: Uint8Array;
}

/** Labels at another size: that of the pixel under each centre. */
export function resizeLabels(labels: LabelRaster, width: number, height: number): LabelRaster {
  if (width === labels.width && height === labels.height) return labels;
  const data = new Uint8Array(width * height);
  const columns = Int32Array.from({ length: width }, (_, x) =>
    Math.floor(((x + 0.5) * labels.width) / width),
  );
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * labels.height) / height) * labels.width;
    for (let x = 0; x < width; x++) data[y * width + x] = labels.data[row + (columns[x] ?? 0)] ?? 0;
  }
  return { width, height, data };
}
