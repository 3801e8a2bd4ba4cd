/** The simultaneous intervals of a study's primary questions, and the arms whose spread they share. */
import type { Arm } from './arms.ts';
import { type Difference, differenceOf, type WeightedArm } from './contrasts.ts';
import { meanSquares, type MeanSquares, spreadOf } from '../statistics/crossed-interval.ts';
import {
  type HalfWidths,
  halfWidthsTogether,
  sharedSquares,
} from '../statistics/simultaneous-interval.ts';

/** A primary question: the arms it weighs, and their difference over at least two seeds. */
export interface Member {
  readonly arms: readonly WeightedArm[];
  readonly difference: Difference;
}

/** Mean squares of an arm at one label count, and the seeds they are from. */
interface Shared {
  readonly squares: MeanSquares;
  readonly seeds: number;
}

/** Two arms share nothing beyond their own difference. */
const FEWEST_ARMS = 3;

/** null where fewer than three arms have two seeds in common. */
function sharedBy(arms: readonly Arm[]): Shared | null {
  const several = arms.filter(({ runs }) => runs.length > 1);
  const tables = several.map((arm) => differenceOf([{ weight: 1, arm }]));
  const [first, ...others] = tables.filter((table) => table !== null);
  if (first === undefined || tables.length < FEWEST_ARMS) return null;
  const seeds = first.seeds.filter((seed) => others.every((one) => one.seeds.includes(seed)));
  if (seeds.length < 2) return null;
  const { images } = first;
  const ofSeeds = ({ seeds: all, values }: Difference) => {
    const chosen = new Float64Array(seeds.length * images);
    seeds.forEach((seed, s) => {
      const from = all.indexOf(seed) * images;
      chosen.set(values.subarray(from, from + images), s * images);
    });
    return chosen;
  };
  const size = { seeds: seeds.length, images };
  return { squares: sharedSquares([first, ...others].map(ofSeeds), size), seeds: seeds.length };
}

/** What arms like these would make the mean squares of a difference be. */
function expectedSquares(
  { arms, difference }: Member,
  shared: ReadonlyMap<number, Shared | null>,
): MeanSquares | null {
  const sum = { seed: 0, image: 0, rest: 0 };
  for (const { weight, arm } of arms) {
    const own = arm === undefined ? null : shared.get(arm.labels);
    if (own === null || own === undefined) return null;
    const { seed, image, rest } = own.squares;
    sum.seed += weight ** 2 * seed;
    sum.rest += weight ** 2 * rest;
    // An image's own part weighs with the number of seeds that saw it.
    sum.image += weight ** 2 * (rest + ((image - rest) * difference.seeds.length) / own.seeds);
  }
  return { ...sum, image: Math.max(0, sum.image) };
}

/** Half the widths of the intervals that hold together, question by question. */
export function widthsTogether(members: readonly Member[]): HalfWidths[] {
  const arms = [...new Set(members.flatMap((one) => one.arms.flatMap(({ arm }) => arm ?? [])))];
  const shared = new Map(
    [...Map.groupBy(arms, ({ labels }) => labels)].map(([labels, own]) => [labels, sharedBy(own)]),
  );
  return members.map((member) => {
    const { seeds, images, values } = member.difference;
    const size = { seeds: seeds.length, images };
    return halfWidthsTogether(spreadOf(meanSquares(values, size), size), {
      shared: expectedSquares(member, shared),
      questions: members.length,
    });
  });
}
