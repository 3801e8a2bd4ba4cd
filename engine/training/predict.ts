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
  return Math.min(1, Math.max(0, total / (pixels * Math.log(classes))));
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
    for (let x = 0; x < sizePx; x++) {
      const from = (row + reflected(left + x, width)) * channels;
      for (let c = 0; c < channels; c++) {
        out[(y * sizePx + x) * channels + c] = data[from + c] ?? 0;
      }
    }
  }
  return out;
}

function byWindows(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  image: Raster,
): Prediction {
  const { sizePx, classes } = segmenter;
  const { width, height } = image;
  const sums = new Float32Array(width * height * classes);
  const blend = blendWeights(sizePx);
  const places = windowStarts(height, sizePx).flatMap((top) =>
    windowStarts(width, sizePx).map((left) => ({ left, top })),
  );
  for (let start = 0; start < places.length; start += WINDOWS_AT_ONCE) {
    const some = places.slice(start, start + WINDOWS_AT_ONCE);
    const inputs = some.map(({ left, top }) => cutWindow(image, left, top, sizePx));
    segmenter.probabilities(weights, inputs).forEach((probabilities, i) => {
      const { left, top } = some[i] ?? { left: 0, top: 0 };
      for (let y = 0; y < Math.min(sizePx, height - top); y++) {
        for (let x = 0; x < Math.min(sizePx, width - left); x++) {
          const weight = (blend[y] ?? 0) * (blend[x] ?? 0);
          const to = ((top + y) * width + left + x) * classes;
          const from = (y * sizePx + x) * classes;
          for (let c = 0; c < classes; c++) {
            sums[to + c] = (sums[to + c] ?? 0) + weight * (probabilities[from + c] ?? 0);
          }
        }
      }
    });
  }
  // Every pixel's weights have one sum for all classes, so the largest sum is the largest mean.
  return prediction({ width, height }, sums, classes);
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
