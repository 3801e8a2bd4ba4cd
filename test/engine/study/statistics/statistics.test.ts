import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  excludesZero,
  holm,
  isEquivalent,
  mean,
  percentile,
  signFlipTest,
  standardDeviation,
} from '../../../../engine/study/statistics/statistics.ts';
import { createRandom } from '../../../../shared/random.ts';

const random = createRandom(1, 'statistics.test');

// Numbers of Numerical Recipes' linear congruential generator from seed 1: np.percentile and np.std see the same.
function lcg(seed: number, count: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

describe('means and percentiles', () => {
  it('equal numpy 2.4.6: np.percentile(np.sort(x), [0, 2.5, 50, 95, 100]) and np.std(x, ddof=1)', () => {
    const x = lcg(1, 17).sort((a, b) => a - b);
    const expected = [
      0.0164932357147336, 0.030113392882049082, 0.5042420323006809, 0.8848788679111748,
      0.980845961952582,
    ];
    [0, 0.025, 0.5, 0.95, 1].forEach((share, k) => {
      expect(percentile(x, share)).toBeCloseTo(expected[k] ?? NaN, 14);
    });
    expect(standardDeviation(x)).toBeCloseTo(0.2850966800690214, 14);
  });

  it('know no spread of fewer than two values', () => {
    expect(standardDeviation([0.5])).toBeNull();
    expect(standardDeviation([])).toBeNull();
    expect(standardDeviation([0.5, 0.5])).toBe(0);
    expect(mean([0.5])).toBe(0.5);
    expect(percentile([0.5], 0.975)).toBe(0.5);
  });
});

describe('the sign-flip test', () => {
  // scipy 1.17.1: stats.permutation_test((x,), np.mean, permutation_type='samples', n_resamples=np.inf)
  it.each([
    { x: [0.018, 0.02, 0.011, 0.03, 0.007], p: 0.0625 },
    { x: [0.018, -0.02, 0.011, 0.03, 0.007, 0.01, 0.002, -0.004], p: 0.2578125 },
    { x: [0.01, 0.01, -0.01, 0.02], p: 0.5 },
  ])('equals scipy for $x', ({ x, p }) => {
    expect(signFlipTest(x, random)).toBe(p);
  });

  it('cannot fall below 2 / 2^S', () => {
    for (let seeds = 1; seeds <= 10; seeds++) {
      expect(signFlipTest(new Array<number>(seeds).fill(0.1), random)).toBe(2 / 2 ** seeds);
    }
  });

  it('sees nothing in one seed, in zeros and in nothing', () => {
    expect(signFlipTest([0.3], random)).toBe(1);
    expect(signFlipTest([0, 0, 0, 0], random)).toBe(1);
    expect(signFlipTest([], random)).toBe(1);
  });

  it('counts sums as tied that differ by rounding only', () => {
    // .1 + .2 − .3 is 5.6e-17 in floating point: every pattern is at least as far from zero.
    expect(signFlipTest([0.1, 0.2, -0.3], random)).toBe(1);
  });

  it('knows neither sign nor order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 8 }), (values) => {
        const p = signFlipTest(values, random);
        expect(signFlipTest(values.map((v) => -v).reverse(), random)).toBe(p);
        expect(p).toBeGreaterThanOrEqual(values.length === 0 ? 1 : 2 / 2 ** values.length);
      }),
    );
  });

  it('depends on no unit', () => {
    const x = [0.018, -0.02, 0.011, 0.03, 0.007, 0.01, 0.002, -0.004];
    for (const unit of [1e-12, 1e-6, 1e6, 1e12]) {
      expect(
        signFlipTest(
          x.map((v) => v * unit),
          random,
        ),
      ).toBe(0.2578125);
    }
  });

  it('is exact up to 20 seeds, and cannot be smaller than one in 100 001 above', () => {
    expect(signFlipTest(new Array<number>(20).fill(0.1), random)).toBe(2 / 2 ** 20);
    expect(signFlipTest(new Array<number>(21).fill(0.1), random)).toBeGreaterThan(0.99e-5);
  });

  it('samples sign patterns above 20 seeds, the same ones every time', () => {
    const x = lcg(3, 24).map((v) => v - 0.4);
    const sampled = signFlipTest(x, createRandom(5, 'signs'));
    expect(signFlipTest(x, createRandom(5, 'signs'))).toBe(sampled);
    // All 2^24 patterns in numpy: 0.0557244; the standard error of 100 000 of them is .0007.
    expect(Math.abs(sampled - 0.0557244)).toBeLessThan(0.003);
    expect(signFlipTest(new Array<number>(24).fill(1), createRandom(5, 'signs'))).toBeCloseTo(
      1 / 100_001,
      12,
    );
  });
});

describe("Holm's correction", () => {
  // statsmodels 0.14: multipletests(p, method='holm')[1]
  it.each([
    { ps: [0.01, 0.04, 0.03, 0.005], adjusted: [0.03, 0.06, 0.06, 0.02] },
    { ps: [0.0625, 0.0625, 0.5, 1, 0.02], adjusted: [0.25, 0.25, 1, 1, 0.1] },
    { ps: [0.2, 0.2, 0.2], adjusted: [0.6, 0.6, 0.6] },
    { ps: [0.6, 0.7], adjusted: [1, 1] },
    { ps: [0.03], adjusted: [0.03] },
    { ps: [], adjusted: [] },
  ])('equals statsmodels for $ps', ({ ps, adjusted }) => {
    expect(holm(ps)).toHaveLength(ps.length);
    holm(ps).forEach((p, k) => {
      expect(p).toBeCloseTo(adjusted[k] ?? NaN, 14);
    });
  });

  it('keeps the chance of any false alarm among five null comparisons at 5 %', () => {
    const studies = 1000;
    const draw = createRandom(7, 'holm');
    let alarms = 0;
    for (let study = 0; study < studies; study++) {
      const common = Array.from({ length: 8 }, () => draw.normal()); // arms share their baseline
      const ps = Array.from({ length: 5 }, () =>
        signFlipTest(
          common.map((c) => c + draw.normal()),
          draw,
        ),
      );
      if (holm(ps).some((p) => p <= 0.05)) alarms++;
    }
    // Binomial standard error .007 at .05.
    expect(alarms / studies).toBeLessThan(0.065);
    expect(alarms / studies).toBeGreaterThan(0.005);
  });
});

describe('equivalence', () => {
  it('needs the whole interval strictly inside the margin', () => {
    expect(isEquivalent([-0.019, 0.019], 0.02)).toBe(true);
    expect(isEquivalent([-0.019, 0.02], 0.02)).toBe(false);
    expect(isEquivalent([-0.02, 0.01], 0.02)).toBe(false);
    expect(isEquivalent([0, 0], 0.02)).toBe(true);
  });

  it('is another question than whether zero is excluded', () => {
    expect(excludesZero([0.001, 0.01])).toBe(true);
    expect(excludesZero([-0.01, -0.001])).toBe(true);
    expect(excludesZero([0, 0.01])).toBe(false);
    expect(excludesZero([-0.01, 0])).toBe(false);
    expect(excludesZero([-0.01, 0.01])).toBe(false);
  });
});
