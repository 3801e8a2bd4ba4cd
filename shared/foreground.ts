/**
 * Whether label maps hold anything to learn and to score: a pixel of a class other than the background. Often enough they
 * do not because of a mistake: masks scaled, saved as JPEG, or from another folder.
 */
import {
  BACKGROUND,
  type Dataset,
  IGNORE,
  type Part,
  PARTS,
  type SegmentationClass,
} from './entities.ts';
import { counted, noneHolds, nounFor, pronounFor, verbFor } from './number-format.ts';

/** What is known of a label map: its part of the split, and the values that occur in it. */
export interface PartLabels {
  readonly part: Part;
  readonly values: readonly number[];
}

export const PART_NAMES: Readonly<Record<Part, string>> = {
  train: 'training',
  val: 'validation',
  test: 'test',
};

const REMEDY =
  'Look at the labels in the library: masks may be empty, or mean something else than they were read as (graft import … --preview shows their values).';

const isForeground = (value: number, hasBackground = true): boolean =>
  !(hasBackground && value === BACKGROUND) && value !== IGNORE;
export const holdsForeground = (values: Iterable<number>, hasBackground = true): boolean =>
  [...values].some((value) => isForeground(value, hasBackground));

/** What a pixel holds that nobody has labelled, and what erasing leaves: where there is no background, ignore. */
export const blankLabel = ({ hasBackground }: Pick<Dataset, 'hasBackground'>): number =>
  hasBackground ? BACKGROUND : IGNORE;

/** What holds nothing to learn or to score, in words. */
export const unscored = (hasBackground: boolean): string =>
  hasBackground ? 'background and ignored pixels' : 'ignored pixels';

/** Classes that are scored, ascending: all but the background, where the dataset has one. */
export const scoredClasses = ({
  classes,
  hasBackground,
}: Pick<Dataset, 'classes' | 'hasBackground'>): number[] =>
  classes
    .map(({ index }) => index)
    .filter((index) => isForeground(index, hasBackground))
    .sort((a, b) => a - b);

/** All label maps, or the first part of them, that hold no foreground; null where each part has one that does. */
export function emptyPart(
  labels: readonly PartLabels[],
  hasBackground = true,
): { readonly part: Part | null; readonly count: number } | null {
  if (labels.length === 0) return null;
  const empty = (some: readonly PartLabels[]) =>
    some.length > 0 && !some.some(({ values }) => holdsForeground(values, hasBackground));
  if (empty(labels)) return { part: null, count: labels.length };
  for (const part of PARTS) {
    const own = labels.filter((one) => one.part === part);
    if (empty(own)) return { part, count: own.length };
  }
  return null;
}

/**
 * Why nothing can be learned from these label maps, or nothing told from their scores, with what to do; null where both
 * can. A part without label maps is no obstacle here.
 */
export function foregroundObstacle(
  datasetName: string,
  labels: readonly PartLabels[],
  hasBackground = true,
): string | null {
  const empty = emptyPart(labels, hasBackground);
  if (empty === null) return null;
  const { part, count } = empty;
  const noun = `${part === null ? '' : `${PART_NAMES[part]} `}label map`;
  const which = `${noneHolds(count, noun, ` of "${datasetName}"`)} but ${unscored(hasBackground)}`;
  if (part === null) return `${which}: there is nothing to learn. ${REMEDY}`;
  const lost =
    part === 'train'
      ? 'there is nothing to learn'
      : 'scores would only say whether the network draws anything';
  return `${which}: ${lost}. Make another split (in the library, or with folders train, val and test), or label more images.`;
}

/** Test label maps without a scored class, in words. */
function emptyTests(labels: readonly PartLabels[], hasBackground: boolean): string[] {
  const test = labels.filter(({ part }) => part === 'test');
  const empty = test.filter(({ values }) => !holdsForeground(values, hasBackground)).length;
  if (empty === 0) return [];
  return [
    `${empty} of the ${counted(test.length, 'test label map')} ${verbFor(empty, 'hold')} nothing that is scored: predicting nothing there is left out of the scores, a false alarm counts as Dice 0.`,
  ];
}

/** In words, where label maps hold classes and nothing else, although their dataset has a background. */
function withoutBackground(labels: readonly PartLabels[], hasBackground: boolean): string[] {
  if (!hasBackground || labels.some(({ values }) => values.includes(BACKGROUND))) return [];
  if (!labels.some(({ values }) => holdsForeground(values))) return [];
  return [
    `No label map holds any background: every pixel is foreground or ignored, and saying so everywhere is never wrong. Look at the labels in the library; their values may mean something else than they were read as (graft import … --preview shows them).`,
  ];
}

/** Classes that occur in no label map, or in none of a part, test label maps without any, and no background at all, in words. */
export function absentClasses(
  classes: readonly SegmentationClass[],
  labels: readonly PartLabels[],
  hasBackground = true,
): string[] {
  const present = new Map<Part, ReadonlySet<number>>();
  for (const { part, values } of labels) {
    present.set(part, new Set([...(present.get(part) ?? []), ...values]));
  }
  const lackingOf = (index: number) =>
    PARTS.filter((part) => present.get(part)?.has(index) === false);
  const foreground = classes.filter(({ index }) => isForeground(index, hasBackground));
  const lacking = [...Map.groupBy(foreground, ({ index }) => lackingOf(index).join(' '))].flatMap(
    ([key, lost]) => {
      const parts = PARTS.filter((part) => key.split(' ').includes(part));
      if (parts.length === 0) return [];
      const names = lost.map(({ index, name }) => `${index} (${name})`).join(', ');
      const what = `${nounFor(lost.length, 'Class')} ${names} ${verbFor(lost.length, 'occur')}`;
      if (parts.length === present.size) {
        return [`${what} in no label map: neither learned nor scored.`];
      }
      const where = parts.map((part) => PART_NAMES[part]).join(' and no ');
      const [they, their] = [pronounFor(lost.length, 'they'), pronounFor(lost.length, 'their')];
      const so = parts.includes('train')
        ? `${they} cannot be learned`
        : `${their} scores say little`;
      return [`${what} in no ${where} label map: ${so}.`];
    },
  );
  return [
    ...withoutBackground(labels, hasBackground),
    ...lacking,
    ...emptyTests(labels, hasBackground),
  ];
}
