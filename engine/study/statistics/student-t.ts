/** Quantiles of Student's t distribution for whole degrees of freedom: what the intervals of few seeds need. */

/** Enough halvings to reach the last bit of a double from the bracket below. */
const HALVINGS = 120;

/**
 * P(|T| < t) with `df` degrees of freedom: the finite series of Abramowitz and Stegun, Handbook of
 * Mathematical Functions, 26.7.3 (odd) and 26.7.4 (even).
 */
function centralShare(t: number, df: number): number {
  const angle = Math.atan(t / Math.sqrt(df));
  const cosine = Math.cos(angle);
  const isOdd = df % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = 0;
  for (let k = isOdd ? 1 : 0; k <= df - 2; k += 2) {
    sum += term;
    term *= (cosine * cosine * (k + 1)) / (k + 2);
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

/**
 * Two-sided p of a t: P(|T| ≥ |t|).
 * @param df whole, at least 1
 */
export const tTail = (t: number, df: number): number => 1 - centralShare(Math.abs(t), df);

const known = new Map<string, number>();

/**
 * The t that T lies below with probability `share`: scipy.stats.t.ppf(share, df).
 * @param share .5 … 1, 1 left out
 * @param df whole, at least 1
 */
export function tQuantile(share: number, df: number): number {
  const key = `${share} ${df}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const central = 2 * share - 1;
  let low = 0;
  let high = 1;
  while (centralShare(high, df) < central) high *= 2;
  for (let k = 0; k < HALVINGS; k++) {
    const middle = (low + high) / 2;
    if (centralShare(middle, df) < central) low = middle;
    else high = middle;
  }
  known.set(key, high);
  return high;
}
