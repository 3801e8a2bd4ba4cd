/**
 * How fast arms learn, apart from how well they end (docs/method.md §5), and whether the random arm had
 * learnt all it could when its budget ended. Reads validation Dice only.
 */
import type { AnalysedRun, ConvergenceSummary } from '../../../shared/analysis.ts';
import { type Arm, findArm } from './arms.ts';
import { mean } from '../statistics/statistics.ts';

type Curve = AnalysedRun['validation'];

/** Steps of an arm's runs: alike for all, but where a label count went on. */
const budgetOf = (arm: Arm, budgetSteps: number) => arm.runs[0]?.steps ?? budgetSteps;

/** Share of the random arm's best smoothed validation Dice that an arm has to reach. */
const TARGET_SHARE = 0.95;
/** The early area is taken over this share of the budget. */
const EARLY_SHARE = 0.3;
/** A curve that still rises over this last share of the budget … */
const LAST_SHARE = 0.2;
/** … by more than this share of δ, averaged over seeds, has not converged. */
const RISE_OF_DELTA = 0.5;

/** Each evaluation averaged with the one before and the one after; two at the ends. */
export function smoothed(curve: Curve): Curve {
  return curve.map(({ step }, i) => ({
    step,
    dice: mean(curve.slice(Math.max(0, i - 1), i + 2).map((point) => point.dice)),
  }));
}

/** Between two evaluations on the line between them; before the first and after the last as these. */
function valueAt(curve: Curve, step: number): number {
  const after = curve.findIndex((point) => point.step >= step);
  const right = curve[after];
  const left = curve[after < 0 ? curve.length - 1 : after - 1];
  if (right === undefined || left === undefined) return (left ?? right)?.dice ?? NaN;
  return left.dice + ((right.dice - left.dice) * (step - left.step)) / (right.step - left.step);
}

/** Mean of the curve over the first 30 % of the budget: the area under it divided by its width. */
export function earlyArea(curve: Curve, budgetSteps: number): number {
  const end = EARLY_SHARE * budgetSteps;
  const steps = [0, ...curve.map((p) => p.step).filter((step) => step > 0 && step < end), end];
  let area = 0;
  steps.forEach((step, i) => {
    const before = steps[i - 1];
    if (before === undefined) return;
    area += ((valueAt(curve, before) + valueAt(curve, step)) / 2) * (step - before);
  });
  return area / end;
}

/** First evaluation at which the smoothed curve reaches the target; Infinity where it never does. */
export function stepsToReach(curve: Curve, target: number): number {
  return smoothed(curve).find((point) => point.dice >= target)?.step ?? Infinity;
}

/** Median of right-censored steps (Infinity): null where over half are censored. */
export function censoredMedian(steps: readonly number[]): number | null {
  const sorted = steps.toSorted((a, b) => a - b);
  const low = sorted[Math.ceil(sorted.length / 2) - 1] ?? Infinity;
  const high = sorted[Math.floor(sorted.length / 2)] ?? Infinity;
  if (low === Infinity) return null;
  return high === Infinity ? low : (low + high) / 2;
}

/**
 * Convergence of one arm. The target of a seed is 95 % of the random arm's best smoothed validation Dice at the same
 * seed and label count: the best of a curve as noisy as validation on few images is luck, and the arm's own curve is
 * smoothed as well. `ofSingleBest` sets 95 % of the random arm's best single evaluation as the target, for readers who
 * take "best" so. Seeds without a finished random run, or whose random run never found anything, set no target and
 * are left out of `seeds`.
 */
export function convergenceOf(
  arm: Arm,
  arms: readonly Arm[],
  budgetSteps: number,
): ConvergenceSummary {
  const { pretraining, transfer, labels, runs } = arm;
  const random = findArm(arms, null, 'random', labels);
  const stepsTo = (curveOf: (curve: Curve) => Curve): number[] =>
    runs.flatMap((run) => {
      const baseline = random?.runs.find(({ seed }) => seed === run.seed);
      const best = Math.max(0, ...curveOf(baseline?.validation ?? []).map((point) => point.dice));
      return best > 0 ? [stepsToReach(run.validation, TARGET_SHARE * best)] : [];
    });
  const reachedBy = (steps: readonly number[]) => ({
    medianStep: censoredMedian(steps),
    reached: steps.filter((step) => step < Infinity).length,
  });
  const steps = stepsTo(smoothed);
  return {
    pretraining,
    transfer,
    labels,
    ...reachedBy(steps),
    seeds: steps.length,
    ofSingleBest: reachedBy(stepsTo((curve) => curve)),
    earlyArea: mean(runs.map((run) => earlyArea(run.validation, budgetOf(arm, budgetSteps)))),
  };
}

/**
 * Label counts at which the random arm was still learning when its budget ended: over the last fifth
 * its smoothed validation Dice rose by more than δ/2 on average over seeds.
 */
export function unconvergedBaselines(
  arms: readonly Arm[],
  options: { readonly budgetSteps: number; readonly delta: number },
): number[] {
  const { delta } = options;
  return arms
    .filter((arm) => arm.transfer === 'random')
    .filter((arm) => {
      const budgetSteps = budgetOf(arm, options.budgetSteps);
      const rises = arm.runs.map((run) => {
        const curve = smoothed(run.validation);
        return valueAt(curve, budgetSteps) - valueAt(curve, (1 - LAST_SHARE) * budgetSteps);
      });
      return mean(rises) > RISE_OF_DELTA * delta;
    })
    .map((arm) => arm.labels);
}
