/**
 * What a study found of objects, where those of its test images were told apart: F1, AP, panoptic quality and count error
 * of every arm, and their paired differences, with the intervals that Dice has. Beside the verdict, which rests on Dice.
 */
import type {
  AnalysedRun,
  Interval,
  ObjectFindings,
  StudiedPretraining,
} from '../../../shared/analysis.ts';
import { OBJECT_MEASURES, type ObjectMeasure } from '../../../shared/objects/object-scores.ts';
import { intervalOverSplits } from '../statistics/split-interval.ts';
import { standingFor } from '../statistics/partly-scored.ts';
import { type Arm, armsOf, splitOf } from './arms.ts';
import { armsOfContrast, CONTRASTS, differenceOf } from './contrasts.ts';

/** Images of each split that any of its runs has a score of. */
function scoredIds(
  runs: readonly AnalysedRun[],
  measure: ObjectMeasure,
): ReadonlyMap<number, ReadonlySet<number>> {
  return new Map(
    [...Map.groupBy(runs, splitOf)].map(([split, own]) => {
      const known = own.flatMap(({ objects = [] }) =>
        objects.flatMap(({ imageId, scores }) => (scores[measure] === null ? [] : [imageId])),
      );
      return [split, new Set(known)];
    }),
  );
}

/** Runs with this measure in the place of Dice, which the differences are taken of; those that know it. */
function runsBy(done: readonly AnalysedRun[], measure: ObjectMeasure): AnalysedRun[] {
  const ids = scoredIds(done, measure);
  const measured: AnalysedRun[] = [];
  for (const run of done) {
    const own = (run.objects ?? []).filter(({ imageId }) => ids.get(splitOf(run))?.has(imageId));
    const values = own.map(({ scores }) => scores[measure]);
    if (values.every((value) => value === null)) continue;
    const standing = standingFor(values);
    const images = own.map(({ imageId }, i) => {
      const dice = standing[i] ?? 0;
      return { imageId, dice, iou: dice, hd95: dice, boundaryF1: dice };
    });
    measured.push({ ...run, images });
  }
  return measured;
}

/** Within what the measure can be: counts have no upper end. */
const within = ([low, high]: Interval, measure: ObjectMeasure): Interval => [
  Math.max(0, low),
  measure === 'countError' ? high : Math.min(1, high),
];

function armsBy(arms: readonly Arm[], measure: ObjectMeasure): ObjectFindings['arms'][number][] {
  return arms.flatMap((arm) => {
    const difference = differenceOf([{ weight: 1, arm }]);
    if (difference === null) return [];
    const { pretraining, transfer, labels } = arm;
    const { mean, ci95 } = intervalOverSplits(difference.tables);
    const { testImages } = difference;
    return [
      { pretraining, transfer, labels, measure, testImages, mean, ci95: within(ci95, measure) },
    ];
  });
}

function differencesBy(
  arms: readonly Arm[],
  measure: ObjectMeasure,
  all: readonly StudiedPretraining[],
): ObjectFindings['differences'][number][] {
  const counts = [...new Set(arms.map(({ labels }) => labels))].toSorted((a, b) => a - b);
  return all.flatMap((pretraining) =>
    counts.flatMap((labels) =>
      CONTRASTS.flatMap((contrast) => {
        const own = armsOfContrast(contrast, { arms, pretraining, all, labels });
        const difference = own === null ? null : differenceOf(own);
        if (difference === null || difference.seeds.length < 2) return [];
        const { mean: effect, ci95 } = intervalOverSplits(difference.tables);
        const { comparison } = contrast;
        const { seeds } = difference;
        return [{ pretraining: pretraining.key, labels, comparison, measure, effect, ci95, seeds }];
      }),
    ),
  );
}

/** null where no finished run knows objects. One that does not hides none of the others: it is counted. */
export function objectFindings(
  runs: readonly AnalysedRun[],
  pretrainings: readonly StudiedPretraining[],
): ObjectFindings | null {
  const done = runs.filter(({ status }) => status === 'done');
  const known = done.filter(({ objects }) => objects !== undefined);
  const arms: ObjectFindings['arms'][number][] = [];
  const differences: ObjectFindings['differences'][number][] = [];
  for (const measure of OBJECT_MEASURES) {
    const own = armsOf(runsBy(known, measure));
    arms.push(...armsBy(own, measure));
    differences.push(...differencesBy(own, measure, pretrainings));
  }
  const missing = done.length - known.length;
  return arms.length === 0 ? null : { runs: done.length, missing, arms, differences };
}
