/**
 * P(Z ≥ z) of a standard normal for z ≥ 0, to about 1e-13 of its value: the Taylor series of
 * Abramowitz and Stegun 26.2.11 near zero, Laplace's continued fraction 26.2.14 in the tail.
 */
export function normalTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 1; term > 1e-17 * sum; k++) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = 120; k >= 1; k--) fraction = z + k / fraction;
  return density / fraction;
}
