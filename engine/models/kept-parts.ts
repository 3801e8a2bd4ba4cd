/**
 * The one rule of held-out images, for models and for the training that goes on while one labels: which part an image has
 * is decided once, when it is first trained with, and never changed. So a network is scored on images that no earlier
 * one learned from, and the parts grow as labels come.
 */
import { type ImageRecord, type Part, PARTS } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { type SplittableImage, unitsOf } from '../data/split.ts';
import type { Project } from '../db/project.ts';
import type { SplitItem } from '../db/splits.ts';

/**
 * What each part should hold of the images: `test` says how good a model is and chooses nothing, `val` chooses its
 * checkpoint.
 */
const SHARES: Readonly<Record<Part, number>> = { train: 0.7, val: 0.1, test: 0.2 };
/** Of parts that lack alike, the earlier: one to learn from, the second to be scored on. */
const FIRST: readonly Part[] = ['test', 'train', 'val'];
/** Of the parts that a split gives to one unit, the first that occurs. */
const MOST_HELD: readonly Part[] = ['test', 'val', 'train'];

/**
 * Parts of labelled images that have none yet. Images that belong together (group, copies) go to one part: to that of
 * those that have one, where any has; else to that which a split gives them. Others go, unit by unit in the order of
 * their content, to the part that lacks most of its share; the very first goes to train.
 * @param kept parts that images have, of now unlabelled ones too
 * @param wished parts that a split gives
 */
export function newParts(
  images: readonly SplittableImage[],
  kept: ReadonlyMap<number, Part>,
  wished: ReadonlyMap<number, Part> = new Map(),
): SplitItem[] {
  const counts: Record<Part, number> = { train: 0, val: 0, test: 0 };
  for (const { id } of images) {
    const part = kept.get(id);
    if (part !== undefined) counts[part]++;
  }
  const contentOf = (unit: readonly SplittableImage[]) =>
    unit.map(({ hash, page }) => `${hash} ${page}`).sort()[0] ?? '';
  const units = unitsOf(images)
    .map((unit) => ({
      unit,
      content: contentOf(unit),
      bound: firstOf(PARTS, unit, kept) ?? firstOf(MOST_HELD, unit, wished),
    }))
    .sort((a, b) => (a.content < b.content ? -1 : 1));
  const items: SplitItem[] = [];
  const free = units.filter(({ bound }) => bound === undefined);
  for (const { unit, bound } of [...units.filter((one) => one.bound !== undefined), ...free]) {
    const fresh = unit.filter(({ id }) => !kept.has(id));
    const part = bound ?? neediest(counts, fresh.length);
    counts[part] += fresh.length;
    for (const { id } of fresh) items.push({ imageId: id, part });
  }
  return items;
}

/** The first of `order` that an image of the unit has. Where grouping came later and kept parts differ: training. */
function firstOf(
  order: readonly Part[],
  unit: readonly SplittableImage[],
  parts: ReadonlyMap<number, Part>,
): Part | undefined {
  const own = new Set(unit.flatMap(({ id }) => parts.get(id) ?? []));
  return order.find((part) => own.has(part));
}

function neediest(counts: Readonly<Record<Part, number>>, added: number): Part {
  const total = counts.train + counts.val + counts.test + added;
  if (counts.train === 0) return 'train';
  const lack = (part: Part) => SHARES[part] * total - counts[part];
  // Sums of decimal shares: what is equal but for rounding is a tie.
  return FIRST.reduce((most, part) => (lack(part) > lack(most) + 1e-9 ? part : most));
}

export interface KeptParts {
  readonly parts: ReadonlyMap<number, Part>;
  /** Those of them that are not written down yet. */
  readonly fresh: readonly SplitItem[];
  /** Test images of the split that an earlier training learned from: they can neither train nor test any more. */
  readonly spoilt: ReadonlySet<number>;
}

/** The split that counts. null: the dataset's first, as studies take it. Errors: not-found. */
function splitOf(
  db: Project,
  { datasetId, splitId }: { datasetId: number; splitId: number | null },
): readonly SplitItem[] {
  const splits = db.splits.list(datasetId);
  const split = splitId === null ? splits[0] : splits.find(({ id }) => id === splitId);
  if (split !== undefined) return db.splits.items(split.id);
  if (splitId === null) return [];
  throw new AppError('not-found', `The dataset has no split ${splitId}. Choose one that it has.`);
}

/** Parts of all labelled images of a dataset, old and new. Writes nothing. Errors: not-found. */
export function partsOfLabelled(
  db: Project,
  labelled: readonly ImageRecord[],
  of: { readonly datasetId: number; readonly splitId: number | null },
): KeptParts {
  const kept = new Map(db.models.keptParts(of.datasetId).map((item) => [item.imageId, item.part]));
  const split = new Map(splitOf(db, of).map(({ imageId, part }) => [imageId, part]));
  // A split without validation says nothing of who validates.
  const hasVal = labelled.some(({ id }) => split.get(id) === 'val');
  const wished = new Map([...split].filter(([, part]) => part === 'test' || hasVal));
  const fresh = newParts(labelled, kept, wished);
  const parts = new Map<number, Part>([
    ...kept,
    ...fresh.map(({ imageId, part }) => [imageId, part] as const),
  ]);
  const spoilt = new Set(
    labelled.flatMap(({ id }) =>
      parts.get(id) !== 'test' && split.get(id) === 'test' ? [id] : [],
    ),
  );
  return { parts, fresh, spoilt };
}
