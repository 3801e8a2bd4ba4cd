/** Paired differences between arms: effects, intervals, tests and verdicts of every cell of a study. */
import type {
  Comparison,
  ComparisonFamily,
  ComparisonKind,
  Interval,
  StudiedPretraining,
} from '../../shared/analysis.ts';
import type { PretrainingKey, Transfer } from '../../shared/entities.ts';
import { createRandom } from '../../shared/random.ts';
import { type Arm, findArm } from './arms.ts';
import type { Bootstrap } from './bootstrap.ts';
import { holm, mean, signFlipTest } from './statistics.ts';
import { gainsLessThan, verdictOf, wordsOf } from './verdict.ts';
import { wilcoxonSignedRank } from './wilcoxon.ts';

interface Contrast {
  readonly comparison: ComparisonKind;
  readonly family: ComparisonFamily;
  readonly transfer: Transfer;
  readonly against: Transfer;
  /** Whose arm it is set against: nobody's, its own, or that of the study's first classification. */
  readonly baseline: 'none' | 'own' | 'classification';
}

const CONTRASTS: readonly Contrast[] = [
  {
    comparison: 'encoder − random',
    family: 'encoder',
    transfer: 'encoder',
    against: 'random',
    baseline: 'none',
  },
  {
    comparison: 'encoder+decoder − encoder',
    family: 'decoder',
    transfer: 'encoder+decoder',
    against: 'encoder',
    baseline: 'own',
  },
  {
    comparison: 'decoder − random',
    family: 'decoder',
    transfer: 'decoder',
    against: 'random',
    baseline: 'none',
  },
  {
    comparison: 'encoder+decoder − random',
    family: 'other',
    transfer: 'encoder+decoder',
    against: 'random',
    baseline: 'none',
  },
  {
    comparison: 'frozen-encoder − encoder',
    family: 'other',
    transfer: 'frozen-encoder',
    against: 'encoder',
    baseline: 'own',
  },
  {
    comparison: 'encoder − encoder(classification)',
    family: 'other',
    transfer: 'encoder',
    against: 'encoder',
    baseline: 'classification',
  },
];

/** Dice_A − Dice_B of the seeds that finished in both arms. */
interface Difference {
  readonly seeds: readonly number[];
  readonly images: number;
  /** [seeds · images] */
  readonly values: Float64Array;
}

/** null where no seed finished in both. */
function differenceOf(a: Arm | undefined, b: Arm | undefined): Difference | null {
  const pairs = (a?.runs ?? []).flatMap((left) => {
    const right = b?.runs.find((run) => run.seed === left.seed);
    return right === undefined ? [] : [{ left, right }];
  });
  const [first] = pairs;
  if (first === undefined) return null;
  return {
    seeds: pairs.map(({ left }) => left.seed),
    images: first.left.images.length,
    values: Float64Array.from(
      pairs.flatMap(({ left, right }) =>
        left.images.map((image, i) => image.dice - (right.images[i]?.dice ?? NaN)),
      ),
    ),
  };
}

/** Mean over images of each seed. */
function seedMeans({ seeds, images, values }: Difference): number[] {
  return seeds.map((_, s) => mean(values.subarray(s * images, (s + 1) * images)));
}

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
 * Every contrast of every (pretraining, labels) with at least one seed finished in both arms, by
 * pretraining, label count and contrast. Holm's correction runs over the tested cells of a family, all
 * label counts and pretrainings together.
 */
export function compareArms(arms: readonly Arm[], options: ComparisonOptions): Comparison[] {
  const cells = options.pretrainings.flatMap((pretraining) =>
    labelCounts(arms).flatMap((labels) =>
      CONTRASTS.flatMap((contrast) => {
        const { key } = pretraining;
        const baseline = baselineOf(contrast, pretraining, options.pretrainings);
        if (baseline === undefined) return [];
        const difference = differenceOf(
          findArm(arms, key, contrast.transfer, labels),
          findArm(arms, baseline, contrast.against, labels),
        );
        return difference === null
          ? []
          : [numbersOf({ contrast, pretraining: key, labels, difference, options })];
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

/** Key of the arm to compare with, null for none; undefined where there is nothing to compare with. */
function baselineOf(
  { baseline }: Contrast,
  { key, task }: StudiedPretraining,
  all: readonly StudiedPretraining[],
): PretrainingKey | null | undefined {
  if (baseline === 'none') return null;
  if (baseline === 'own') return key;
  // One classification against another says nothing about other tasks.
  if (task === 'classification') return undefined;
  return all.find((one) => one.task === 'classification')?.key;
}

function numbersOf(cell: {
  contrast: Contrast;
  pretraining: PretrainingKey;
  labels: number;
  difference: Difference;
  options: ComparisonOptions;
}): Omit<Comparison, 'words' | 'pHolm'> {
  const { contrast, pretraining, labels, difference, options } = cell;
  const { comparison, family } = contrast;
  const { seeds, images, values } = difference;
  const { mean: effect, ci95, ci90 } = options.bootstrap(values, seeds.length, images);
  const perSeed = seedMeans(difference);
  const random = createRandom(options.seedForBootstrap, 'signs', comparison, pretraining, labels);
  const p = signFlipTest(perSeed, random);
  const isDecoder = comparison === 'encoder+decoder − encoder';
  const tested = { ci95, ci90, seeds };
  return {
    pretraining,
    labels,
    comparison,
    family,
    effect,
    ci95,
    ci90,
    p,
    seeds,
    testImages: images,
    perSeed,
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
  { pretrainings, bootstrap }: Pick<ComparisonOptions, 'pretrainings' | 'bootstrap'>,
): EncoderTrend[] {
  return pretrainings.flatMap(({ key: pretraining }) => {
    const effects = labelCounts(arms).flatMap((labels) => {
      const difference = differenceOf(
        findArm(arms, pretraining, 'encoder', labels),
        findArm(arms, null, 'random', labels),
      );
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
    const { mean: effect, ci95 } = bootstrap(values, seeds.length, images);
    const { labels: fewest } = few;
    return [{ pretraining, fewest, most: many.labels, seeds: seeds.length, effect, ci95 }];
  });
}
