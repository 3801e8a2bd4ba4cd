/**
 * What an image looks like, without a network: 96 numbers from its colours, its coarse pixels and its fineness. For comparing
 * images where no encoder is there; Euclidean distances of these are what counts.
 */
import { type ImageRows, squeezed } from './image-rows.ts';
import type { Raster } from './resample.ts';

/** The image is looked at in this size. */
const SIDE = 64;
/** Bins of a histogram over [0, 1]. */
const BINS = 8;
/** Channels are counted in so many groups, so that grey and colour images of one dataset can be compared. */
const GROUPS = 3;
/** Coarse pixels along a side. */
const COARSE = 8;
/** Differences of neighbours at and above this count as the largest. */
const LARGEST_STEP = 0.25;

const binOf = (share: number) => Math.min(BINS - 1, Math.max(0, Math.floor(share * BINS)));

/** √ of the shares of a histogram: Euclidean distances of these are Hellinger's, times √2. */
const roots = (counts: Float64Array) => {
  const total = counts.reduce((sum, one) => sum + one, 0);
  return Array.from(counts, (one) => Math.sqrt(one / Math.max(1, total)));
};

/** Of a pixel, in [0, 1]: the mean over the channels of a group; of fewer channels than groups the last one again. */
function groupValue({ data, channels }: Raster, pixel: number, group: number): number {
  const from = Math.min(channels - 1, Math.floor((group * channels) / GROUPS));
  const to = Math.max(from + 1, Math.floor(((group + 1) * channels) / GROUPS));
  let sum = 0;
  for (let c = from; c < to; c++) sum += data[pixel * channels + c] ?? 0;
  return sum / (to - from);
}

/** `image`: values in [0, 1]. Errors: those of reading. */
export async function pictureFeatures(image: ImageRows): Promise<Float32Array> {
  return featuresOfRaster(await squeezed(image, SIDE));
}

/** `raster` [64, 64, channels] in [0, 1]. */
function featuresOfRaster(raster: Raster): Float32Array {
  const histograms = Array.from({ length: GROUPS }, () => new Float64Array(BINS));
  const grey = new Float64Array(SIDE * SIDE);
  for (let p = 0; p < SIDE * SIDE; p++) {
    for (const [group, histogram] of histograms.entries()) {
      const value = groupValue(raster, p, group);
      const bin = binOf(value);
      histogram[bin] = (histogram[bin] ?? 0) + 1;
      grey[p] = (grey[p] ?? 0) + value / GROUPS;
    }
  }
  const steps = new Float64Array(BINS);
  const coarse = new Float64Array(COARSE * COARSE);
  const cell = SIDE / COARSE;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const here = grey[y * SIDE + x] ?? 0;
      const at = Math.floor(y / cell) * COARSE + Math.floor(x / cell);
      coarse[at] = (coarse[at] ?? 0) + here / cell ** 2;
      if (x + 1 >= SIDE || y + 1 >= SIDE) continue;
      const right = Math.abs((grey[y * SIDE + x + 1] ?? 0) - here);
      const below = Math.abs((grey[(y + 1) * SIDE + x] ?? 0) - here);
      const bin = binOf((right + below) / (2 * LARGEST_STEP));
      steps[bin] = (steps[bin] ?? 0) + 1;
    }
  }
  return Float32Array.from([
    ...histograms.flatMap(roots),
    // So that all coarse pixels together weigh as much as a histogram.
    ...Array.from(coarse, (value) => value / COARSE),
    ...roots(steps),
  ]);
}
