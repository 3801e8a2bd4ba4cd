/**
 * Which threshold, smallest object and filling of holes suit a network: those with the highest Dice on images that chose
 * its checkpoint too, never on test images (docs/method.md §5).
 */
import type { ClassOverlap } from '../../../shared/entities.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { diceOf, pooledOverlaps } from '../../../shared/overlap.ts';
import {
  AS_DRAWN,
  type ClassScores,
  type PostProcessing,
  postProcess,
} from '../../../shared/post-processing.ts';
import { scoredOverlaps, type ScoredClasses } from './metrics.ts';

export interface ScoredImage {
  readonly scores: ClassScores;
  readonly truth: LabelMap;
}

const THRESHOLDS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const AREAS_PX = [4, 9, 16, 25, 49, 100, 225, 400, 900, 1600];
/** Of Dice. A setting that gains less is not worth having. */
const MIN_GAIN = 0.001;

/** Dice of each class over the pixels of all images together; of the classes that the truth holds. */
export const heldDice = (overlaps: Iterable<ClassOverlap>): readonly ClassOverlap[] =>
  pooledOverlaps(overlaps).filter(({ truePx }) => truePx > 0);

/** Mean over the classes that the truth holds; null where it holds none. */
export function meanDice(held: readonly ClassOverlap[]): number | null {
  if (held.length === 0) return null;
  return held.map(diceOf).reduce((sum, dice) => sum + dice, 0) / held.length;
}

/** One after the other, each with what was chosen before; the gentlest of those that are within MIN_GAIN. */
export function choosePostProcessing(
  images: readonly ScoredImage[],
  { classes, blank }: { readonly classes: ScoredClasses; readonly blank: number },
): { readonly rule: PostProcessing; readonly held: readonly ClassOverlap[] } {
  const scoreOf = (rule: PostProcessing) => {
    const held = heldDice(
      images.flatMap(({ scores, truth }) =>
        scoredOverlaps(postProcess(scores, rule, { blank }), truth, classes),
      ),
    );
    return { rule, held, dice: meanDice(held) ?? 0 };
  };
  let best = scoreOf(AS_DRAWN);
  const improve = (rules: readonly PostProcessing[]) => {
    const tried = rules.map(scoreOf);
    const highest = Math.max(...tried.map(({ dice }) => dice));
    if (highest < best.dice + MIN_GAIN) return;
    best = tried.find(({ dice }) => dice > highest - MIN_GAIN / 2) ?? best;
  };
  // The gentlest threshold is the one nearest to what most networks draw at.
  const thresholds = THRESHOLDS.toSorted((a, b) => Math.abs(a - 0.5) - Math.abs(b - 0.5));
  improve(thresholds.map((threshold) => ({ ...best.rule, threshold })));
  improve(AREAS_PX.map((minObjectPx) => ({ ...best.rule, minObjectPx })));
  improve(AREAS_PX.map((fillHolesPx) => ({ ...best.rule, fillHolesPx })));
  return { rule: best.rule, held: best.held };
}
