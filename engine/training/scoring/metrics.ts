/**
 * How well one predicted label map matches the truth (docs/method.md §5). Pure typed-array code: no
 * tensors, no averages over images or seeds.
 *
 * Scores are the mean over the scored classes that prediction or truth holds. A class that only one of them holds has
 * Dice 0, IoU 0, HD95 the image diagonal, boundary-F1 0; one that neither holds has no score, and an image without any
 * has none either (as in nnU-Net). Pixels that the truth ignores are taken out of both maps before anything else: they
 * are neither overlap, nor error, nor surface.
 */
import { type ClassOverlap, IGNORE } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { classOverlaps, diceOf, iouOf } from '../../../shared/overlap.ts';
import { squaredDistancesBetween, type Surface, surfacesOf } from './surfaces.ts';

export interface ImageScores {
  /** Mean over classes, in [0, 1]; this and the others null where neither map holds a scored class. */
  readonly dice: number | null;
  /** Mean over classes, in [0, 1]. */
  readonly iou: number | null;
  /**
   * Pixels. The larger of the two directed 95th percentiles (linear interpolation, as in
   * numpy.percentile) of the distances from one surface to the other.
   */
  readonly hd95: number | null;
  /** Harmonic mean of the shares of each surface that lie within the tolerance of the other, in [0, 1]. */
  readonly boundaryF1: number | null;
  /** The scored classes that prediction or truth holds, ascending. */
  readonly classes: readonly ClassOverlap[];
}

/** Share of the image diagonal within which a surface pixel counts as found … */
const TOLERANCE_OF_DIAGONAL = 0.0075;
/** … but never below this many pixels. */
const MIN_TOLERANCE_PX = 2;
const HD_PERCENTILE = 0.95;

/** Which classes there are, and which of them are scored. */
export interface ScoredClasses {
  /** With the background; a truth value beyond is no class. At least 2. */
  readonly count: number;
  readonly scored: readonly number[];
}

/**
 * The scored classes that prediction or truth holds, ascending.
 * @throws AppError invalid-input: other sizes, too few classes, or a truth value that is no class
 */
export function scoredOverlaps(
  prediction: LabelMap,
  truth: LabelMap,
  { count, scored }: ScoredClasses,
): ClassOverlap[] {
  if (!Number.isInteger(count) || count < 2 || count > IGNORE) {
    throw new AppError(
      'invalid-input',
      `Scores need between 2 and ${IGNORE} classes, the background among them; got ${count}.`,
    );
  }
  const held = classOverlaps(prediction, truth);
  const foreign = held.find(({ classIndex, truePx }) => truePx > 0 && classIndex >= count);
  if (foreign !== undefined) {
    throw new AppError(
      'invalid-input',
      `The truth holds class ${foreign.classIndex}, but there are only classes 0 to ${count - 1}.`,
    );
  }
  return held.filter(({ classIndex }) => scored.includes(classIndex));
}

/**
 * @param prediction same size as the truth; a value outside 0 … count−1 is no class
 * @param truth values 0 … count−1, or 255 for pixels to leave out
 * @throws AppError invalid-input: as scoredOverlaps
 */
export function scoreImage(
  prediction: LabelMap,
  truth: LabelMap,
  classes: ScoredClasses,
): ImageScores {
  const held = scoredOverlaps(prediction, truth, classes);
  if (held.length === 0) {
    return { dice: null, iou: null, hd95: null, boundaryF1: null, classes: held };
  }
  const { width, height } = truth;
  const diagonal = Math.hypot(width, height);
  const tolerance = Math.max(MIN_TOLERANCE_PX, TOLERANCE_OF_DIAGONAL * diagonal);
  let outlines: { readonly predicted: Surface[]; readonly actual: Surface[] } | null = null;
  const surfaces = held.map((overlap) => {
    const { classIndex, predictedPx, truePx, bothPx } = overlap;
    if (bothPx === predictedPx && bothPx === truePx) return { hd95: 0, boundaryF1: 1 };
    if (predictedPx === 0 || truePx === 0) return { hd95: diagonal, boundaryF1: 0 };
    outlines ??= { predicted: surfacesOf(prediction, truth), actual: surfacesOf(truth, truth) };
    const [predicted, actual] = [outlines.predicted[classIndex], outlines.actual[classIndex]];
    if (predicted === undefined || actual === undefined) return { hd95: diagonal, boundaryF1: 0 };
    return compareSurfaces(predicted, actual, { width, tolerance });
  });
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  return {
    dice: mean(held.map(diceOf)),
    iou: mean(held.map(iouOf)),
    hd95: mean(surfaces.map(({ hd95 }) => hd95)),
    boundaryF1: mean(surfaces.map(({ boundaryF1 }) => boundaryF1)),
    classes: held,
  };
}

/** HD95 and boundary-F1 of one class that both maps hold. `width` of the map. */
function compareSurfaces(
  predicted: Surface,
  actual: Surface,
  { width, tolerance }: { readonly width: number; readonly tolerance: number },
): { hd95: number; boundaryF1: number } {
  const toTruth = squaredDistancesBetween(predicted, actual, width).sort();
  const toPrediction = squaredDistancesBetween(actual, predicted, width).sort();
  const precision = shareWithin(toTruth, tolerance);
  const recall = shareWithin(toPrediction, tolerance);
  return {
    hd95: Math.max(percentileOfRoots(toTruth), percentileOfRoots(toPrediction)),
    boundaryF1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
  };
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
