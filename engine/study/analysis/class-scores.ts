/**
 * Scores by class, of one run and over the seeds of an arm: means over images, and over all test images as one
 * (docs/method.md §5). Beside the verdict, which rests on the means over images.
 */
import type { ClassScores, EmptyImages } from '../../../shared/analysis.ts';
import type { ImageResult } from '../../../shared/entities.ts';
import { diceOf, iouOf, pooledOverlaps } from '../../../shared/overlap.ts';
import { mean } from '../statistics/statistics.ts';

/** @param results of all test images, of one checkpoint; empty where classes were not counted */
export function classScores(results: readonly Pick<ImageResult, 'classes'>[]): ClassScores[] {
  const cells = results.flatMap(({ classes }) => classes);
  return pooledOverlaps(cells).map((pooled) => {
    const own = cells.filter(({ classIndex }) => classIndex === pooled.classIndex);
    return {
      classIndex: pooled.classIndex,
      images: own.filter(({ truePx }) => truePx > 0).length,
      dice: mean(own.map(diceOf)),
      iou: mean(own.map(iouOf)),
      setDice: diceOf(pooled),
      setIou: iouOf(pooled),
    };
  });
}

/**
 * @param results of all test images, of one checkpoint
 * @returns null where classes were not counted
 */
export function emptyImages(results: readonly Pick<ImageResult, 'classes'>[]): EmptyImages | null {
  if (!results.some(({ classes }) => classes.length > 0)) return null;
  const empty = results.filter(({ classes }) => !classes.some(({ truePx }) => truePx > 0));
  const alarms = empty.filter(({ classes }) => classes.length > 0);
  return { images: empty.length, falseAlarms: alarms.length };
}

const meanKnown = (values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length === 0 ? null : mean(known);
};

/** Mean over seeds of each class; none where a seed does not know its classes. */
export function meanClassScores(ofSeeds: readonly (readonly ClassScores[])[]): ClassScores[] {
  if (ofSeeds.some((classes) => classes.length === 0)) return [];
  const indices = new Set(ofSeeds.flatMap((classes) => classes.map((one) => one.classIndex)));
  return [...indices]
    .sort((a, b) => a - b)
    .map((classIndex) => {
      const own = ofSeeds.map((classes) => classes.find((one) => one.classIndex === classIndex));
      const over = (score: 'dice' | 'iou' | 'setDice' | 'setIou') =>
        meanKnown(own.map((one) => one?.[score]));
      return {
        classIndex,
        images: Math.max(...own.map((one) => one?.images ?? 0)),
        dice: over('dice'),
        iou: over('iou'),
        setDice: over('setDice'),
        setIou: over('setIou'),
      };
    });
}

/** IoU over all test images together, mean over the classes that their truth holds. */
export const setIouOf = (classes: readonly ClassScores[]): number | null =>
  meanKnown(classes.filter(({ images }) => images > 0).map(({ setIou }) => setIou));
