/** The arms of a study: runs of one pretraining, transfer and label count over their seeds. */
import type { AnalysedRun, LearningCurve } from '../../../shared/analysis.ts';
import type { PretrainingKey, Transfer } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { mean } from '../statistics/statistics.ts';

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
  const done = runs.filter((run) => run.status === 'done');
  for (const run of done) {
    const first = done.find((one) => splitOf(one) === splitOf(run)) ?? run;
    if (!sameImages(run, first)) {
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

/** Number of the split that a run is of, from 0. */
export const splitOf = ({ split }: AnalysedRun): number => split?.index ?? 0;

/** Finished seeds of an arm, and the splits that they belong to. */
export const countsOf = ({ runs }: Arm) => ({
  seeds: runs.map(({ seed }) => seed),
  splits: new Set(runs.map(splitOf)).size,
});

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
