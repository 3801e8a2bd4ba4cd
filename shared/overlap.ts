/**
 * How far a predicted and a true label map agree, class by class: counts of pixels, and the scores that follow from them.
 * A class that neither map holds has no counts and no score (docs/method.md §5).
 */
import { type ClassOverlap, IGNORE } from './entities.ts';
import { AppError } from './errors.ts';
import { type LabelMap, labelMapSize, readLabelMapRuns } from './label-map.ts';
import { classRuns } from './objects/run-cursor.ts';

/**
 * Classes that prediction or truth holds, ascending. Pixels that the truth ignores are taken out of both maps.
 * @param prediction same size as the truth
 * @throws AppError invalid-input: another size
 */
export function classOverlaps(prediction: LabelMap, truth: LabelMap): ClassOverlap[] {
  if (prediction.width !== truth.width || prediction.height !== truth.height) {
    throw new AppError(
      'invalid-input',
      `A ${prediction.width}×${prediction.height} prediction cannot be scored against a ` +
        `${truth.width}×${truth.height} truth: bring it to the size of the original image first.`,
    );
  }
  const counts = new OverlapCounts();
  for (let i = 0; i < truth.data.length; i++) {
    counts.add(prediction.data[i] ?? 0, truth.data[i] ?? 0, 1);
  }
  return counts.overlaps();
}

/**
 * The same of two codes (label-map.ts), run by run: nothing is unpacked, so that it may be said of labels whose image
 * nobody has looked at. A prediction that is shorter than the truth counts as far as it goes. Errors: corrupt.
 */
export function codeOverlaps(prediction: Uint8Array, truth: Uint8Array): ClassOverlap[] {
  const { width, height } = labelMapSize(prediction);
  const cursor = classRuns(prediction);
  const counts = new OverlapCounts();
  readLabelMapRuns(truth, (value, start, end) => {
    const last = Math.min(end, width * height);
    for (let at = start; at < last;) {
      const until = Math.min(last, cursor.through(at));
      counts.add(cursor.value, value, until - at);
      at = until;
    }
  });
  return counts.overlaps();
}

/** Counts of pixels by class. */
class OverlapCounts {
  readonly #predicted = new Float64Array(256);
  readonly #actual = new Float64Array(256);
  readonly #both = new Float64Array(256);

  /** So many pixels of one class in the prediction, and of one in the truth. */
  add(predicted: number, actual: number, pixels: number): void {
    if (actual === IGNORE) return;
    this.#actual[actual] = (this.#actual[actual] ?? 0) + pixels;
    this.#predicted[predicted] = (this.#predicted[predicted] ?? 0) + pixels;
    if (actual === predicted) this.#both[actual] = (this.#both[actual] ?? 0) + pixels;
  }

  overlaps(): ClassOverlap[] {
    return Array.from({ length: 256 }, (_, classIndex) => ({
      classIndex,
      predictedPx: this.#predicted[classIndex] ?? 0,
      truePx: this.#actual[classIndex] ?? 0,
      bothPx: this.#both[classIndex] ?? 0,
    })).filter(({ predictedPx, truePx }) => predictedPx + truePx > 0);
  }
}

/** 2·|P∩T| / (|P|+|T|), in [0, 1]: 0 where only one of both holds the class. */
export const diceOf = ({ predictedPx, truePx, bothPx }: ClassOverlap): number =>
  (2 * bothPx) / (predictedPx + truePx);

/** |P∩T| / |P∪T|, in [0, 1]. */
export const iouOf = ({ predictedPx, truePx, bothPx }: ClassOverlap): number =>
  bothPx / (predictedPx + truePx - bothPx);

/** The counts of several images together, by class, ascending: as if they were one image. */
export function pooledOverlaps(overlaps: Iterable<ClassOverlap>): ClassOverlap[] {
  const pooled = new Map<number, ClassOverlap>();
  for (const { classIndex, ...one } of overlaps) {
    const { predictedPx, truePx, bothPx } = pooled.get(classIndex) ?? {
      predictedPx: 0,
      truePx: 0,
      bothPx: 0,
    };
    pooled.set(classIndex, {
      classIndex,
      predictedPx: predictedPx + one.predictedPx,
      truePx: truePx + one.truePx,
      bothPx: bothPx + one.bothPx,
    });
  }
  return [...pooled.values()].sort((a, b) => a.classIndex - b.classIndex);
}
