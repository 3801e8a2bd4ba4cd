/** The simultaneous intervals of a study's primary questions, and the arms whose spread they share. */
import type { Arm } from './arms.ts';
import {
  type Difference,
  differenceOf,
  type DifferenceTable,
  type WeightedArm,
} from './contrasts.ts';
import {
  type HalfWidths,
  halfWidthsTogether,
  sharedSquares,
  type SharedSquares,
} from '../statistics/simultaneous-interval.ts';
import { spreadOverSplits } from '../statistics/split-interval.ts';

/** A primary question: the arms it weighs, and their difference over at least two seeds. */
export interface Member {
  readonly arms: readonly WeightedArm[];
  readonly difference: Difference;
}

/** Mean squares of an arm at one label count. */
interface Shared {
  readonly squares: SharedSquares;
  /** Seeds that they are from, in a split. */
  readonly seeds: number;
}

/** Two arms share nothing beyond their own difference. */
const FEWEST_ARMS = 3;

/** A table cut down to some of its seeds. */
function ofSeeds({ ofSeeds: all, images, values }: DifferenceTable, seeds: readonly number[]) {
  const chosen = new Float64Array(seeds.length * images);
  seeds.forEach((seed, s) => {
    const from = all.indexOf(seed) * images;
    chosen.set(values.subarray(from, from + images), s * images);
  });
  return chosen;
}

/** null where fewer than three arms have two seeds in common. */
function sharedBy(arms: readonly Arm[]): Shared | null {
  const several = arms.filter(({ runs }) => runs.length > 1);
  const differences = several.flatMap((arm) => differenceOf([{ weight: 1, arm }]) ?? []);
  const [first, ...others] = differences;
  if (first === undefined || differences.length < FEWEST_ARMS) return null;
  const common = new Set(
    first.seeds.filter((seed) => others.every((one) => one.seeds.includes(seed))),
  );
  if (common.size < 2) return null;
  const splits = first.tables.flatMap(({ split, images, ofSeeds: own }) => {
    const seeds = own.filter((seed) => common.has(seed));
    if (seeds.length === 0) return [];
    const tables = differences.flatMap((one) => {
      const table = one.tables.find((other) => other.split === split);
      return table === undefined ? [] : [ofSeeds(table, seeds)];
    });
    return [{ tables, size: { seeds: seeds.length, images } }];
  });
  return { squares: sharedSquares(splits), seeds: common.size / splits.length };
}

/** What arms like these would make the mean squares of a difference be. */
function expectedSquares(
  { arms, difference }: Member,
  shared: ReadonlyMap<number, Shared | null>,
): SharedSquares | null {
  const sum = { seed: 0, image: 0, rest: 0 };
  let between: number | undefined = 0;
  const perSplit = difference.seeds.length / difference.tables.length;
  for (const { weight, arm } of arms) {
    const own = arm === undefined ? null : shared.get(arm.labels);
    if (own === null || own === undefined) return null;
    const { seed, image, rest, splits } = own.squares;
    sum.seed += weight ** 2 * seed;
    sum.rest += weight ** 2 * rest;
    // An image's own part weighs with the number of seeds that saw it.
    sum.image += weight ** 2 * (rest + ((image - rest) * perSplit) / own.seeds);
    between =
      between === undefined || splits === undefined ? undefined : between + weight ** 2 * splits;
  }
  const squares = { ...sum, image: Math.max(0, sum.image) };
  return between === undefined ? squares : { ...squares, splits: between };
}

/** Half the widths of the intervals that hold together, question by question. */
export function widthsTogether(members: readonly Member[]): HalfWidths[] {
  const arms = [...new Set(members.flatMap((one) => one.arms.flatMap(({ arm }) => arm ?? [])))];
  const shared = new Map(
    [...Map.groupBy(arms, ({ labels }) => labels)].map(([labels, own]) => [labels, sharedBy(own)]),
  );
  return members.map((member) =>
    halfWidthsTogether(spreadOverSplits(member.difference.tables), {
      shared: expectedSquares(member, shared),
      questions: members.length,
    }),
  );
}
