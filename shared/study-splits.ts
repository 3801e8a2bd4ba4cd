/**
 * The splits and seeds of a study. A seed belongs to one split: they go round, so that a study that is stopped early has
 * tested every image as often as it could, and more seeds later leave those before where they are.
 */
import type { Splits, StudyConfig } from './entities.ts';
import { counted } from './number-format.ts';
import { inWords } from './sentences.ts';

type Design = Pick<StudyConfig, 'splits' | 'seeds' | 'firstSeed'>;

/** J; 1 for a study of one split. */
export const splitCount = ({ splits }: Pick<StudyConfig, 'splits'>): number =>
  splits === null ? 1 : splits.folds * splits.repeats;

/** All seeds of a study, ascending: `seeds` of each split. */
export const seedsOfStudy = (design: Design): number[] =>
  Array.from({ length: design.seeds * splitCount(design) }, (_, s) => design.firstSeed + s);

/** Number of the split that a seed belongs to, from 0. */
export const splitOfSeed = (
  design: Pick<StudyConfig, 'splits' | 'firstSeed'>,
  seed: number,
): number => (seed - design.firstSeed) % splitCount(design);

/** Seeds in each split that come to about so many in all, at least one. */
export const seedsPerSplit = (seeds: number, splits: Splits | null): number =>
  Math.max(1, Math.ceil(seeds / splitCount({ splits })));

/** "5 folds", "5 folds, divided anew 2 times". */
export const splitsInText = ({ folds, repeats }: Splits): string =>
  `${folds} folds${repeats === 1 ? '' : `, divided ${counted(repeats, 'time')}`}`;

/** "5 seeds", "5 splits (5 seeds)"; `splits` is left out, or 1, where there is one. */
export const seedsInText = ({
  seeds,
  splits = 1,
}: {
  readonly seeds: { readonly length: number };
  readonly splits?: number | undefined;
}): string =>
  splits > 1
    ? `${counted(splits, 'split')} (${counted(seeds.length, 'seed')})`
    : counted(seeds.length, 'seed');

/** Share of the train part beyond which the seeds of one split have so many training images in common that it is said. */
const SHARED_MOST = 0.5;

/**
 * What intervals of one split do not speak of, because its seeds train on the same images or on many of the same: two
 * seeds that each draw n of N have n/N of theirs in common on average. One sentence a label count.
 * @param available labelled training images
 */
export const sharedTraining = (labelCounts: readonly number[], available: number): string[] =>
  labelCounts.flatMap((labels) => {
    if (labels >= available) {
      return [
        `With ${counted(labels, 'label')}, which are all of the train part, every seed trains on the same images: intervals there speak of other initial weights and batch orders and of other test images, not of other training sets.`,
      ];
    }
    const share = labels / available;
    return share <= SHARED_MOST
      ? []
      : [
          `With ${labels} of ${available} labels, two seeds have ${Math.round(100 * share)} % of their training images in common on average: intervals there speak of other training sets in part only.`,
        ];
  });

/** What is said of each split, once: with the splits that it is said of, unless it is so in all. */
export function inSplits(notes: readonly (readonly string[])[]): string[] {
  const splitsOf = new Map<string, number[]>();
  notes.forEach((own, k) => {
    for (const note of own) splitsOf.set(note, [...(splitsOf.get(note) ?? []), k + 1]);
  });
  return [...splitsOf].map(([note, splits]) =>
    splits.length === notes.length
      ? note
      : `In split${splits.length === 1 ? '' : 's'} ${inWords(splits.map(String))}: ${note}`,
  );
}
