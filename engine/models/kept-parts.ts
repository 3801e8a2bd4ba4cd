/**
 * Which part an image has in the trainings of models: decided once, when it is first trained with, and never changed. So
 * a model is scored on images that no earlier one learned from, and a part grows as labels come.
 */
import { unitsOf, type SplittableImage } from '../data/split.ts';
import { PARTS, type Part } from '../../shared/entities.ts';
import type { SplitItem } from '../db/splits.ts';

/**
 * What each part should hold of the images: `test` says how good a model is and chooses nothing, `val` chooses its
 * checkpoint.
 */
const SHARES: Readonly<Record<Part, number>> = { train: 0.7, val: 0.1, test: 0.2 };
/** Of parts that lack alike, the earlier: one to learn from, the second to be scored on. */
const FIRST: readonly Part[] = ['test', 'train', 'val'];

/**
 * Parts of labelled images that have none yet. Images that belong together (group, copies) go to one part: to that of
 * those that have one, where any has. Others go, unit by unit in the order of their content, to the part that lacks
 * most of its share; the very first goes to train.
 * @param kept parts that images have, of now unlabelled ones too
 */
export function newParts(
  images: readonly SplittableImage[],
  kept: ReadonlyMap<number, Part>,
): SplitItem[] {
  const counts: Record<Part, number> = { train: 0, val: 0, test: 0 };
  for (const { id } of images) {
    const part = kept.get(id);
    if (part !== undefined) counts[part]++;
  }
  const contentOf = (unit: readonly SplittableImage[]) =>
    unit.map(({ hash, page }) => `${hash} ${page}`).sort()[0] ?? '';
  const units = unitsOf(images).toSorted((a, b) => (contentOf(a) < contentOf(b) ? -1 : 1));
  const items: SplitItem[] = [];
  const isBound = (unit: readonly SplittableImage[]) => unit.some(({ id }) => kept.has(id));
  for (const unit of [...units.filter(isBound), ...units.filter((unit) => !isBound(unit))]) {
    const fresh = unit.filter(({ id }) => !kept.has(id));
    const part = partOfUnit(unit, kept) ?? neediest(counts, fresh.length);
    counts[part] += fresh.length;
    for (const { id } of fresh) items.push({ imageId: id, part });
  }
  return items;
}

/** That of the images that have one; undefined where none has. Where grouping came later and they differ: training. */
function partOfUnit(
  unit: readonly SplittableImage[],
  kept: ReadonlyMap<number, Part>,
): Part | undefined {
  const parts = new Set(unit.flatMap(({ id }) => kept.get(id) ?? []));
  return PARTS.find((part) => parts.has(part));
}

function neediest(counts: Readonly<Record<Part, number>>, added: number): Part {
  const total = counts.train + counts.val + counts.test + added;
  if (counts.train === 0) return 'train';
  const lack = (part: Part) => SHARES[part] * total - counts[part];
  // Sums of decimal shares: what is equal but for rounding is a tie.
  return FIRST.reduce((most, part) => (lack(part) > lack(most) + 1e-9 ? part : most));
}
