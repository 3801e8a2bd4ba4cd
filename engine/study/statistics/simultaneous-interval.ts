/**
 * Intervals that hold all together: of everything that a study asks for certain, every one covers its truth in 95 of
 * 100 studies. Two steps:
 *
 * 1. Šidák's inequality (Rectangular confidence regions for the means of multivariate normal distributions, JASA 62,
 *    1967, 626–633): m intervals of share (1 − .05)^(1/m) hold together with at least .95, whatever their correlation;
 *    those of arms that share a random start are correlated.
 * 2. With three seeds a difference has two degrees of freedom of its own, and m such intervals would be too wide to say
 *    anything. So its mean squares are the average of its own and of what all arms at its label count show (the
 *    interactions arm × seed, arm × image and arm × seed × image), and count with twice its own degrees of freedom: the
 *    moderated t of Smyth (Statistical Applications in Genetics and Molecular Biology 3, 2004, article 3) with a prior
 *    that weighs as much as the data. Taking the arms' spread alone, as Dunnett (JASA 50, 1955, 1096–1121) does, would
 *    be narrower still, and is wrong in up to 29 % of studies where one arm has three times the spread of the others.
 *
 * No interval here is narrower than the single one of crossed-interval.ts. What they hold is measured by
 * test/bench/advice.ts (tables in docs/study.md).
 */
import {
  halfWidth,
  meanSquares,
  type CrossedSize,
  type MeanSquares,
  type Spread,
  spreadOf,
} from './crossed-interval.ts';
import { pooled } from './split-interval.ts';
import { mean, standardDeviation } from './statistics.ts';

/** Chance of anything false among all that is advised. */
const FAMILY_ALPHA = 0.05;

/** Two-sided shares of the intervals of m questions: for a difference, and for equivalence (two one-sided tests). */
function sharesTogether(questions: number): { readonly ci95: number; readonly ci90: number } {
  const alpha = 1 - (1 - FAMILY_ALPHA) ** (1 / questions);
  return { ci95: 1 - alpha, ci90: 1 - 2 * alpha };
}

/** Mean squares of a single arm beyond what all arms share, and the variance of its splits' means. */
export interface SharedSquares extends MeanSquares {
  /** Left out where there is one split. */
  readonly splits?: number;
}

/** The same seeds of one split in every arm. */
export interface ArmTables {
  /** Of each arm, in the same order in every split: [seeds · images]; at least two arms. */
  readonly tables: readonly Float64Array[];
  readonly size: CrossedSize;
}

/** What is left of each arm's table when the average of all arms is taken away. */
function residuals({ tables, size }: ArmTables): Float64Array[] {
  const average = new Float64Array(size.seeds * size.images);
  for (const table of tables) {
    for (let at = 0; at < average.length; at++)
      average[at] = (average[at] ?? 0) + (table[at] ?? 0) / tables.length;
  }
  return tables.map((table) => table.map((value, at) => value - (average[at] ?? 0)));
}

/**
 * Those of a difference are expected to be these, times the sum of its squared weights, where arms are alike. Mean
 * squares are averaged over splits as those of a difference are (split-interval.ts).
 * @param splits one as a rule
 */
export function sharedSquares(splits: readonly ArmTables[]): SharedSquares {
  const ofSplits = splits.map((split) => ({ left: residuals(split), size: split.size }));
  const arms = splits[0]?.tables.length ?? 0;
  const { squares } = pooled(
    ofSplits.map(({ left, size }) => {
      const sum = { seed: 0, image: 0, rest: 0 };
      for (const own of left.map((table) => meanSquares(table, size))) {
        sum.seed += own.seed / (arms - 1);
        sum.image += own.image / (arms - 1);
        sum.rest += own.rest / (arms - 1);
      }
      return spreadOf(sum, size);
    }),
  );
  const between = Array.from({ length: arms }, (_, a) => {
    const means = ofSplits.map(({ left }) => mean(left[a] ?? []));
    return (standardDeviation(means) ?? 0) ** 2 / (arms - 1);
  });
  const isOne = ofSplits.length < 2;
  return isOne ? squares : { ...squares, splits: between.reduce((sum, one) => sum + one, 0) };
}

/** The average of both, with twice the degrees of freedom. */
function moderated(own: Spread, shared: SharedSquares): Spread {
  const average = (part: keyof MeanSquares) => (own.squares[part] + shared[part]) / 2;
  const twice = (part: keyof MeanSquares) => 2 * own.freedom[part];
  const { splits } = own;
  return {
    ...own,
    squares: { seed: average('seed'), image: average('image'), rest: average('rest') },
    freedom: { seed: twice('seed'), image: twice('image'), rest: twice('rest') },
    ...(splits === undefined || shared.splits === undefined
      ? {}
      : {
          splits: {
            ...splits,
            variance: (splits.variance + shared.splits) / 2,
            freedom: 2 * splits.freedom,
          },
        }),
  };
}

export interface HalfWidths {
  readonly ci95: number;
  readonly ci90: number;
}

/**
 * Half the widths of one of m simultaneous intervals: `ci95` decides on a difference, `ci90` on equivalence.
 * @param shared of the arms, for this difference; null where fewer than three take part
 */
export function halfWidthsTogether(
  own: Spread,
  { shared, questions }: { readonly shared: SharedSquares | null; readonly questions: number },
): HalfWidths {
  const together = sharesTogether(questions);
  const spread = shared === null ? own : moderated(own, shared);
  return {
    ci95: Math.max(halfWidth(own, 0.95), halfWidth(spread, together.ci95)),
    ci90: Math.max(halfWidth(own, 0.9), halfWidth(spread, together.ci90)),
  };
}
