/**
 * Label maps of whole images of any size. Resize mode: the image squeezed to the network's input, probabilities
 * stretched back. Patches mode: windows at full resolution that overlap and are blended. Neither holds more of an image
 * as numbers than some of its rows.
 */
import type { SamplingConfig } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { type ClassScores, quantised } from '../../../shared/post-processing.ts';
import { type ImageRows, squeezed } from '../images/image-rows.ts';
import type { Rectangle } from '../images/image-store.ts';
import { createEnlargement, type Raster } from '../images/resample.ts';
import { piecesOf } from '../images/row-pieces.ts';
import { type Segmenter, valuesOf, type WeightTensors } from './segmenter.ts';

/** Neighbouring windows share this part of their side, so that no pixel is seen only at a window's edge. */
const OVERLAP = 0.25;
/** Windows whose probabilities are held at once. */
const WINDOWS_AT_ONCE = 32;

/** Class of the highest probability; the lowest class where equal. probabilities [pixels, values], the classes first */
export function mostProbable(
  probabilities: Float32Array,
  classes: number,
  values: number = classes,
): Uint8Array {
  const labels = new Uint8Array(probabilities.length / values);
  for (let p = 0; p < labels.length; p++) {
    let best = 0;
    let highest = probabilities[p * values] ?? 0;
    for (let c = 1; c < classes; c++) {
      const value = probabilities[p * values + c] ?? 0;
      if (value > highest) {
        highest = value;
        best = c;
      }
    }
    labels[p] = best;
  }
  return labels;
}

/** Of the area that was asked for. */
export interface Prediction extends LabelMap {
  /** LabelMapRevision.uncertainty */
  readonly uncertainty: number;
  /** Where they were asked for. */
  readonly scores: ClassScores | null;
  /** How deep inside its object each pixel lies, 0 … DEEPEST (shared/objects/depths.ts); null: the network does not say. */
  readonly depths: Uint8Array | null;
}

export interface PredictionOptions {
  /** Inside the image, and predicted as it would be with all of it; left out: all of it. Of one image. */
  readonly area?: Rectangle;
  /** Leaves out the uncertainty, which is then 0: of a large image it takes longer than all else. */
  readonly labelsAlone?: boolean;
  /** Asks for Prediction.scores. */
  readonly scores?: { readonly hasBackground: boolean };
  /** Of one image in windows: how many of them are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Mean entropy over pixels as a share of the largest, ln(classes): 0 certain, 1 all classes alike. `total`: nats. */
export const shareOfLargest = (total: number, pixels: number, classes: number) =>
  Math.min(1, Math.max(0, total / (pixels * Math.log(classes))));

/** Nats, summed. `weights` [pixels, classes] ≥ 0: probabilities up to a factor of the pixel's own. */
export function totalEntropy(weights: Float32Array, classes: number): number {
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

/** The parts of ClassScores beyond the most probable class. `weights` as in totalEntropy. */
function foregroundOf(
  weights: Float32Array,
  { classes, hasBackground }: { readonly classes: number; readonly hasBackground: boolean },
): { foreground: Uint8Array; score: Uint8Array } {
  const pixels = weights.length / classes;
  const foreground = new Uint8Array(pixels);
  const score = new Uint8Array(pixels);
  const first = hasBackground ? 1 : 0;
  for (let p = 0; p < pixels; p++) {
    let best = first;
    let highest = weights[p * classes + first] ?? 0;
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const value = weights[p * classes + c] ?? 0;
      sum += value;
      if (c > first && value > highest) {
        highest = value;
        best = c;
      }
    }
    foreground[p] = best;
    const part = hasBackground ? sum - (weights[p * classes] ?? 0) : highest;
    score[p] = quantised(sum > 0 ? part / sum : 0);
  }
  return { foreground, score };
}

/**
 * Parts what a network that tells objects apart says of each pixel. `weights` [pixels, classes + 1]: probabilities of the
 * classes, which sum to a factor of the pixel's own, and how deep it lies, times that factor.
 */
function parted(weights: Float32Array, classes: number) {
  const pixels = weights.length / (classes + 1);
  const ofClasses = new Float32Array(pixels * classes);
  const depths = new Uint8Array(pixels);
  for (let p = 0; p < pixels; p++) {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const value = weights[p * (classes + 1) + c] ?? 0;
      ofClasses[p * classes + c] = value;
      sum += value;
    }
    depths[p] = sum > 0 ? quantised((weights[p * (classes + 1) + classes] ?? 0) / sum) : 0;
  }
  return { ofClasses, depths };
}

/** A label map that grows by rows, from whatever stands for the probabilities of each. */
function createPrediction(
  { width, height }: { readonly width: number; readonly height: number },
  { classes, tellsObjects = false }: Pick<Segmenter, 'classes' | 'tellsObjects'>,
  { scores: scored, labelsAlone = false }: Pick<PredictionOptions, 'scores' | 'labelsAlone'>,
) {
  const size = width * height;
  const data = new Uint8Array(size);
  const scores =
    scored === undefined
      ? null
      : { foreground: new Uint8Array(size), score: new Uint8Array(size), ...scored };
  const depths = tellsObjects ? new Uint8Array(size) : null;
  let entropy = 0;
  return {
    /** `values` [rows, width, valuesOf(segmenter)] of whole rows from `top` on, up to a factor of the pixel's own. */
    add(top: number, values: Float32Array): void {
      let weights = values;
      if (depths !== null) {
        const parts = parted(values, classes);
        weights = parts.ofClasses;
        depths.set(parts.depths, top * width);
      }
      data.set(mostProbable(weights, classes), top * width);
      if (!labelsAlone) entropy += totalEntropy(weights, classes);
      if (scores === null) return;
      const some = foregroundOf(weights, { classes, hasBackground: scores.hasBackground });
      scores.foreground.set(some.foreground, top * width);
      scores.score.set(some.score, top * width);
    },
    result: (): Prediction => ({
      ...{ width, height, data },
      uncertainty: shareOfLargest(entropy, size, classes),
      scores: scores && {
        ...{ width, height, likely: data },
        foreground: scores.foreground,
        score: scores.score,
      },
      depths,
    }),
  };
}

/** Columns left … left + width − 1 of rows of `fullWidth` pixels. */
function columnsOf(
  rows: Float32Array,
  { fullWidth, classes }: { readonly fullWidth: number; readonly classes: number },
  { left, width }: Rectangle,
): Float32Array {
  if (width === fullWidth) return rows;
  const count = rows.length / (fullWidth * classes);
  const out = new Float32Array(count * width * classes);
  for (let y = 0; y < count; y++) {
    const from = (y * fullWidth + left) * classes;
    out.set(rows.subarray(from, from + width * classes), y * width * classes);
  }
  return out;
}

/** Errors: invalid-input. */
export function assertInside(
  { left, top, width, height }: Rectangle,
  image: { readonly width: number; readonly height: number },
): void {
  if (left + width <= image.width && top + height <= image.height) return;
  throw new AppError(
    'invalid-input',
    `The region reaches beyond the image, which is ${image.width}×${image.height} px. Choose one inside it.`,
  );
}

const wholeOf = ({ width, height }: { readonly width: number; readonly height: number }) => ({
  ...{ left: 0, top: 0, width, height },
});

async function byResizing(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  images: readonly SqueezedImage[],
  options: PredictionOptions,
): Promise<Prediction[]> {
  if (images.length === 0) return [];
  const { sizePx } = segmenter;
  const channels = valuesOf(segmenter);
  const inputs = images.map(({ small }) => small.data);
  const probabilities = await segmenter.probabilities(weights, inputs);
  return probabilities.map((data, i) => {
    const { width, height } = images[i] ?? { width: sizePx, height: sizePx };
    const small = { width: sizePx, height: sizePx, channels, data };
    const area = options.area ?? wholeOf({ width, height });
    const rowsOfFull = createEnlargement(small, width, height);
    const predicted = createPrediction(area, segmenter, options);
    for (const { top, count } of piecesOf({ width, height: area.height, channels })) {
      const rows = rowsOfFull(area.top + top, count);
      predicted.add(top, columnsOf(rows, { fullWidth: width, classes: channels }, area));
    }
    return predicted.result();
  });
}

/** Starts of windows that cover `extent` with at least the overlap, the last one flush with the end. */
export function windowStarts(extent: number, sizePx: number): number[] {
  if (extent <= sizePx) return [0];
  const step = sizePx * (1 - OVERLAP);
  const count = Math.ceil((extent - sizePx) / step) + 1;
  return Array.from({ length: count }, (_, i) => Math.round((i * (extent - sizePx)) / (count - 1)));
}

/**
 * Weight of a window's pixel by its place along one side: a raised cosine over the overlap, never 0. Pixels near an edge
 * were predicted with the least context, so they count least (as in nnU-Net, Isensee et al. 2021, doi
 * 10.1038/s41592-020-01008-z), and the change from one window to the next has no kink where either begins (Pielawski &
 * Wählby 2020, doi 10.1371/journal.pone.0229839). A Gaussian of nnU-Net's width would be narrower than an overlap of a
 * quarter: most of it would go unused.
 */
export function blendWeights(sizePx: number, overlapPx: number): Float32Array {
  const rise = Math.min(overlapPx, sizePx / 2);
  return Float32Array.from({ length: sizePx }, (_, i) => {
    const toEdge = Math.min(i, sizePx - 1 - i) + 0.5;
    return toEdge >= rise ? 1 : Math.sin((Math.PI / 2) * (toEdge / rise)) ** 2;
  });
}

/** Pixels that neighbouring windows share; of one window, as if it had the usual neighbours. */
function overlapOf(starts: readonly number[], sizePx: number): number {
  if (starts.length < 2) return sizePx * OVERLAP;
  return sizePx - Math.max(...starts.slice(1).map((start, i) => start - (starts[i] ?? 0)));
}

const reflected = (index: number, n: number) => {
  if (n === 1) return 0;
  const i = index % (2 * (n - 1));
  return i < n ? i : 2 * (n - 1) - i;
};

/** A window of its rows; beyond the right and lower edge the image is reflected. */
function cutWindow(rows: Raster, left: number, sizePx: number): Float32Array {
  const { width, height, channels, data } = rows;
  const out = new Float32Array(sizePx * sizePx * channels);
  for (let y = 0; y < sizePx; y++) {
    const row = reflected(y, height) * width;
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
  /** What of the image is summed up; windows may reach beyond it. */
  readonly area: Rectangle;
  readonly sizePx: number;
  readonly classes: number;
  /** Weights of a window's columns and rows. [sizePx] each */
  readonly across: Float32Array;
  readonly down: Float32Array;
  /** Finished sums of whole rows from `top` of the area on. [rows, width, classes] */
  readonly finish: (top: number, sums: Float32Array) => void;
}) {
  const { area, sizePx, classes, across, down, finish } = options;
  const rowLength = area.width * classes;
  const sums = new Float32Array(Math.min(sizePx, area.height) * rowLength);
  let bandTop = 0;
  /** Windows overlap, so the next one never begins below the band. */
  const moveTo = (top: number) => {
    const finished = (top - bandTop) * rowLength;
    if (finished <= 0) return;
    finish(bandTop, sums.subarray(0, finished));
    sums.copyWithin(0, finished);
    sums.fill(0, sums.length - finished);
    bandTop = top;
  };
  return {
    /** `probabilities` [size, size, classes] of the window at (left, top) of the image. */
    add(left: number, top: number, probabilities: Float32Array): void {
      moveTo(top - area.top);
      const [x0, y0] = [Math.max(0, area.left - left), Math.max(0, area.top - top)];
      const x1 = Math.min(sizePx, area.left + area.width - left);
      const y1 = Math.min(sizePx, area.top + area.height - top);
      for (let y = y0; y < y1; y++) {
        const row = (top + y - area.top - bandTop) * rowLength;
        for (let x = x0; x < x1; x++) {
          const weight = (down[y] ?? 0) * (across[x] ?? 0);
          const to = row + (left + x - area.left) * classes;
          const from = (y * sizePx + x) * classes;
          for (let c = 0; c < classes; c++) {
            sums[to + c] = (sums[to + c] ?? 0) + weight * (probabilities[from + c] ?? 0);
          }
        }
      }
    },
    end: () => moveTo(area.height),
  };
}

interface WindowPlace {
  readonly left: number;
  readonly top: number;
}

/** Starts of those windows that reach into from … from + extent − 1: all that have a part in its pixels. */
const reaching = (starts: readonly number[], sizePx: number, from: number, extent: number) =>
  starts.filter((start) => start < from + extent && start + sizePx > from);

async function byWindows(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  image: ImageRows,
  options: PredictionOptions,
): Promise<Prediction> {
  const { sizePx } = segmenter;
  const { width, height } = image;
  const area = options.area ?? wholeOf(image);
  const [allLefts, allTops] = [windowStarts(width, sizePx), windowStarts(height, sizePx)];
  const lefts = reaching(allLefts, sizePx, area.left, area.width);
  const tops = reaching(allTops, sizePx, area.top, area.height);
  // Every pixel's weights have one sum for all classes, so the largest sum is the largest mean.
  const predicted = createPrediction(area, segmenter, options);
  const band = createBand({
    ...{ area, sizePx, classes: valuesOf(segmenter) },
    across: blendWeights(sizePx, overlapOf(allLefts, sizePx)),
    down: blendWeights(sizePx, overlapOf(allTops, sizePx)),
    finish: (top, sums) => predicted.add(top, sums),
  });
  let waiting: { place: WindowPlace; input: Float32Array }[] = [];
  let done = 0;
  const predictWaiting = async () => {
    const inputs = waiting.map(({ input }) => input);
    const probabilities = await segmenter.probabilities(weights, inputs);
    waiting.forEach(({ place: { left, top } }, i) =>
      band.add(left, top, probabilities[i] ?? new Float32Array()),
    );
    done += waiting.length;
    options.onProgress?.(done, lefts.length * tops.length);
    waiting = [];
  };
  for (const top of tops) {
    const rows = await image.rows(top, Math.min(sizePx, height - top));
    for (const left of lefts) {
      waiting.push({ place: { left, top }, input: cutWindow(rows, left, sizePx) });
      if (waiting.length === WINDOWS_AT_ONCE) await predictWaiting();
    }
  }
  if (waiting.length > 0) await predictWaiting();
  band.end();
  return predicted.result();
}

/** An image that is made smaller has nothing more to be read. */
interface SqueezedImage {
  readonly width: number;
  readonly height: number;
  /** [sizePx, sizePx, channels] */
  readonly small: Raster;
}

/** What is predicted from: a small image, or one that is read as its windows are. */
export type PredictionInput = SqueezedImage | ImageRows;

/** Errors: those of reading. */
export async function predictionInput(
  image: ImageRows,
  { mode, sizePx }: SamplingConfig,
): Promise<PredictionInput> {
  if (mode === 'patches') return image;
  const { width, height } = image;
  return { width, height, small: await squeezed(image, sizePx) };
}

const isSqueezed = (input: PredictionInput): input is SqueezedImage => 'small' in input;

/** Label maps of images, each at its own size, in order. Errors: those of reading. */
export async function predictLabelMaps(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  inputs: readonly PredictionInput[],
  options: PredictionOptions = {},
): Promise<Prediction[]> {
  const small = await byResizing(segmenter, weights, inputs.filter(isSqueezed), options);
  const predictions: Prediction[] = [];
  for (const input of inputs) {
    const next = isSqueezed(input)
      ? small.shift()
      : await byWindows(segmenter, weights, input, options);
    if (next !== undefined) predictions.push(next);
  }
  return predictions;
}
