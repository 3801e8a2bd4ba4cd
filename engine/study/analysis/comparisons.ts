/** Paired differences between arms: effects, intervals, tests and verdicts of every cell of a study. */
import type { Comparison, Interval, StudiedPretraining } from '../../../shared/analysis.ts';
import type { PretrainingKey } from '../../../shared/entities.ts';
import { createRandom } from '../../../shared/random.ts';
import { type Arm, findArm } from './arms.ts';
import { unequalLabels } from './unequal-labels.ts';
import type { Bootstrap } from '../statistics/bootstrap.ts';
import { contrastOf, CONTRASTS, type Difference, differenceOf, seedMeans } from './contrasts.ts';
import { crossedInterval, varianceComponents } from '../statistics/crossed-interval.ts';
import { holm, mean, signFlipTest } from '../statistics/statistics.ts';
import { gainsLessThan, verdictOf, wordsOf } from './verdict.ts';
import { wilcoxonSignedRank } from '../statistics/wilcoxon.ts';

/** Mean over seeds of each image. */
function imageMeans({ seeds, images, values }: Difference): number[] {
  return Array.from({ length: images }, (_, i) =>
    mean(seeds.map((_seed, s) => values[s * images + i] ?? NaN)),
  );
}

export interface ComparisonOptions {
  readonly pretrainings: readonly StudiedPretraining[];
  readonly delta: number;
  readonly bootstrap: Bootstrap;
  readonly seedForBootstrap: number;
  readonly baselineNotConverged: readonly number[];
}

/**
 * Every contrast of every (pretraining, labels) with at least one seed finished in all its arms, by
 * pretraining, label count and contrast. Holm's correction runs over the tested cells of a family, all
 * label counts and pretrainings together.
 */
export function compareArms(arms: readonly Arm[], options: ComparisonOptions): Comparison[] {
  const { pretrainings: all } = options;
  const cells = all.flatMap((pretraining) =>
    labelCounts(arms).flatMap((labels) =>
      CONTRASTS.flatMap((contrast) => {
        const difference = contrastOf(contrast, { arms, pretraining, all, labels });
        if (difference === null) return [];
        const { comparison, family } = contrast;
        const extraLabels = unequalLabels(comparison, { pretraining, all, labels });
        const cell = {
          pretraining: pretraining.key,
          labels,
          comparison,
          family,
          ...(extraLabels === 0 ? {} : { extraLabels }),
        };
        return [numbersOf(cell, difference, options)];
      }),
    ),
  );
  const tested = cells.filter((cell) => cell.verdict !== 'not tested');
  const families = [...Map.groupBy(tested, (cell) => cell.family).values()];
  const adjusted = new Map(
    families.flatMap((family) => {
      const ps = holm(family.map((cell) => cell.p));
      return family.map((cell, i) => [cell, ps[i] ?? cell.p] as const);
    }),
  );
  return cells.map((cell) => {
    const numbers = { ...cell, pHolm: adjusted.get(cell) ?? cell.p };
    const baselineConverged = !options.baselineNotConverged.includes(cell.labels);
    return { ...numbers, words: wordsOf(numbers, { delta: options.delta, baselineConverged }) };
  });
}

function labelCounts(arms: readonly Arm[]): number[] {
  return [...new Set(arms.map((arm) => arm.labels))].toSorted((a, b) => a - b);
}

type Cell = Pick<Comparison, 'pretraining' | 'labels' | 'comparison' | 'family' | 'extraLabels'>;

function numbersOf(
  cell: Cell,
  difference: Difference,
  options: ComparisonOptions,
): Omit<Comparison, 'words' | 'pHolm'> {
  const { pretraining, labels, comparison } = cell;
  const { seeds, images, values } = difference;
  const size = { seeds: seeds.length, images };
  const { mean: effect, ci95, ci90 } = crossedInterval(values, size);
  const perSeed = seedMeans(difference);
  const random = createRandom(options.seedForBootstrap, 'signs', comparison, pretraining, labels);
  const isDecoder = comparison === 'encoder+decoder − encoder';
  const tested = { ci95, ci90, seeds };
  return {
    ...cell,
    effect,
    ci95,
    ci90,
    ci95Bootstrap: options.bootstrap(values, seeds.length, images).ci95,
    p: signFlipTest(perSeed, random),
    seeds,
    testImages: images,
    perSeed,
    variance: varianceComponents(values, size),
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
}

/** One a pretraining whose encoder was compared at two label counts or more over at least two seeds. */
export function encoderTrends(
  arms: readonly Arm[],
  pretrainings: readonly StudiedPretraining[],
): EncoderTrend[] {
  return pretrainings.flatMap(({ key: pretraining }) => {
    const effects = labelCounts(arms).flatMap((labels) => {
      const difference = differenceOf([
        { weight: 1, arm: findArm(arms, pretraining, 'encoder', labels) },
        { weight: -1, arm: findArm(arms, null, 'random', labels) },
      ]);
      return difference === null ? [] : [{ labels, difference }];
    });
    const [few, many] = [effects[0], effects.at(-1)];
    if (few === undefined || many === undefined || few === many) return [];
    const seeds = few.difference.seeds.filter((seed) => many.difference.seeds.includes(seed));
    if (seeds.length < 2) return [];
    const { images } = few.difference;
    const rowOf = ({ seeds: all, values }: Difference, seed: number) => {
      const at = all.indexOf(seed) * images;
      return values.subarray(at, at + images);
    };
    const values = Float64Array.from(
      seeds.flatMap((seed) => {
        const manyRow = rowOf(many.difference, seed);
        return Array.from(rowOf(few.difference, seed), (d, i) => d - (manyRow[i] ?? NaN));
      }),
    );
    const { mean: effect, ci95 } = crossedInterval(values, { seeds: seeds.length, images });
    const { labels: fewest } = few;
    return [{ pretraining, fewest, most: many.labels, seeds: seeds.length, effect, ci95 }];
  });
}
