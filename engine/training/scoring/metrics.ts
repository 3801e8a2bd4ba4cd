/**
 * How well one predicted label map matches the truth (docs/method.md §5). Pure typed-array code: no
 * tensors, no averages over images or seeds.
 *
 * Scores are the mean over the foreground classes 1 … classCount−1. A class that neither map holds
 * scores Dice 1, IoU 1, HD95 0, boundary-F1 1; a class that only one of them holds scores Dice 0,
 * IoU 0, HD95 the image diagonal, boundary-F1 0. Pixels that the truth ignores are taken out of
 * both maps before anything else: they are neither overlap, nor error, nor surface.
 */
import { IGNORE } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { squaredDistances } from './distance-transform.ts';

export interface OverlapScores {
  /** 2·|P∩T| / (|P|+|T|), in [0, 1]. */
  readonly dice: number;
  /** |P∩T| / |P∪T|, in [0, 1]. */
  readonly iou: number;
}

export interface ImageScores extends OverlapScores {
  /**
   * Pixels. The larger of the two directed 95th percentiles (linear interpolation, as in
   * numpy.percentile) of the distances from one surface to the other.
   */
  readonly hd95: number;
  /** Harmonic mean of the shares of each surface that lie within the tolerance of the other, in [0, 1]. */
  readonly boundaryF1: number;
}

/** Share of the image diagonal within which a surface pixel counts as found … */
const TOLERANCE_OF_DIAGONAL = 0.0075;
/** … but never below this many pixels. */
const MIN_TOLERANCE_PX = 2;
const HD_PERCENTILE = 0.95;

/** Pixels of each class: in the prediction, in the truth, and in both. [256] each. */
interface ClassCounts {
  readonly predicted: Float64Array;
  readonly true: Float64Array;
  readonly both: Float64Array;
}

/** Dice and IoU alone: what validation needs at every evaluation. Errors and arguments as scoreImage. */
export function scoreOverlap(
  prediction: LabelMap,
  truth: LabelMap,
  classCount: number,
): OverlapScores {
  const counts = countClasses(prediction, truth, classCount);
  let dice = 0;
  let iou = 0;
  for (let c = 1; c < classCount; c++) {
    const scores = overlapOf(counts, c);
    dice += scores.dice;
    iou += scores.iou;
  }
  return { dice: dice / (classCount - 1), iou: iou / (classCount - 1) };
}

/**
 * @param prediction same size as the truth; a value outside 0 … classCount−1 is no class
 * @param truth values 0 … classCount−1, or 255 for pixels to leave out
 * @param classCount classes with the background, at least 2
 * @throws AppError invalid-input: other sizes, too few classes, or a truth value that is no class
 */
export function scoreImage(prediction: LabelMap, truth: LabelMap, classCount: number): ImageScores {
  const counts = countClasses(prediction, truth, classCount);
  const { width, height } = truth;
  const diagonal = Math.hypot(width, height);
  const tolerance = Math.max(MIN_TOLERANCE_PX, TOLERANCE_OF_DIAGONAL * diagonal);
  const sum = { dice: 0, iou: 0, hd95: 0, boundaryF1: 0 };
  for (let c = 1; c < classCount; c++) {
    const { dice, iou } = overlapOf(counts, c);
    sum.dice += dice;
    sum.iou += iou;
    const predicted = counts.predicted[c] ?? 0;
    const actual = counts.true[c] ?? 0;
    if (dice === 1) {
      sum.boundaryF1 += 1; // equal masks, or none at all: both surfaces agree
    } else if (predicted === 0 || actual === 0) {
      sum.hd95 += diagonal;
    } else {
      const surface = compareSurfaces(prediction, truth, c, tolerance);
      sum.hd95 += surface.hd95;
      sum.boundaryF1 += surface.boundaryF1;
    }
  }
  const classes = classCount - 1;
  return {
    dice: sum.dice / classes,
    iou: sum.iou / classes,
    hd95: sum.hd95 / classes,
    boundaryF1: sum.boundaryF1 / classes,
  };
}

function overlapOf(counts: ClassCounts, c: number): OverlapScores {
  const total = (counts.predicted[c] ?? 0) + (counts.true[c] ?? 0);
  if (total === 0) return { dice: 1, iou: 1 };
  const both = counts.both[c] ?? 0;
  return { dice: (2 * both) / total, iou: both / (total - both) };
}

function countClasses(prediction: LabelMap, truth: LabelMap, classCount: number): ClassCounts {
  if (prediction.width !== truth.width || prediction.height !== truth.height) {
    throw new AppError(
      'invalid-input',
      `A ${prediction.width}×${prediction.height} prediction cannot be scored against a ` +
        `${truth.width}×${truth.height} truth: bring it to the size of the original image first.`,
    );
  }
  if (!Number.isInteger(classCount) || classCount < 2 || classCount > IGNORE) {
    throw new AppError(
      'invalid-input',
      `Scores need between 2 and ${IGNORE} classes, the background among them; got ${classCount}.`,
    );
  }
  const counts: ClassCounts = {
    predicted: new Float64Array(256),
    true: new Float64Array(256),
    both: new Float64Array(256),
  };
  for (let i = 0; i < truth.data.length; i++) {
    const t = truth.data[i] ?? 0;
    if (t === IGNORE) continue;
    const p = prediction.data[i] ?? 0;
    counts.true[t] = (counts.true[t] ?? 0) + 1;
    counts.predicted[p] = (counts.predicted[p] ?? 0) + 1;
    if (t === p) counts.both[t] = (counts.both[t] ?? 0) + 1;
  }
  for (let c = classCount; c < IGNORE; c++) {
    if ((counts.true[c] ?? 0) > 0) {
      throw new AppError(
        'invalid-input',
        `The truth holds class ${c}, but there are only classes 0 to ${classCount - 1}.`,
      );
    }
  }
  return counts;
}

/** A binary mask cut to a window of the image, with a margin of one pixel of background all round. */
interface Window {
  readonly mask: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * HD95 and boundary-F1 of one class that both maps hold. All distances run between surface pixels,
 * so the work is done in the smallest window around both masks.
 */
function compareSurfaces(
  prediction: LabelMap,
  truth: LabelMap,
  classId: number,
  tolerance: number,
): { hd95: number; boundaryF1: number } {
  const { width, height } = truth;
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const t = truth.data[i];
      if (t === IGNORE || (t !== classId && prediction.data[i] !== classId)) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  const cut = (map: LabelMap): Window => {
    const w = right - left + 3;
    const h = bottom - top + 3;
    const mask = new Uint8Array(w * h);
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const i = y * width + x;
        if (map.data[i] === classId && truth.data[i] !== IGNORE) {
          mask[(y - top + 1) * w + (x - left + 1)] = 1;
        }
      }
    }
    return { mask, width: w, height: h };
  };
  const predicted = surfaceOf(cut(prediction));
  const actual = surfaceOf(cut(truth));
  const toTruth = surfaceDistances(predicted, actual);
  const toPrediction = surfaceDistances(actual, predicted);
  const precision = shareWithin(toTruth, tolerance);
  const recall = shareWithin(toPrediction, tolerance);
  return {
    hd95: Math.max(percentileOfRoots(toTruth), percentileOfRoots(toPrediction)),
    boundaryF1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
  };
}

/**
 * The mask minus its erosion by the 4-neighbourhood, with everything outside the image background:
 * mask & ~scipy.ndimage.binary_erosion(mask) with its defaults.
 */
function surfaceOf({ mask, width, height }: Window): Window {
  const surface = new Uint8Array(mask.length);
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * width + 1; i < (y + 1) * width - 1; i++) {
      if (!mask[i]) continue;
      if (!mask[i - 1] || !mask[i + 1] || !mask[i - width] || !mask[i + width]) surface[i] = 1;
    }
  }
  return { mask: surface, width, height };
}

/** Squared distance from each pixel of one surface to the other surface, ascending. */
function surfaceDistances(from: Window, to: Window): Float64Array {
  return squaredDistances(to.mask, from.mask, to).sort();
}

/** 95th percentile of the distances whose ascending squares are given, interpolated linearly. */
function percentileOfRoots(squares: Float64Array): number {
  const position = HD_PERCENTILE * (squares.length - 1);
  const below = Math.floor(position);
  const low = Math.sqrt(squares[below] ?? 0);
  const high = Math.sqrt(squares[Math.min(below + 1, squares.length - 1)] ?? 0);
  return low + (high - low) * (position - below);
}

function shareWithin(squares: Float64Array, tolerance: number): number {
  let count = 0;
  while (count < squares.length && (squares[count] ?? 0) <= tolerance * tolerance) count++;
  return count / squares.length;
}
