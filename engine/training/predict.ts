/**
 * Label maps of whole images of any size. Resize mode: the image squeezed to the network's input, probabilities
 * stretched back. Patches mode: windows at full resolution that overlap and are blended.
 */
import type { SamplingConfig } from '../../shared/entities.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import { type Raster, resizeValues } from './resample.ts';
import type { Segmenter, WeightTensors } from './segmenter.ts';

/** Neighbouring windows share this part of their side, so that no pixel is seen only at a window's edge. */
const OVERLAP = 0.25;
/** Windows whose probabilities are held at once. */
const WINDOWS_AT_ONCE = 32;

/** Class of the highest probability; the lowest class where equal. probabilities [pixels, classes] */
export function mostProbable(probabilities: Float32Array, classes: number): Uint8Array {
  const labels = new Uint8Array(probabilities.length / classes);
  for (let p = 0; p < labels.length; p++) {
    let best = 0;
    let highest = probabilities[p * classes] ?? 0;
    for (let c = 1; c < classes; c++) {
      const value = probabilities[p * classes + c] ?? 0;
      if (value > highest) {
        highest = value;
        best = c;
      }
    }
    labels[p] = best;
  }
  return labels;
}

export interface Prediction extends LabelMap {
  /** LabelMapRevision.uncertainty */
  readonly uncertainty: number;
}

/**
 * Mean entropy over pixels as a share of the largest, ln(classes): 0 certain, 1 all classes alike.
 * `weights` [pixels, classes] ≥ 0: probabilities up to a factor of the pixel's own.
 */
export function meanEntropy(weights: Float32Array, classes: number): number {
  return shareOfLargest(totalEntropy(weights, classes), weights.length / classes, classes);
}

const shareOfLargest = (total: number, pixels: number, classes: number) =>
  Math.min(1, Math.max(0, total / (pixels * Math.log(classes))));

/** Nats. */
function totalEntropy(weights: Float32Array, classes: number): number {
  const pixels = weights.length / classes;
  let total = 0;
  for (let p = 0; p < pixels; p++) {
    let sum = 0;
    let weighted = 0;
    for (let c = 0; c < classes; c++) {
      const value = weights[p * classes + c] ?? 0;
      if (value <= 0) continue;
      sum += value;
      weighted += value * Math.log(value);
    }
    // −Σ q ln q of q = value / sum
    if (sum > 0) total += Math.log(sum) - weighted / sum;
  }
  return total;
}

const prediction = (
  { width, height }: { readonly width: number; readonly height: number },
  probabilities: Float32Array,
  classes: number,
): Prediction => ({
  width,
  height,
  data: mostProbable(probabilities, classes),
  uncertainty: meanEntropy(probabilities, classes),
});

function byResizing(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  images: readonly Raster[],
): Prediction[] {
  const { sizePx, classes } = segmenter;
  const inputs = images.map((image) => resizeValues(image, sizePx, sizePx).data);
  return segmenter.probabilities(weights, inputs).map((data, i) => {
    const { width, height } = images[i] ?? { width: sizePx, height: sizePx };
    const small = { width: sizePx, height: sizePx, channels: classes, data };
    const full = resizeValues(small, width, height);
    return prediction({ width, height }, full.data, classes);
  });
}

/** Starts of windows that cover `extent` with at least the overlap, the last one flush with the end. */
export function windowStarts(extent: number, sizePx: number): number[] {
  if (extent <= sizePx) return [0];
  const step = sizePx * (1 - OVERLAP);
  const count = Math.ceil((extent - sizePx) / step) + 1;
  return Array.from({ length: count }, (_, i) => Math.round((i * (extent - sizePx)) / (count - 1)));
}

/** Weight of a window's pixel by its place along one side: falls linearly towards the edges, never to 0. */
const blendWeights = (sizePx: number) =>
  Float32Array.from({ length: sizePx }, (_, i) => {
    const toEdge = Math.min(i, sizePx - 1 - i) + 1;
    return Math.min(1, toEdge / (sizePx * OVERLAP));
  });

const reflected = (index: number, n: number) => {
  if (n === 1) return 0;
  const i = index % (2 * (n - 1));
  return i < n ? i : 2 * (n - 1) - i;
};

/** A window of the image; beyond the right and lower edge the image is reflected. */
function cutWindow(image: Raster, left: number, top: number, sizePx: number): Float32Array {
  const { width, height, channels, data } = image;
  const out = new Float32Array(sizePx * sizePx * channels);
  for (let y = 0; y < sizePx; y++) {
    const row = reflected(top + y, height) * width;
    if (left + sizePx <= width) {
      const start = (row + left) * channels;
      out.set(data.subarray(start, start + sizePx * channels), y * sizePx * channels);
      continue;
    }
    for (let x = 0; x < sizePx; x++) {
      const from = (row + reflected(left + x, width)) * channels;
      for (let c = 0; c < channels; c++) {
        out[(y * sizePx + x) * channels + c] = data[from + c] ?? 0;
      }
    }
  }
  return out;
}

/**
 * Weighted sums of the windows' probabilities, kept only for the rows that windows still reach: windows come from top to
 * bottom, and the rows above the current one are finished and handed on. So memory grows with the width alone.
 */
function createBand(options: {
  readonly width: number;
  readonly height: number;
  readonly sizePx: number;
  readonly classes: number;
  /** Finished sums of whole rows from `top` on. [rows, width, classes] */
  readonly finish: (top: number, sums: Float32Array) => void;
}) {
  const { width, height, sizePx, classes, finish } = options;
  const rowLength = width * classes;
  const sums = new Float32Array(Math.min(sizePx, height) * rowLength);
  const blend = blendWeights(sizePx);
  let bandTop = 0;
  /** Windows overlap, so the next one never begins below the band. */
  const moveTo = (top: number) => {
    const finished = (top - bandTop) * rowLength;
    if (finished === 0) return;
    finish(bandTop, sums.subarray(0, finished));
    sums.copyWithin(0, finished);
    sums.fill(0, sums.length - finished);
    bandTop = top;
  };
  return {
    /** `probabilities` [size, size, classes] of the window at (left, top). */
    add(left: number, top: number, probabilities: Float32Array): void {
      moveTo(top);
      for (let y = 0; y < Math.min(sizePx, height - top); y++) {
        for (let x = 0; x < Math.min(sizePx, width - left); x++) {
          const weight = (blend[y] ?? 0) * (blend[x] ?? 0);
          const to = y * rowLength + (left + x) * classes;
          const from = (y * sizePx + x) * classes;
          for (let c = 0; c < classes; c++) {
            sums[to + c] = (sums[to + c] ?? 0) + weight * (probabilities[from + c] ?? 0);
          }
        }
      }
    },
    end: () => moveTo(height),
  };
}

function byWindows(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  image: Raster,
): Prediction {
  const { sizePx, classes } = segmenter;
  const { width, height } = image;
  const data = new Uint8Array(width * height);
  let entropy = 0;
  const band = createBand({
    width,
    height,
    sizePx,
    classes,
    finish(top, sums) {
      // Every pixel's weights have one sum for all classes, so the largest sum is the largest mean.
      data.set(mostProbable(sums, classes), top * width);
      entropy += totalEntropy(sums, classes);
    },
  });
  const places = windowStarts(height, sizePx).flatMap((top) =>
    windowStarts(width, sizePx).map((left) => ({ left, top })),
  );
  for (let start = 0; start < places.length; start += WINDOWS_AT_ONCE) {
    const some = places.slice(start, start + WINDOWS_AT_ONCE);
    const inputs = some.map(({ left, top }) => cutWindow(image, left, top, sizePx));
    const probabilities = segmenter.probabilities(weights, inputs);
    some.forEach(({ left, top }, i) => band.add(left, top, probabilities[i] ?? new Float32Array()));
  }
  band.end();
  return { width, height, data, uncertainty: shareOfLargest(entropy, width * height, classes) };
}

/** Label maps of images [height, width, channels] in [0, 1], each at its own size, in order. */
export function predictLabelMaps(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  images: readonly Raster[],
  mode: SamplingConfig['mode'],
): Prediction[] {
  return mode === 'resize'
    ? byResizing(segmenter, weights, images)
    : images.map((image) => byWindows(segmenter, weights, image));
}
