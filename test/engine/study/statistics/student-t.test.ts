import { describe, expect, it } from 'vitest';
import { tQuantile } from '../../../../engine/study/statistics/student-t.ts';

describe("Student's t quantile", () => {
  // scipy 1.17.1: stats.t.ppf(share, df)
  it.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 2, 4.302652729749462],
    [0.95, 3, 2.3533634348018233],
    [0.975, 4, 2.7764451051977934],
    [0.95, 9, 1.833112932656237],
    [0.9, 12, 1.356217334023205],
    [0.975, 17, 2.1098155778333156],
    [0.975, 63, 1.998340542520741],
    [0.95, 199, 1.6525467461665633],
    [0.975, 5000, 1.9604385517065073],
  ])("equals scipy's for %f with %i degrees of freedom", (share, df, expected) => {
    expect(tQuantile(share, df)).toBeCloseTo(expected, 10);
  });

  it('is 0 in the middle', () => {
    expect(tQuantile(0.5, 4)).toBeCloseTo(0, 12);
  });
});
