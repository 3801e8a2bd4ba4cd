/** Paired differences between arms: effects, intervals, tests and verdicts of every cell of a study. */
import type { Comparison, Interval, StudiedPretraining } from '../../../shared/analysis.ts';
import { gainsLessThan } from '../../../shared/advice.ts';
import type { PretrainingKey, PrimaryQuestion } from '../../../shared/entities.ts';
import { isPrimary, questionOf } from '../../../shared/primary-questions.ts';
import { createRandom } from '../../../shared/random.ts';
import { type Arm, findArm } from './arms.ts';
import { unequalLabels } from './unequal-labels.ts';
import type { Bootstrap } from '../statistics/bootstrap.ts';
import {
  armsOfContrast,
  CONTRASTS,
  differenceOf,
  imageMeans,
  seedMeans,
  splitMeans,
  type WeightedArm,
} from './contrasts.ts';
import { varianceComponents } from '../statistics/crossed-interval.ts';
import { intervalOverSplits, splitTest } from '../statistics/split-interval.ts';
import { holm, signFlipTest } from '../statistics/statistics.ts';
import type { HalfWidths } from '../statistics/simultaneous-interval.ts';
import { type Member, widthsTogether } from './together.ts';
import { advisedVerdict, verdictOf, wordsOf } from './verdict.ts';
import { wilcoxonSignedRank } from '../statistics/wilcoxon.ts';

export interface ComparisonOptions {
  readonly pretrainings: readonly StudiedPretraining[];
  readonly delta: number;
  /** Questions marked before the run; none: all that advice is read from. */
  readonly primary: readonly PrimaryQuestion[];
  readonly bootstrap: Bootstrap;
  readonly seedForBootstrap: number;
  readonly baselineNotConverged: readonly number[];
}

export interface Compared {
  readonly comparisons: readonly Comparison[];
  readonly trends: readonly EncoderTrend[];
  /** Primary questions that could be tested: so many intervals hold together. */
  readonly primaryQuestions: number;
}

/**
 * Every contrast of every (pretraining, labels) with at least one seed finished in all its arms, by
 * pretraining, label count and contrast. The primary ones have simultaneous intervals, and Holm's correction runs over
 * all of them; over the others it runs family by family, all label counts and pretrainings together.
 */
export function compareArms(arms: readonly Arm[], options: ComparisonOptions): Compared {
  const { pretrainings: all, primary } = options;
  const counts = labelCounts(arms);
  const design = { primary, most: counts.at(-1) ?? 0 };
  const cells = all.flatMap((pretraining) =>
    counts.flatMap((labels) =>
      CONTRASTS.flatMap((contrast) => {
        const own = armsOfContrast(contrast, { arms, pretraining, all, labels });
        const difference = own === null ? null : differenceOf(own);
        if (own === null || difference === null) return [];
        const { comparison, family } = contrast;
        const extraLabels = unequalLabels(comparison, { pretraining, all, labels });
        const cell = {
          pretraining: pretraining.key,
          labels,
          comparison,
          family,
          ...(extraLabels === 0 ? {} : { extraLabels }),
        };
        const numbers = numbersOf(cell, { arms: own, difference }, options);
        const question = questionOf(comparison);
        const isAsked =
          question !== null &&
          isPrimary({ question, pretraining: pretraining.key, labels }, design);
        return [{ numbers, isPrimary: isAsked, member: { arms: own, difference } }];
      }),
    ),
  );
  const trends = trendsOf(arms, all).map((trend) => {
    const asked = {
      question: 'trend',
      pretraining: trend.pretraining,
      labels: trend.fewest,
    } as const;
    return { ...trend, isPrimary: isPrimary(asked, design) };
  });
  const tested = cells.filter(({ numbers }) => numbers.verdict !== 'not tested');
  const asked = [...tested, ...trends].filter((one) => one.isPrimary).map(({ member }) => member);
  const halves = widthsTogether(asked);
  const widths = new Map<Member, HalfWidths>();
  asked.forEach((member, k) => {
    const half = halves[k];
    if (half !== undefined) widths.set(member, half);
  });
  const corrected = new Map(
    [
      ...Map.groupBy(tested, (one) => (one.isPrimary ? 'primary' : one.numbers.family)).values(),
    ].flatMap((family) => {
      const ps = holm(family.map(({ numbers }) => numbers.p));
      return family.map((one, k) => [one, ps[k]] as const);
    }),
  );
  const comparisons = cells.map((one): Comparison => {
    const half = widths.get(one.member);
    const numbers = {
      ...one.numbers,
      pHolm: corrected.get(one) ?? one.numbers.p,
      together:
        half === undefined
          ? null
          : togetherOf(one.numbers, half, { arms: one.member.arms, delta: options.delta }),
    };
    const baselineConverged = !options.baselineNotConverged.includes(numbers.labels);
    const context = { delta: options.delta, baselineConverged, questions: asked.length };
    return { ...numbers, words: wordsOf(numbers, context) };
  });
  return {
    comparisons,
    trends: trends.map(({ member, isPrimary: _primary, ...trend }) => {
      const half = widths.get(member);
      return {
        ...trend,
        together: half === undefined ? null : around(trend.effect, half.ci95, member.arms),
      };
    }),
    primaryQuestions: asked.length,
  };
}

/**
 * What an effect can be at all: Dice lies in 0 … 1, so a weighted sum of it lies between the sums of its negative and of its
 * positive weights. With two seeds an interval would else reach far beyond; what cannot be is no part of it.
 */
function possible([low, high]: Interval, arms: readonly WeightedArm[]): Interval {
  const least = arms.reduce((sum, { weight }) => sum + Math.min(0, weight), 0);
  const most = arms.reduce((sum, { weight }) => sum + Math.max(0, weight), 0);
  return [Math.max(least, low), Math.min(most, high)];
}

/** @param half half the width */
const around = (effect: number, half: number, arms: readonly WeightedArm[]): Interval =>
  possible([effect - half, effect + half], arms);

/** What one of the primary questions may be said to have shown, all of them together. */
function togetherOf(
  single: Pick<Comparison, 'effect' | 'seeds' | 'verdict'>,
  half: HalfWidths,
  { arms, delta }: { readonly arms: readonly WeightedArm[]; readonly delta: number },
): Comparison['together'] {
  const ci95 = around(single.effect, half.ci95, arms);
  const ci90 = around(single.effect, half.ci90, arms);
  const verdict = advisedVerdict(
    { ci95, ci90, seeds: single.seeds },
    { single: single.verdict, delta },
  );
  return { ci95, ci90, verdict };
}

function labelCounts(arms: readonly Arm[]): number[] {
  return [...new Set(arms.map((arm) => arm.labels))].toSorted((a, b) => a - b);
}

type Cell = Pick<Comparison, 'pretraining' | 'labels' | 'comparison' | 'family' | 'extraLabels'>;

function numbersOf(
  cell: Cell,
  { arms, difference }: Member,
  options: ComparisonOptions,
): Omit<Comparison, 'words' | 'pHolm' | 'together'> {
  const { pretraining, labels, comparison } = cell;
  const { tables, seeds, testImages } = difference;
  const { mean: effect, ...unbounded } = intervalOverSplits(tables);
  const ci95 = possible(unbounded.ci95, arms);
  const ci90 = possible(unbounded.ci90, arms);
  const [perSeed, perSplit] = [seedMeans(difference), splitMeans(difference)];
  const [only] = tables;
  const random = createRandom(options.seedForBootstrap, 'signs', comparison, pretraining, labels);
  const isDecoder = comparison === 'encoder+decoder − encoder';
  const tested = { ci95, ci90, seeds };
  const resampled =
    only === undefined || perSplit !== undefined
      ? {
          values: Float64Array.from(perSplit ?? [], (one) => one.effect),
          seeds: tables.length,
          images: 1,
        }
      : only;
  return {
    ...cell,
    effect,
    ci95,
    ci90,
    ci95Bootstrap: options.bootstrap(resampled.values, resampled.seeds, resampled.images).ci95,
    p: perSplit === undefined ? signFlipTest(perSeed, random) : splitTest(tables),
    seeds,
    testImages,
    perSeed,
    ...(perSplit === undefined ? {} : { perSplit }),
    variance:
      only === undefined || perSplit !== undefined ? null : varianceComponents(only.values, only),
    wilcoxonP: wilcoxonSignedRank(imageMeans(difference)).p,
    nonInferiorToSkip: isDecoder && seeds.length > 1 ? gainsLessThan(options.delta, tested) : null,
    verdict: verdictOf(tested, options.delta),
  };
}

/** How the encoder's effect changes from the fewest labels to the most: positive where it shrinks. */
export interface EncoderTrend {
  readonly pretraining: PretrainingKey;
  readonly fewest: number;
  readonly most: number;
  readonly seeds: number;
  readonly effect: number;
  readonly ci95: Interval;
  /** The 95 % interval that holds together with those of all primary questions; null where it is none of them. */
  readonly together: Interval | null;
}

/** One a pretraining whose encoder was compared at two label counts or more over at least two seeds. */
function trendsOf(
  arms: readonly Arm[],
  pretrainings: readonly StudiedPretraining[],
): (Omit<EncoderTrend, 'together'> & { readonly member: Member })[] {
  return pretrainings.flatMap(({ key: pretraining }) => {
    const compared = labelCounts(arms).flatMap((labels) => {
      const encoder = findArm(arms, pretraining, 'encoder', labels);
      const random = findArm(arms, null, 'random', labels);
      return encoder === undefined || random === undefined ? [] : [{ labels, encoder, random }];
    });
    const [few, many] = [compared[0], compared.at(-1)];
    if (few === undefined || many === undefined || few === many) return [];
    const own = [
      { weight: 1, arm: few.encoder },
      { weight: -1, arm: few.random },
      { weight: -1, arm: many.encoder },
      { weight: 1, arm: many.random },
    ];
    const difference = differenceOf(own);
    if (difference === null || difference.seeds.length < 2) return [];
    const seeds = difference.seeds.length;
    const { mean: effect, ci95: unbounded } = intervalOverSplits(difference.tables);
    const ci95 = possible(unbounded, own);
    const labels = { fewest: few.labels, most: many.labels };
    return [{ pretraining, ...labels, seeds, effect, ci95, member: { arms: own, difference } }];
  });
}
