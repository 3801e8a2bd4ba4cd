/** Draws of χ², which the mean squares of a simulated study follow. */
import type { Random } from '../../../shared/random.ts';

/** Marsaglia and Tsang's gamma generator (ACM TOMS 26, 2000, 363–372). @param freedom at least 1 */
export function chiSquare(freedom: number, random: Random): number {
  if (freedom === 1) return random.normal() ** 2;
  const d = freedom / 2 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < (x * x) / 2 + d - d * v + d * Math.log(v)) {
      return 2 * d * v;
    }
  }
}
