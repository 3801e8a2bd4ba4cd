/** The arms of a study: runs of one pretraining, transfer and label count over their seeds. */
import type {
  AnalysedRun,
  ArmSummary,
  EmptyImages,
  LearningCurve,
} from '../../../shared/analysis.ts';
import type { PretrainingKey, Transfer } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { meanClassScores, setIouOf } from './class-scores.ts';
import { crossedInterval } from '../statistics/crossed-interval.ts';
import { mean, standardDeviation } from '../statistics/statistics.ts';

export interface Arm {
  readonly pretraining: PretrainingKey | null;
  readonly transfer: Transfer;
  readonly labels: number;
  /** Finished runs, by seed ascending; one a seed. */
  readonly runs: readonly AnalysedRun[];
  readonly failed: number;
}

/**
 * Arms with at least one finished run: in the order in which the runs bring them up, which is that of the study, and
 * each by label count.
 * @throws AppError conflict, where two finished runs were not tested on the same images
 */
export function armsOf(runs: readonly AnalysedRun[]): Arm[] {
  const first = runs.find((run) => run.status === 'done');
  for (const run of runs) {
    if (run.status === 'done' && first !== undefined && !sameImages(run, first)) {
      throw new AppError(
        'conflict',
        `Runs ${first.runId} and ${run.runId} were tested on different images, so they cannot be compared. Run one of them again on the other's snapshot.`,
      );
    }
  }
  const arms = Map.groupBy(runs, (run) => `${run.transfer} ${run.pretraining ?? ''}`);
  return [...arms.values()].flatMap((own) =>
    [...Map.groupBy(own, (run) => run.labels)]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([labels, group]) => {
        const done = group.filter((run) => run.status === 'done');
        const [one] = done.sort((a, b) => a.seed - b.seed);
        if (one === undefined) return [];
        const { pretraining, transfer } = one;
        return [{ pretraining, transfer, labels, runs: done, failed: group.length - done.length }];
      }),
  );
}

function sameImages(a: AnalysedRun, b: AnalysedRun): boolean {
  return (
    a.images.length === b.images.length &&
    a.images.every((image, i) => image.imageId === b.images[i]?.imageId)
  );
}

export function findArm(
  arms: readonly Arm[],
  pretraining: PretrainingKey | null,
  transfer: Transfer,
  labels: number,
): Arm | undefined {
  return arms.find(
    (arm) => arm.pretraining === pretraining && arm.transfer === transfer && arm.labels === labels,
  );
}

export function summariseArm(arm: Arm): ArmSummary {
  const { pretraining, transfer, labels, runs, failed } = arm;
  const testImages = runs[0]?.images.length ?? 0;
  const dicePerSeed = runs.map((run) => mean(run.images.map((image) => image.dice)));
  const dice = Float64Array.from(runs.flatMap((run) => run.images.map((image) => image.dice)));
  const [low, high] = crossedInterval(dice, { seeds: runs.length, images: testImages }).ci95;
  const classes = meanClassScores(runs.map((run) => run.classes ?? []));
  const average = (metric: 'iou' | 'hd95' | 'boundaryF1') =>
    mean(runs.map((run) => mean(run.images.map((image) => image[metric]))));
  return {
    pretraining,
    transfer,
    labels,
    seeds: runs.map((run) => run.seed),
    failed,
    testImages,
    dice: mean(dicePerSeed),
    diceCi95: [Math.max(0, low), Math.min(1, high)],
    diceSd: standardDeviation(dicePerSeed),
    iou: average('iou'),
    hd95: average('hd95'),
    boundaryF1: average('boundaryF1'),
    diceLast: mean(runs.map((run) => run.diceLast).filter((value) => value !== null)),
    dicePerSeed,
    setIou: setIouOf(classes),
    classes,
    empty: emptyOver(runs),
  };
}

function emptyOver(runs: readonly AnalysedRun[]): EmptyImages | null {
  const known = runs.flatMap(({ empty }) => empty ?? []);
  const [first] = known;
  if (first === undefined || known.length < runs.length) return null;
  return { images: first.images, falseAlarms: mean(known.map((one) => one.falseAlarms)) };
}

/** Validation Dice over the steps that every finished seed has. */
export function learningCurve(arm: Arm): LearningCurve {
  const { pretraining, transfer, labels, runs } = arm;
  const bySeed = runs.map(
    (run) => new Map(run.validation.map((point) => [point.step, point.dice])),
  );
  const points = (runs[0]?.validation ?? []).flatMap(({ step }) => {
    const dice = bySeed.map((curve) => curve.get(step)).filter((value) => value !== undefined);
    if (dice.length < runs.length) return [];
    return [{ step, mean: mean(dice), low: Math.min(...dice), high: Math.max(...dice) }];
  });
  return { pretraining, transfer, labels, points };
}
