/** Means over images of which some have no score (docs/method.md §5), as values that can be paired. */
import { mean } from './statistics.ts';

/**
 * The linear part of the ratio sum over count (Cochran, Sampling Techniques, 1977, ch. 6): of I values, n of them scored
 * with mean m, value i stands for m + I/n · (x_i − m), and for m where it has no score. The mean stays m.
 * @param values one of them scored at least
 */
export function standingFor(values: readonly (number | null)[]): number[] {
  const scored = values.filter((value) => value !== null);
  const m = mean(scored);
  const factor = values.length / scored.length;
  return values.map((value) => (value === null ? m : m + factor * (value - m)));
}
