import { describe, expect, it } from 'vitest';
import { meanSquares, spreadOf } from '../../../../engine/study/statistics/crossed-interval.ts';
import {
  halfWidthsTogether,
  sharedSquares,
} from '../../../../engine/study/statistics/simultaneous-interval.ts';

/** Numerical Recipes' linear congruential generator, the same in the script of the reference values. */
function lcg(seed: number, count: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

const SIZE = { seeds: 5, images: 6 };
const ARMS = [20, 21, 22, 23].map((seed) => lcg(seed, 30));
const difference = Float64Array.from(lcg(21, 30), (x, at) => x - (lcg(20, 30)[at] ?? NaN));
const own = spreadOf(meanSquares(difference, SIZE), SIZE);

describe('intervals that hold together', () => {
  it('share the interactions of the layout arms × seeds × images', () => {
    // numpy 2.4.6, x[a, s, i]: mean squares of arm × seed, arm × image and arm × seed × image from their own means
    const { seed, image, rest } = sharedSquares([{ tables: ARMS, size: SIZE }]);
    expect(seed).toBeCloseTo(0.08043306032374045, 12);
    expect(image).toBeCloseTo(0.0701689370851143, 12);
    expect(rest).toBeCloseTo(0.056617120366234154, 12);
  });

  it('are those of the difference itself where two arms are all there is', () => {
    const two = sharedSquares([{ tables: ARMS.slice(0, 2), size: SIZE }]);
    const squares = meanSquares(difference, SIZE);
    for (const part of ['seed', 'image', 'rest'] as const) {
      expect(2 * two[part]).toBeCloseTo(squares[part], 12);
    }
  });

  it('equal the formula in numpy and scipy: 10 questions, own and shared mean squares averaged', () => {
    // α = 1 − .95^(1/10); mean squares (own + 2 · shared) / 2 with twice the own degrees of freedom, as in crossed-interval
    const { seed, image, rest } = sharedSquares([{ tables: ARMS, size: SIZE }]);
    const shared = { seed: 2 * seed, image: 2 * image, rest: 2 * rest };
    const moderated = halfWidthsTogether(own, { shared, questions: 10 });
    expect(moderated.ci95).toBeCloseTo(0.25396121517184206, 10);
    expect(moderated.ci90).toBeCloseTo(0.22257829862011727, 10);
    const alone = halfWidthsTogether(own, { shared: null, questions: 10 });
    expect(alone.ci95).toBeCloseTo(0.28571871269500315, 10);
    expect(alone.ci90).toBeCloseTo(0.23574698666408633, 10);
  });

  it('are the single interval for one question, and never narrower', () => {
    expect(halfWidthsTogether(own, { shared: null, questions: 1 }).ci95).toBeCloseTo(
      0.1441964289018491,
      10,
    );
    const still = { seed: 0, image: 0, rest: 0 };
    expect(halfWidthsTogether(own, { shared: still, questions: 2 }).ci95).toBeCloseTo(
      0.1441964289018491,
      10,
    );
  });
});
