/**
 * What a study found: arms, paired comparisons, convergence, curves, claims and the headline, from its
 * finished and failed runs. Pure; reading the runs is gather.ts, showing the result is report/.
 */
import type { AnalysedRun, StudiedPretraining, StudyAnalysis } from '../../../shared/analysis.ts';
import type { PrimaryQuestion } from '../../../shared/entities.ts';
import { summariseArm } from './arm-summary.ts';
import { armsOf, countsOf, learningCurve } from './arms.ts';
import { createBootstrap } from '../statistics/bootstrap.ts';
import { judgeClaims } from './claims.ts';
import { compareArms } from './comparisons.ts';
import { convergenceOf, unconvergedBaselines } from './convergence.ts';
import { compareFamilies } from './families.ts';
import { labelHeadline } from './label-headline.ts';
import { headlineOf } from './headline.ts';
import { headlineWithNothingFound } from './nothing-found.ts';
import { claimsWithLabels, headlineWithLabels, isFairTrend } from './unequal-labels.ts';
import { objectFindings } from './object-findings.ts';
import { isIndicative } from './verdict.ts';

export interface AnalyseOptions {
  /** Failed runs are counted; only finished ones are compared, pair by pair of seeds. */
  readonly runs: readonly AnalysedRun[];
  /** In the order of the study. */
  readonly pretrainings: readonly StudiedPretraining[];
  /** Equivalence margin in Dice. */
  readonly delta: number;
  /** Questions marked before the run; none: all that advice is read from. */
  readonly primary?: readonly PrimaryQuestion[];
  /** Fixes the resamples, so that the same runs give the same intervals. */
  readonly seedForBootstrap: number;
  /** Steps of a fine-tuning run. */
  readonly budgetSteps: number;
  /** Names of the scored classes, where they are known. */
  readonly classes?: StudyAnalysis['classes'];
}

/**
 * Works with whatever has finished: arms without a finished run and contrasts without a common seed
 * are left out. Errors: conflict, where runs were tested on different images.
 */
export function analyseStudy(options: AnalyseOptions): StudyAnalysis {
  const { runs, pretrainings, delta, primary = [], seedForBootstrap, budgetSteps } = options;
  const arms = armsOf(runs);
  const bootstrap = createBootstrap(seedForBootstrap);
  const baselineNotConverged = unconvergedBaselines(arms, { budgetSteps, delta });
  const { comparisons, trends, primaryQuestions } = compareArms(arms, {
    pretrainings,
    delta,
    primary,
    bootstrap,
    seedForBootstrap,
    baselineNotConverged,
  });
  const families = compareFamilies(arms, { pretrainings, comparisons, delta, seedForBootstrap });
  const counts = [
    ...arms.map(countsOf),
    ...comparisons.map(({ seeds, perSplit }) => ({ seeds, splits: perSplit?.length ?? 1 })),
  ];
  const summaries = arms.map((arm) => {
    const own = pretrainings.find(({ key }) => key === arm.pretraining);
    const extraLabels = own?.extraLabels?.[arm.labels];
    return { ...summariseArm(arm), ...(extraLabels === undefined ? {} : { extraLabels }) };
  });
  const cells = { comparisons, trends };
  const fairCells = {
    comparisons: comparisons.filter(({ extraLabels }) => extraLabels === undefined),
    trends: trends.filter((trend) => isFairTrend(trend, pretrainings)),
  };
  const objects = objectFindings(runs, pretrainings);
  const judged = (some: typeof cells) => judgeClaims({ ...some, pretrainings, delta });
  return {
    delta,
    splits: Math.max(1, ...counts.map(({ splits }) => splits)),
    indicative: counts.some(isIndicative),
    headline: headlineWithNothingFound(
      pretrainings.length === 0
        ? labelHeadline(
            arms.filter(({ transfer }) => transfer === 'random'),
            delta,
          )
        : headlineWithLabels(headlineOf(comparisons, { delta, primaryQuestions }), pretrainings),
      summaries.map(({ dice }) => dice),
    ),
    pretrainings,
    arms: summaries,
    classes: options.classes ?? [],
    comparisons,
    primaryQuestions,
    families,
    convergence: arms.map((arm) => convergenceOf(arm, arms, budgetSteps)),
    curves: arms.map(learningCurve),
    claims: pretrainings.length === 0 ? [] : claimsWithLabels(judged(fairCells), judged(cells)),
    baselineNotConverged,
    ...(objects === null ? {} : { objects }),
  };
}
