import { describe, expect, it } from 'vitest';
import { crossedInterval } from '../../../../engine/study/statistics/crossed-interval.ts';
import {
  intervalOverSplits,
  spreadOverSplits,
  type SplitTable,
  splitTest,
  trainingOverlap,
} from '../../../../engine/study/statistics/split-interval.ts';
import { createRandom } from '../../../../shared/random.ts';
import { meanOverSplits } from '../../../../engine/study/statistics/split-interval.ts';
import { simulatedSplits } from './simulated-splits.ts';

/** One seed and two images a split, of the same value, trained on images that no other split has. */
const plain = (means: readonly number[], trainedOn?: (split: number) => number[]): SplitTable[] =>
  means.map((value, k) => ({
    seeds: 1,
    images: 2,
    values: Float64Array.from([value, value]),
    imageIds: [2 * k, 2 * k + 1],
    trainImages: 8,
    trainedOn: [trainedOn?.(k) ?? [100 + k]],
  }));

const MEANS = [0.01, 0.03, 0.02, 0.05, 0.04];

describe('the interval over splits', () => {
  it('is the corrected resampled t of Nadeau and Bengio', () => {
    // By hand: mean .03, s² = .00025, n_test/n_train = 2/8, t(4) = 2.776445: 2.776445 · √((1/5 + 1/4) · .00025)
    const { mean, ci95 } = intervalOverSplits(plain(MEANS));
    expect(mean).toBeCloseTo(0.03, 12);
    expect(ci95[1] - 0.03).toBeCloseTo(0.029448644, 7);
    expect(0.03 - ci95[0]).toBeCloseTo(0.029448644, 7);
    // t = .03/√(.45 · .00025) = 2√2; with 4 degrees of freedom sin θ (1 + cos² θ / 2), θ = atan √2
    expect(splitTest(plain(MEANS))).toBeCloseTo(1 - Math.sqrt(2 / 3) * (1 + 1 / 6), 12);
  });

  it('takes the training images that splits share, where these are more', () => {
    // Each split trains on four of five images: three in common, ρ = 3/4, ρ/(1 − ρ) = 3 > 1/4.
    const four = (k: number) => [0, 1, 2, 3, 4].filter((i) => i !== k);
    expect(trainingOverlap(plain(MEANS, four))).toBeCloseTo(0.75, 12);
    expect(spreadOverSplits(plain(MEANS, four)).splits?.factor).toBeCloseTo(0.2 + 3, 12);
    expect(spreadOverSplits(plain(MEANS)).splits?.factor).toBeCloseTo(0.2 + 0.25, 12);
    // The same few labels in every split, by chance: no infinite interval.
    expect(spreadOverSplits(plain(MEANS, () => [1])).splits?.factor).toBeCloseTo(0.2 + 19, 12);
  });

  it('weighs what several seeds of a split were trained on', () => {
    // Weights ½ ¼ ¼ of images 1, 2, 3 and ½ ½ of 1, 4: product ¼, squares 3/8 and ½.
    const seen = [
      {
        trainedOn: [
          [1, 2],
          [1, 3],
        ],
      },
      { trainedOn: [[4, 1]] },
    ];
    expect(trainingOverlap(seen)).toBeCloseTo((2 * 0.25) / (3 / 8 + 1 / 2), 12);
  });

  it('is that of seeds and images where there is one split', () => {
    const random = createRandom(1, 'one split');
    const values = Float64Array.from({ length: 40 }, () => random.normal());
    const [one] = plain([0]);
    if (one === undefined) throw new Error('no table');
    const size = { seeds: 4, images: 10 };
    expect(intervalOverSplits([{ ...one, ...size, values }])).toEqual(
      crossedInterval(values, size),
    );
  });

  it('is never narrower than seeds and images within the splits make it', () => {
    // Two seeds and two images a split, all splits alike: only their insides vary.
    const values = Float64Array.from([0, 0, 0.04, 0.04]);
    const tables = plain(MEANS).map((table) => ({ ...table, seeds: 2, values }));
    // MS_seed = 2 · (.02² + .02²) = .0016 with 5 degrees of freedom, over 5 · 2 seeds · 2 images; t(5) = 2.570582
    const { ci95 } = intervalOverSplits(tables);
    expect(ci95[1] - 0.02).toBeCloseTo(2.570582 * Math.sqrt(0.0016 / 20), 7);
  });

  it('counts an image once however often it is tested', () => {
    // One seed, two images that differ, the same two in each of four splits: two images, not eight.
    const values = Float64Array.from([0, 0.02]);
    const tables = plain([0, 0, 0, 0]).map((table) => ({ ...table, imageIds: [7, 8], values }));
    // MS_image = .0002 with 4 degrees of freedom, over 2 images
    expect(intervalOverSplits(tables).ci95[1] - 0.01).toBeCloseTo(2.776445 * Math.sqrt(0.0001), 7);
  });

  it('has a p of 1 where nothing differs, and of 0 where all splits agree on a difference', () => {
    expect(splitTest(plain([0, 0, 0]))).toBe(1);
    expect(splitTest(plain([0.01, 0.01, 0.01]))).toBe(0);
  });
});

describe('over simulated studies', () => {
  const design = { images: 100, folds: 5, repeats: 1, splits: 5, seeds: 3 } as const;
  const spread = { seed: 0.01, image: 0.03, rest: 0.06, train: 0.02 };

  it.each([8, 'all'] as const)(
    'covers what it promises where training images matter: n = %s',
    (labels) => {
      const random = createRandom(6, 'coverage', labels);
      const studies = 300;
      let covered = 0;
      for (let k = 0; k < studies; k++) {
        const tables = simulatedSplits({ ...design, labels }, spread, random);
        const { ci95 } = intervalOverSplits(tables);
        if (ci95[0] <= 0 && ci95[1] >= 0) covered++;
      }
      expect(covered / studies).toBeGreaterThan(0.93);
    },
  );

  it('is centred on the mean of the splits', () => {
    const tables = simulatedSplits({ ...design, labels: 8 }, spread, createRandom(7, 'centre'));
    const { mean, ci95 } = intervalOverSplits(tables);
    expect(mean).toBe(meanOverSplits(tables));
    expect((ci95[0] + ci95[1]) / 2).toBeCloseTo(mean, 12);
  });
});
