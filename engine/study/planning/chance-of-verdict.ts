/**
 * The chance that a study of a given size reaches a verdict, from the variance of its differences: studies are drawn from
 * the normal model (mean and mean squares, which are all that the intervals read) and judged as real ones are.
 */
import type { VarianceComponents } from '../../../shared/analysis.ts';
import type { PowerGoal } from '../../../shared/power.ts';
import { createRandom } from '../../../shared/random.ts';
import { chiSquare } from '../statistics/chi-square.ts';
import {
  type CrossedSize,
  halfWidth,
  type MeanSquares,
  spreadOf,
} from '../statistics/crossed-interval.ts';
import { normalTail } from '../statistics/normal-tail.ts';
import { type HalfWidths, halfWidthsTogether } from '../statistics/simultaneous-interval.ts';

const DRAWS = 500;

/** How a difference is read as advice: one of so many primary questions, beside so many arms at its label count. */
export interface ReadTogether {
  readonly questions: number;
  readonly arms: number;
}

const PARTS = ['seed', 'image', 'rest'] as const satisfies readonly (keyof MeanSquares)[];

/**
 * What all arms at a label count show of a difference, where they are alike: the mean of arms − 1 independent contrasts,
 * of which the difference itself is one.
 */
function sharedWith(
  own: MeanSquares,
  { arms, others }: { readonly arms: number; readonly others: MeanSquares },
): MeanSquares {
  const mean = (part: keyof MeanSquares) => (own[part] + (arms - 2) * others[part]) / (arms - 1);
  return { seed: mean('seed'), image: mean('image'), rest: mean('rest') };
}

/**
 * Chance of each goal. The mean squares are drawn; given these, the chance that the normal mean falls where the
 * interval decides is exact, so that few draws suffice: the standard error of a chance is below .01.
 * @param together null: read as a row by itself
 */
export function powerOf(
  variance: VarianceComponents,
  { seeds, images }: CrossedSize,
  { delta, together }: { readonly delta: number; readonly together: ReadTogether | null },
): Record<PowerGoal, number> {
  const random = createRandom(0, 'power', seeds, images);
  const { seed, image, rest } = variance;
  const expected = { seed: images * seed + rest, image: seeds * image + rest, rest };
  const deviation = Math.sqrt(seed / seeds + image / images + rest / (seeds * images));
  const freedom = { seed: seeds - 1, image: images - 1, rest: (seeds - 1) * (images - 1) };
  /** Of so many independent contrasts. */
  const drawn = (contrasts: number): MeanSquares => {
    const of = (part: (typeof PARTS)[number]) => {
      const degrees = contrasts * freedom[part];
      return degrees === 0 ? 0 : (expected[part] * chiSquare(degrees, random)) / degrees;
    };
    return { seed: of('seed'), image: of('image'), rest: of('rest') };
  };
  const halves = (): HalfWidths => {
    const squares = drawn(1);
    const own = spreadOf(squares, { seeds, images });
    if (together === null) return { ci95: halfWidth(own, 0.95), ci90: halfWidth(own, 0.9) };
    const { questions, arms } = together;
    const shared = arms < 3 ? null : sharedWith(squares, { arms, others: drawn(arms - 2) });
    return halfWidthsTogether(own, { shared, questions });
  };
  const chance = { equivalence: 0, superiority: 0 };
  for (let k = 0; k < DRAWS; k++) {
    const half = halves();
    // Around no difference, the interval for equivalence inside ±δ; around δ, the other one above 0.
    const room = delta - half.ci90;
    if (room > 0) chance.equivalence += 1 - 2 * normalTail(room / deviation);
    const above = (delta - half.ci95) / deviation;
    chance.superiority += above >= 0 ? 1 - normalTail(above) : normalTail(-above);
  }
  return { equivalence: chance.equivalence / DRAWS, superiority: chance.superiority / DRAWS };
}
