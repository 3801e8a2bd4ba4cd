/**
 * The interval of a mean over several splits of one dataset, repeated or grouped cross-validation: it speaks about other
 * training images too. The J = folds · repeats splits share most of their images, so that their means are correlated
 * and J of them are worth fewer. With a correlation ρ the variance of the mean over splits is
 *
 *   (1/J + ρ/(1 − ρ)) · s²,  s² the variance of the splits' means,
 *
 * and the interval takes Student's t of J − 1 degrees of freedom: the corrected resampled t test of Nadeau and Bengio
 * (Inference for the generalization error, Machine Learning 52, 2003, 239–281), for repeated cross-validation as by
 * Bouckaert and Frank (PAKDD 2004, 3–12). ρ cannot be estimated from the splits. Theirs is n_test/(n_test + n_train), so
 * that ρ/(1 − ρ) = n_test/n_train; where training images matter and all of them are trained on, that is too little
 * (coverage down to 81 %). So ρ is that, or the share of training images that two splits have in common, whichever is
 * larger: two functions of training sets cannot be correlated more than by what they share, whatever the functions
 * (Hoeffding, Annals of Mathematical Statistics 19, 1948, 293–325).
 *
 * With few splits s² may be small by luck, so the interval is never narrower than what seeds and images within the
 * splits make it: crossed-interval.ts with their mean squares pooled, all seeds, and each image once however often it is
 * tested. What is covered is measured by test/bench/coverage-splits.ts, whose table is in docs/study.md.
 */
import {
  type CrossedSize,
  type MeanInterval,
  type MeanSquares,
  halfWidth,
  meanSquares,
  type Spread,
  spreadOf,
} from './crossed-interval.ts';
import { mean, standardDeviation } from './statistics.ts';
import { tTail } from './student-t.ts';

/** What one split was measured by. */
export interface SplitTable extends CrossedSize {
  /** [seeds · images] */
  readonly values: Float64Array;
  /** Images that were tested, in the order of the values. */
  readonly imageIds: readonly number[];
  /** Images that may be trained on. */
  readonly trainImages: number;
  /** Images that each seed was trained on. */
  readonly trainedOn: readonly (readonly number[])[];
}

/** Two splits may draw the same few labels by chance; all of a split's are never those of another. */
const MOST_OVERLAP = 0.95;

const PARTS = ['seed', 'image', 'rest'] as const;

const harmonicMean = (values: readonly number[]) => 1 / mean(values.map((value) => 1 / value));

/**
 * Share of what two splits were trained on that they have in common, on average: every image weighs in a split by the
 * share of its seeds that saw it, and two splits by the product of their weights. 0 … 1.
 * @param tables at least two
 */
export function trainingOverlap(tables: readonly Pick<SplitTable, 'trainedOn'>[]): number {
  const together = new Map<number, number>();
  let own = 0;
  for (const { trainedOn } of tables) {
    const weights = new Map<number, number>();
    for (const seen of trainedOn) {
      const weight = 1 / (trainedOn.length * seen.length);
      for (const image of seen) weights.set(image, (weights.get(image) ?? 0) + weight);
    }
    for (const [image, weight] of weights) {
      own += weight ** 2;
      together.set(image, (together.get(image) ?? 0) + weight);
    }
  }
  const all = [...together.values()].reduce((sum, weight) => sum + weight ** 2, 0);
  return own === 0 ? 0 : (all - own) / ((tables.length - 1) * own);
}

/** Variance of the mean over splits in units of that of the splits' means. */
function factorOf(tables: readonly SplitTable[]): number {
  const tested = mean(tables.map(({ images, trainImages }) => images / trainImages));
  const overlap = Math.min(MOST_OVERLAP, trainingOverlap(tables));
  return 1 / tables.length + Math.max(tested, overlap / (1 - overlap));
}

/** The average of the splits' mean squares, each weighing with its degrees of freedom. */
export function pooled(spreads: readonly Spread[]): Pick<Spread, 'squares' | 'freedom'> {
  const squares: Record<keyof MeanSquares, number> = { seed: 0, image: 0, rest: 0 };
  const freedom: Record<keyof MeanSquares, number> = { seed: 0, image: 0, rest: 0 };
  for (const part of PARTS) {
    const sum = spreads.reduce((all, one) => all + one.squares[part] * one.freedom[part], 0);
    freedom[part] = spreads.reduce((all, one) => all + one.freedom[part], 0);
    squares[part] = freedom[part] > 0 ? sum / freedom[part] : 0;
  }
  return { squares, freedom };
}

/** @param tables one a split, at least one; a single one is the plain two-way layout */
export function spreadOverSplits(tables: readonly SplitTable[]): Spread {
  const spreads = tables.map((table) => spreadOf(meanSquares(table.values, table), table));
  const [first] = spreads;
  if (first !== undefined && spreads.length === 1) return first;
  const deviation = standardDeviation(tables.map(({ values }) => mean(values))) ?? 0;
  const tested = tables.flatMap(({ imageIds }) => imageIds);
  return {
    ...pooled(spreads),
    seeds: tables.length * harmonicMean(tables.map(({ seeds }) => seeds)),
    images: harmonicMean(tables.map(({ images }) => images)),
    splits: {
      variance: deviation ** 2,
      freedom: tables.length - 1,
      factor: factorOf(tables),
      repeats: tested.length / new Set(tested).size,
    },
  };
}

/** Every split weighs alike. */
export const meanOverSplits = (tables: readonly Pick<SplitTable, 'values'>[]): number =>
  mean(tables.map(({ values }) => mean(values)));

export function intervalOverSplits(tables: readonly SplitTable[]): MeanInterval {
  const centre = meanOverSplits(tables);
  const spread = spreadOverSplits(tables);
  const around = (share: number) => {
    const half = halfWidth(spread, share);
    return [centre - half, centre + half] as const;
  };
  return { mean: centre, ci95: around(0.95), ci90: around(0.9) };
}

/**
 * Two-sided p of the corrected resampled t test that the mean is 0. Signs cannot be flipped split by split, as they can
 * seed by seed: splits are not independent.
 * @param tables at least two
 */
export function splitTest(tables: readonly SplitTable[]): number {
  const deviation = standardDeviation(tables.map(({ values }) => mean(values))) ?? 0;
  const error = Math.sqrt(factorOf(tables)) * deviation;
  const centre = meanOverSplits(tables);
  if (error === 0) return centre === 0 ? 1 : 0;
  return tTail(centre / error, tables.length - 1);
}
