import { describe, expect, it } from 'vitest';
import { wilcoxonSignedRank } from '../../../../engine/study/statistics/wilcoxon.ts';

function lcg(seed: number, count: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

/*
 * scipy 1.17.1 on the same numbers: with x of the generator above, d = x − offset, or in tied cases
 * d = np.round(x · 10^decimals) − np.round(offset · 10^decimals), zeros dropped;
 * stats.wilcoxon(d, zero_method='wilcox', correction=False, method='exact' or 'asymptotic')
 */
// oxfmt-ignore
const REFERENCE = [
  { n: 5, seed: 1, offset: 0.4, decimals: null, method: 'exact', statistic: 6.0, p: 0.8125 },
  { n: 12, seed: 2, offset: 0.45, decimals: null, method: 'exact', statistic: 38.0, p: 0.9697265625 },
  { n: 25, seed: 3, offset: 0.35, decimals: null, method: 'exact', statistic: 71.0, p: 0.012466490268707275 },
  { n: 26, seed: 4, offset: 0.4, decimals: null, method: 'normal', statistic: 128.0, p: 0.22766178540166304 },
  { n: 40, seed: 5, offset: 0.5, decimals: null, method: 'normal', statistic: 393.0, p: 0.8192559592995198 },
  { n: 200, seed: 6, offset: 0.47, decimals: null, method: 'normal', statistic: 8821.0, p: 0.13372085870236655 },
  { n: 500, seed: 7, offset: 0.3, decimals: null, method: 'normal', statistic: 23530.0, p: 1.1223990457024205e-33 },
  { n: 10, seed: 8, offset: 0.4, decimals: 1, method: 'normal', statistic: 18.0, p: 0.3300372596172294 },
  { n: 60, seed: 9, offset: 0.45, decimals: 2, method: 'normal', statistic: 739.0, p: 0.366974039750826 },
  { n: 30, seed: 10, offset: 0.5, decimals: 1, method: 'normal', statistic: 116.5, p: 0.047358864753238514 },
] as const;

/** np.round: halves to the even neighbour. */
function roundHalfEven(x: number): number {
  return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
}

describe('the signed-rank test', () => {
  it.each(REFERENCE)('equals scipy: $n differences, $method', (c) => {
    const differences = lcg(c.seed, c.n).map((x) =>
      c.decimals === null
        ? x - c.offset
        : roundHalfEven(x * 10 ** c.decimals) - roundHalfEven(c.offset * 10 ** c.decimals),
    );
    const result = wilcoxonSignedRank(differences);
    expect(result.method).toBe(c.method);
    expect(result.statistic).toBe(c.statistic);
    expect(result.p / c.p).toBeCloseTo(1, 10);
  });

  it('sees nothing where nothing differs', () => {
    expect(wilcoxonSignedRank([0, 0, 0])).toEqual({ statistic: 0, p: 1, method: 'exact' });
    expect(wilcoxonSignedRank([]).p).toBe(1);
    expect(wilcoxonSignedRank([0.2]).p).toBe(1);
  });
});
