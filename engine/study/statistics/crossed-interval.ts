/**
 * The confidence interval of a mean over seeds and images, both taken as random: it speaks about new
 * seeds and new images alike, and it covers what it promises with three seeds already.
 *
 * Model: value[s, i] = mean + seed[s] + image[i] + rest[s, i]. The mean's variance is estimated in two
 * parts, from the spread of the seeds' means and from the spread of the images' means in excess of
 * what the rest explains (the mean squares of a two-way layout; Searle, Casella and McCulloch,
 * Variance Components, 1992, ch. 4). Each part is multiplied by the squared t quantile of its own
 * degrees of freedom:
 *
 *   half² = [max(t²(S−1) · MS_seed, t²((S−1)(I−1)) · (1 + 1/S) · MS_rest) + t²(I−1) · max(0, MS_image − MS_rest)] / SI
 *
 * For independent normal parts a sum of this form covers at least its nominal share, whatever the
 * variances (Banerjee, Approximate confidence interval for linear functions of means of k populations
 * when the population variances are not equal, Sankhyā 22, 1960, 357–358). The floor: the seeds' means
 * cannot truly differ by less than the rest makes them differ; where they do, in a third of studies, it is luck,
 * which may hide a spread of their own. Without the floor those studies claimed too much; the 1/S was found by
 * simulation. What is covered, in that third too, is measured by test/bench/coverage.ts, whose table is in
 * docs/study.md. The plain percentile interval of the crossed bootstrap (bootstrap.ts) is reported beside it;
 * with few seeds it is much too narrow.
 */
import type { Interval, VarianceComponents } from '../../../shared/analysis.ts';
import { tQuantile } from './student-t.ts';

export interface CrossedSize {
  readonly seeds: number;
  readonly images: number;
}

/** Mean squares of a two-way layout with one value a cell; 0 where there is nothing to vary. */
export interface MeanSquares {
  readonly seed: number;
  readonly image: number;
  readonly rest: number;
}

export interface MeanInterval {
  readonly mean: number;
  readonly ci95: Interval;
  readonly ci90: Interval;
}

/** @param values [seeds · images] */
export function meanSquares(values: Float64Array, { seeds, images }: CrossedSize): MeanSquares {
  const ofSeed = new Float64Array(seeds);
  const ofImage = new Float64Array(images);
  values.forEach((value, at) => {
    const s = Math.floor(at / images);
    const i = at % images;
    ofSeed[s] = (ofSeed[s] ?? 0) + value / images;
    ofImage[i] = (ofImage[i] ?? 0) + value / seeds;
  });
  const mean = ofSeed.reduce((sum, value) => sum + value, 0) / seeds;
  const squares = (deviations: Float64Array) =>
    deviations.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const rest = values.reduce((sum, value, at) => {
    const fitted = (ofSeed[Math.floor(at / images)] ?? 0) + (ofImage[at % images] ?? 0) - mean;
    return sum + (value - fitted) ** 2;
  }, 0);
  const perFreedom = (sum: number, freedom: number) => (freedom > 0 ? sum / freedom : 0);
  return {
    seed: perFreedom(images * squares(ofSeed), seeds - 1),
    image: perFreedom(seeds * squares(ofImage), images - 1),
    rest: perFreedom(rest, (seeds - 1) * (images - 1)),
  };
}

/** What several splits add to a spread (split-interval.ts). */
export interface SplitSpread {
  /** Of the splits' means (n − 1), and its degrees of freedom. */
  readonly variance: number;
  readonly freedom: number;
  /** What the variance is multiplied by to be that of the mean over splits. */
  readonly factor: number;
  /** How often each image is tested: its own part does not shrink with it. */
  readonly repeats: number;
}

/**
 * What an interval is made of: mean squares, the degrees of freedom of each, and the table's size. Over several splits:
 * mean squares within them, all their seeds, the images of one.
 */
export interface Spread extends CrossedSize {
  readonly squares: MeanSquares;
  readonly freedom: MeanSquares;
  readonly splits?: SplitSpread;
}

/** Of one table of differences. */
export function spreadOf(squares: MeanSquares, { seeds, images }: CrossedSize): Spread {
  const freedom = { seed: seeds - 1, image: images - 1, rest: (seeds - 1) * (images - 1) };
  return { squares, freedom, seeds, images };
}

/** Beyond this t is normal to four digits. */
const MAX_FREEDOM = 5000;

/**
 * Half the width of the two-sided interval: see above, and split-interval.ts. With one seed it speaks of images only,
 * with one image of seeds only, with one of each it is 0.
 * @param share two-sided: .95 for the 95 % interval
 */
export function halfWidth(spread: Spread, share: number): number {
  const { squares, freedom, seeds, images, splits } = spread;
  const times = (square: number, degrees: number) =>
    degrees > 0 ? tQuantile((1 + share) / 2, Math.min(degrees, MAX_FREEDOM)) ** 2 * square : 0;
  const floor = (1 + 1 / (freedom.seed + 1)) * times(squares.rest, freedom.rest);
  const ofSeeds = Math.max(times(squares.seed, freedom.seed), floor);
  const ofImages = times(Math.max(0, squares.image - squares.rest), freedom.image);
  const within = (ofSeeds + (splits?.repeats ?? 1) * ofImages) / (seeds * images);
  const between = splits === undefined ? 0 : splits.factor * times(splits.variance, splits.freedom);
  return Math.sqrt(Math.max(within, between));
}

/** @param values [seeds · images] */
export function crossedInterval(values: Float64Array, size: CrossedSize): MeanInterval {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = spreadOf(meanSquares(values, size), size);
  const around = (share: number): Interval => {
    const half = halfWidth(spread, share);
    return [mean - half, mean + half];
  };
  return { mean, ci95: around(0.95), ci90: around(0.9) };
}

/** Unbiased estimates, those below 0 set to 0; null with fewer than two seeds or images. */
export function varianceComponents(
  values: Float64Array,
  size: CrossedSize,
): VarianceComponents | null {
  const { seeds, images } = size;
  if (seeds < 2 || images < 2) return null;
  const { seed, image, rest } = meanSquares(values, size);
  return {
    seed: Math.max(0, (seed - rest) / images),
    image: Math.max(0, (image - rest) / seeds),
    rest,
  };
}
