/**
 * Plain statistics of a study (docs/method.md §5): means, percentiles, the exact sign-flip test, Holm's
 * correction and the equivalence test. Pure functions of numbers; they know no arms, runs or files.
 * The crossed bootstrap is in bootstrap.ts, the signed-rank test in wilcoxon.ts.
 */
import type { Interval, Verdict } from '../../../shared/analysis.ts';
import type { Random } from '../../../shared/random.ts';

/** Arithmetic mean; NaN of nothing. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}

/** Sample standard deviation (n − 1); null below two values. */
export function standardDeviation(values: ArrayLike<number>): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] ?? 0) - centre) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/**
 * Percentile with linear interpolation, as numpy.percentile's default.
 * @param ascending sorted, not empty
 * @param share 0 … 1: 0.95 is the 95th percentile
 */
export function percentile(ascending: ArrayLike<number>, share: number): number {
  const position = share * (ascending.length - 1);
  const below = Math.floor(position);
  const low = ascending[below] ?? NaN;
  const high = ascending[Math.min(below + 1, ascending.length - 1)] ?? NaN;
  return low + (high - low) * (position - below);
}

/** Up to here all sign patterns are enumerated (about a million); above, they are sampled. */
const MAX_ENUMERATED = 20;
const SAMPLED_PATTERNS = 100_000;
/** Sums that are equal in exact arithmetic must tie in floating point, too. */
const TIE_TOLERANCE = 1e-9;

/**
 * Two-sided sign-flip (paired randomisation) test that the values are symmetric about zero: the
 * share of the 2^S sign patterns whose sum is at least as far from zero as the one seen. Exact up to
 * 20 values; above, 100 000 random patterns with p = (1 + hits) / (1 + patterns).
 *
 * @param values one mean difference per seed; none, or all zero, gives p = 1
 * @param random draws the patterns above 20 values; not read below
 */
export function signFlipTest(values: readonly number[], random: Random): number {
  const magnitude = values.reduce((sum, v) => sum + Math.abs(v), 0);
  const seen = Math.abs(values.reduce((sum, v) => sum + v, 0));
  const threshold = seen - TIE_TOLERANCE * magnitude;
  if (values.length <= MAX_ENUMERATED) {
    const hits = (k: number, sum: number): number => {
      const value = values[k];
      if (value === undefined) return Math.abs(sum) >= threshold ? 1 : 0;
      return hits(k + 1, sum + value) + hits(k + 1, sum - value);
    };
    return hits(0, 0) / 2 ** values.length;
  }
  let hits = 0;
  for (let r = 0; r < SAMPLED_PATTERNS; r++) {
    let sum = 0;
    for (const value of values) sum += random.next() < 0.5 ? value : -value;
    if (Math.abs(sum) >= threshold) hits++;
  }
  return (1 + hits) / (1 + SAMPLED_PATTERNS);
}

/**
 * Holm's step-down adjusted p-values, in the order given (Holm 1979): the k-th smallest of m is
 * multiplied by m − k + 1, never below its predecessor, never above 1.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, at) => ({ p, at })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(ps.length);
  let floor = 0;
  order.forEach(({ p, at }, k) => {
    floor = Math.max(floor, Math.min(1, p * (ps.length - k)));
    adjusted[at] = floor;
  });
  return adjusted;
}

/** Two one-sided tests at α = .05 in the form of their interval: the 90 % CI lies inside ±delta. */
export function isEquivalent(ci90: Interval, delta: number): boolean {
  return ci90[0] > -delta && ci90[1] < delta;
}

/** The interval does not hold zero. */
export function excludesZero(interval: Interval): boolean {
  return interval[0] > 0 || interval[1] < 0;
}

/** What the intervals of a difference say of it, equivalence first (docs/method.md §5). */
export function verdictOfIntervals(
  { ci95, ci90 }: { readonly ci95: Interval; readonly ci90: Interval },
  delta: number,
): Exclude<Verdict, 'not tested'> {
  if (isEquivalent(ci90, delta)) {
    return excludesZero(ci95) ? 'equivalent, small but detectable' : 'equivalent';
  }
  if (!excludesZero(ci95)) return 'inconclusive';
  return ci95[0] > 0 ? 'helps' : 'hurts';
}
