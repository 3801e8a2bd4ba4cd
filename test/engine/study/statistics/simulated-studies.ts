/** Paired differences of studies whose truth is known: for what intervals and tests promise. */
import { chiSquare } from '../../../../engine/study/statistics/chi-square.ts';
import type {
  CrossedSize,
  MeanSquares,
} from '../../../../engine/study/statistics/crossed-interval.ts';
import type { Random } from '../../../../shared/random.ts';

/** Standard deviations in Dice, as VarianceComponents has variances. */
export interface Spread {
  readonly seed: number;
  readonly image: number;
  readonly rest: number;
}

/**
 * All of the same variance. `skewed arms`: each arm's luck is exponential, so that a paired difference is the
 * difference of two of them, symmetric with heavy tails; `skewed`: the difference itself is exponential, the worst case.
 */
export const NOISES = ['normal', 'skewed arms', 'skewed'] as const;
export type Noise = (typeof NOISES)[number];

const exponential = (random: Random) => -Math.log(1 - random.next());

const DRAWS: Readonly<Record<Noise, (random: Random) => number>> = {
  normal: (random) => random.normal(),
  'skewed arms': (random) => (exponential(random) - exponential(random)) / Math.SQRT2,
  skewed: (random) => exponential(random) - 1,
};

/**
 * effect + seed[s] + image[i] + rest[s, i]: the shape of a study's paired differences.
 * @returns [seeds · images]
 */
export function simulatedDifferences(options: {
  readonly seeds: number;
  readonly images: number;
  readonly effect: number;
  readonly spread: Spread;
  readonly noise: Noise;
  readonly random: Random;
}): Float64Array {
  const { seeds, images, effect, spread, noise, random } = options;
  const draw = () => DRAWS[noise](random);
  const ofImage = Float64Array.from({ length: images }, () => spread.image * draw());
  const values = new Float64Array(seeds * images);
  for (let s = 0; s < seeds; s++) {
    const ofSeed = effect + spread.seed * draw();
    for (let i = 0; i < images; i++) {
      values[s * images + i] = ofSeed + (ofImage[i] ?? 0) + spread.rest * draw();
    }
  }
  return values;
}

/**
 * Mean and mean squares of a table of normal differences around 0, drawn as such: a thousand times cheaper than the
 * table, and all that an interval reads. At least two seeds and two images.
 */
export function simulatedSquares(
  { seed, image, rest }: Spread,
  { seeds, images }: CrossedSize,
  random: Random,
): { readonly mean: number; readonly squares: MeanSquares } {
  const drawn = (variance: number, freedom: number) =>
    variance === 0 ? 0 : (variance * chiSquare(freedom, random)) / freedom;
  const [perSeed, perImage] = [images * seed ** 2 + rest ** 2, seeds * image ** 2 + rest ** 2];
  const variance = (perSeed + perImage - rest ** 2) / (seeds * images);
  return {
    mean: Math.sqrt(variance) * random.normal(),
    squares: {
      seed: drawn(perSeed, seeds - 1),
      image: drawn(perImage, images - 1),
      rest: drawn(rest ** 2, (seeds - 1) * (images - 1)),
    },
  };
}

/** Where the variance of a study's differences may come from; `mixed` is the region of real studies. */
export const SPREADS = {
  'seeds only': { seed: 0.02, image: 0, rest: 0 },
  'mostly seeds': { seed: 0.02, image: 0, rest: 0.06 },
  mixed: { seed: 0.02, image: 0.03, rest: 0.06 },
  'mostly images': { seed: 0.01, image: 0.05, rest: 0.08 },
  'images only': { seed: 0, image: 0.05, rest: 0 },
} as const satisfies Readonly<Record<string, Spread>>;
