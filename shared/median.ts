/** The middle of some numbers, which need no order. */

const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);

/** Between the two in the middle where their number is even; null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = ascending(values);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** One of them: the upper of the two in the middle; null of none. */
export function upperMedian(values: readonly number[]): number | null {
  return ascending(values)[Math.floor(values.length / 2)] ?? null;
}
