import { describe, expect, it } from 'vitest';
import { verdictOf, wordsOf } from '../../../../engine/study/analysis/verdict.ts';
import { gainsLessThan } from '../../../../shared/advice.ts';
import type { Comparison, Interval } from '../../../../shared/analysis.ts';

const FIVE = [0, 1, 2, 3, 4];

const numbers = (
  ci95: Interval,
  ci90: Interval,
  more: Partial<Comparison> = {},
): Omit<Comparison, 'words'> => {
  const seeds = more.seeds ?? FIVE;
  return {
    pretraining: 'segmentation',
    labels: 8,
    comparison: 'encoder+decoder − encoder',
    family: 'decoder',
    effect: (ci95[0] + ci95[1]) / 2,
    ci95,
    ci90,
    ci95Bootstrap: ci95,
    p: 0.0625,
    pHolm: 0.25,
    seeds,
    testImages: 64,
    perSeed: [],
    variance: null,
    wilcoxonP: 0.01,
    nonInferiorToSkip: null,
    verdict: verdictOf({ ci95, ci90, seeds }, 0.02),
    together: null,
    ...more,
  };
};

const words = (n: Omit<Comparison, 'words'>, baselineConverged = true) =>
  wordsOf(n, { delta: 0.02, baselineConverged, questions: 6 });

describe('the verdict', () => {
  it.each([
    { ci95: [0.004, 0.031], ci90: [0.006, 0.029], verdict: 'helps' },
    { ci95: [-0.05, -0.01], ci90: [-0.045, -0.012], verdict: 'hurts' },
    { ci95: [-0.01, 0.012], ci90: [-0.008, 0.01], verdict: 'equivalent' },
    {
      ci95: [0.002, 0.019],
      ci90: [0.004, 0.017],
      verdict: 'equivalent, small but detectable',
    },
    { ci95: [-0.01, 0.03], ci90: [-0.005, 0.025], verdict: 'inconclusive' },
    { ci95: [-0.09, 0.01], ci90: [-0.08, 0.005], verdict: 'inconclusive' },
    // The 90 % interval decides on equivalence even where the 95 % one leaves ±δ.
    { ci95: [-0.004, 0.021], ci90: [-0.001, 0.019], verdict: 'equivalent' },
    // Touching δ is not inside it, touching zero does not exclude it.
    { ci95: [0, 0.03], ci90: [0.001, 0.02], verdict: 'inconclusive' },
    { ci95: [-0.03, 0], ci90: [-0.02, -0.001], verdict: 'inconclusive' },
  ] as const)('of $ci95 and $ci90 at δ = .02 is $verdict', ({ ci95, ci90, verdict }) => {
    expect(verdictOf({ ci95, ci90, seeds: FIVE }, 0.02)).toBe(verdict);
  });

  it('is not given for one seed', () => {
    expect(verdictOf({ ci95: [0.1, 0.2], ci90: [0.1, 0.2], seeds: [0] }, 0.02)).toBe('not tested');
    expect(gainsLessThan(0.02, { ci90: [-0.1, 0], seeds: [0] })).toBe(false);
  });

  it('is given for two', () => {
    expect(verdictOf({ ci95: [0.1, 0.2], ci90: [0.1, 0.2], seeds: [3, 5] }, 0.02)).toBe('helps');
    expect(gainsLessThan(0.02, { ci90: [-0.1, 0], seeds: [3, 5] })).toBe(true);
  });

  it('does not call a gain below δ that may be δ', () => {
    expect(gainsLessThan(0.02, { ci90: [-0.1, 0.02], seeds: FIVE })).toBe(false);
    expect(gainsLessThan(0.02, { ci90: [-0.1, 0.0199], seeds: FIVE })).toBe(true);
  });
});

describe('its words', () => {
  it('say the effect, S, n and δ in one sentence', () => {
    expect(words(numbers([0.004, 0.032], [0.006, 0.029]))).toBe(
      'Adding the decoder to the segmentation encoder: +0.018 Dice [+0.004, +0.032] with 8 labelled images over 5 seeds (64 test images, δ = 0.02): helps.',
    );
  });

  it('never call an open question equivalence, but say where a gain is smaller than δ all the same', () => {
    const open = words(numbers([-0.01, 0.03], [-0.005, 0.025]));
    expect(open).toMatch(/: inconclusive, which is not evidence of equivalence\.$/);
    const skippable = words(numbers([-0.09, 0.01], [-0.08, 0.005]));
    expect(skippable).toMatch(/not evidence of equivalence; any gain is smaller than δ, though\.$/);
    const encoder = numbers([-0.09, 0.021], [-0.08, 0.015], { comparison: 'encoder − random' });
    expect(words(encoder)).toMatch(/δ, though \(90 % interval \[−0.080, \+0.015\]\)/);
    const halves = numbers([-0.09, 0.01], [-0.08, 0.005], { comparison: 'interaction' });
    expect(words(halves)).not.toContain('smaller than δ');
  });

  it('say of all questions together what the advice says, and name the interval that it is read from', () => {
    const wide = {
      ci95: [-0.051, 0.024],
      ci90: [-0.047, 0.0198],
      verdict: 'inconclusive',
    } as const;
    const both = { comparison: 'encoder+decoder − random', together: wide } as const;
    // By itself it gains less than δ as well: nothing to add.
    expect(words(numbers([-0.036, 0.009], [-0.03, 0.004], both))).toMatch(/δ, though\.$/);
    // By itself it is equivalent: of all together less is left.
    expect(words(numbers([-0.019, 0.018], [-0.015, 0.013], both))).toMatch(
      /smaller than δ\. Together with all 6 primary questions \[−0.051, \+0.024\]: gains less than δ \(90 % interval \[−0.047, \+0.020\]\)\.$/,
    );
  });

  it.each([
    ['helps', [0.03, 0.06], 'helps', 'the halves help each other'],
    ['hurts', [-0.06, -0.03], 'hurts', 'together the halves gain less than the sum of both'],
    [
      'equivalent',
      [-0.01, 0.01],
      'equivalent, any difference is smaller than δ',
      'the halves add up, any difference from the sum is smaller than δ',
    ],
  ] as const)('say what "%s" means of an arm and of an interaction', (verdict, ci, arm, halves) => {
    const of = (comparison: 'decoder − random' | 'interaction') =>
      words(numbers(ci, ci, { comparison, verdict }));
    expect(of('decoder − random')).toMatch(new RegExp(`δ = 0.02\\): ${arm}\\.$`));
    expect(of('interaction')).toMatch(new RegExp(`δ = 0.02\\): ${halves}\\.$`));
  });

  it('warn of few seeds and, against a random start only, of a baseline still learning', () => {
    const three = numbers([0.03, 0.06], [0.035, 0.055], { seeds: [0, 1, 2] });
    expect(words(three)).toContain('over 3 seeds');
    expect(words(three)).toContain('(indicative only, with fewer than 5 seeds).');
    expect(words(three, false)).not.toContain('random start');
    const encoder = { ...three, comparison: 'encoder − random' } as const;
    expect(words(encoder, false)).toContain('the random start was still improving');
    expect(words(encoder, true)).not.toContain('the random start was still improving');
  });

  it('do not call a single seed indicative: it is nothing', () => {
    const one = numbers([0.1, 0.2], [0.11, 0.19], { seeds: [3], labels: 1, testImages: 1 });
    expect(words(one)).toBe(
      'Adding the decoder to the segmentation encoder: +0.150 Dice [+0.100, +0.200] with 1 labelled image over 1 seed (1 test image, δ = 0.02): not tested, for one seed cannot tell an effect from luck.',
    );
  });
});
