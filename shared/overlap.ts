/**
 * How far a predicted and a true label map agree, class by class: counts of pixels, and the scores that follow from them.
 * A class that neither map holds has no counts and no score (docs/method.md §5).
 */
import { type ClassOverlap, IGNORE } from './entities.ts';
import { AppError } from './errors.ts';
import type { LabelMap } from './label-map.ts';

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
  const predicted = new Float64Array(256);
  const actual = new Float64Array(256);
  const both = new Float64Array(256);
  for (let i = 0; i < truth.data.length; i++) {
    const t = truth.data[i] ?? 0;
    if (t === IGNORE) continue;
    const p = prediction.data[i] ?? 0;
    actual[t] = (actual[t] ?? 0) + 1;
    predicted[p] = (predicted[p] ?? 0) + 1;
    if (t === p) both[t] = (both[t] ?? 0) + 1;
  }
  return Array.from({ length: 256 }, (_, classIndex) => ({
    classIndex,
    predictedPx: predicted[classIndex] ?? 0,
    truePx: actual[classIndex] ?? 0,
    bothPx: both[classIndex] ?? 0,
  })).filter(({ predictedPx, truePx }) => predictedPx + truePx > 0);
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
