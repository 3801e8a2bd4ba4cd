/**
 * Wilcoxon's signed-rank test over images. It takes the trained models as given, so it says something
 * about these models only, never about the pretraining that made them (docs/method.md §5).
 */
import { normalTail } from './normal-tail.ts';

/** Up to here, and without ties, the null distribution is counted out. */
const MAX_EXACT = 25;

export interface SignedRank {
  /** Smaller of the rank sums of positive and of negative differences. */
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
  readonly method: 'exact' | 'normal';
}

/**
 * Two-sided test that the differences are symmetric about zero. Zeros are dropped (zero_method
 * 'wilcox'); with ties, or above 25 differences, the normal approximation with tie correction and
 * without continuity correction: scipy.stats.wilcoxon(d, zero_method='wilcox', correction=False).
 * Nothing but zeros gives p = 1.
 */
export function wilcoxonSignedRank(differences: ArrayLike<number>): SignedRank {
  const sorted = Array.from(differences)
    .filter((d) => d !== 0)
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  const n = sorted.length;
  let positive = 0;
  let tieTerm = 0; // Σ t³ − t over groups of t equal magnitudes
  for (let start = 0; start < n;) {
    const magnitude = Math.abs(sorted[start] ?? 0);
    let end = start;
    while (end < n && Math.abs(sorted[end] ?? 0) === magnitude) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) if ((sorted[i] ?? 0) > 0) positive += rank;
    tieTerm += (end - start) ** 3 - (end - start);
    start = end;
  }
  const statistic = Math.min(positive, (n * (n + 1)) / 2 - positive);
  if (n <= MAX_EXACT && tieTerm === 0) {
    return { statistic, p: exactP(statistic, n), method: 'exact' };
  }
  const variance = (n * (n + 1) * (2 * n + 1) - tieTerm / 2) / 24;
  const z = ((n * (n + 1)) / 4 - statistic) / Math.sqrt(variance);
  return { statistic, p: Math.min(1, 2 * normalTail(z)), method: 'normal' };
}

/** Twice the share of the 2^n sign patterns whose positive ranks sum to at most `statistic`. */
function exactP(statistic: number, n: number): number {
  const patterns = new Float64Array((n * (n + 1)) / 2 + 1); // patterns with each rank sum
  patterns[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = patterns.length - 1; sum >= rank; sum--) {
      patterns[sum] = (patterns[sum] ?? 0) + (patterns[sum - rank] ?? 0);
    }
  }
  let atMost = 0;
  for (let sum = 0; sum <= statistic; sum++) atMost += patterns[sum] ?? 0;
  return Math.min(1, (2 * atMost) / 2 ** n);
}
