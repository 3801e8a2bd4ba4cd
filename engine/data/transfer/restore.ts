/** Images that come out of the bin of their dataset: under which names, and what of those that were added again meanwhile. */
import type { AgainThere, RestoreChoice, RestoreReport } from '../../../shared/api.ts';
import type { ImageRecord } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { counted, pronounFor, verbFor } from '../../../shared/number-format.ts';
import { oneName } from '../../../shared/names.ts';
import type { Project } from '../../db/project.ts';
import { contentKey, freeName } from '../addition/fates.ts';

interface Chosen {
  readonly datasetId: number;
  readonly images: readonly ImageRecord[];
}

interface RestorePlan {
  /** Those that are in the bin. */
  readonly images: readonly ImageRecord[];
  readonly again: readonly AgainThere[];
}

/** Which of them show what another image of the dataset shows, or one before them in the list. */
export function planRestore(db: Project, { datasetId, images }: Chosen): RestorePlan {
  const keyOf = (image: ImageRecord) => contentKey(image.hash, image);
  const there = new Map(db.datasets.images(datasetId).map((image) => [keyOf(image), image]));
  const binned = images.filter(({ deletedAt }) => deletedAt !== null);
  const again: AgainThere[] = [];
  for (const image of binned) {
    const twin = there.get(keyOf(image));
    if (twin === undefined) {
      there.set(keyOf(image), image);
      continue;
    }
    again.push({
      ...{ imageId: image.id, name: image.name, isLabelled: image.labelMapId !== null },
      there: { imageId: twin.id, name: twin.name, isLabelled: twin.labelMapId !== null },
    });
  }
  return { images: binned, again };
}

const againWords = (again: readonly AgainThere[]): string =>
  `${again[0]?.name ?? ''}${again.length === 1 ? '' : ` and ${counted(again.length - 1, 'other image')}`} ${verbFor(again.length, 'were')} added again meanwhile: leave ${pronounFor(again.length, 'them')} in the bin (--same leave), put what is there into the bin instead (--same replace), or have both (--same both). Nothing was restored.`;

/** Errors: conflict, where images were added again and nobody has said what becomes of them. */
export function restoreImages(db: Project, chosen: Chosen, same: RestoreChoice): RestoreReport {
  const { images, again } = planRestore(db, chosen);
  if (same === 'refuse' && again.length > 0) throw new AppError('conflict', againWords(again));
  const twins = new Map(again.map(({ imageId, there }) => [imageId, there]));
  const chosenIds = new Set(images.map(({ id }) => id));
  const replaced: AgainThere['there'][] = [];
  const restored: ImageRecord[] = [];
  const left: number[] = [];
  for (const image of images) {
    const twin = twins.get(image.id);
    // Of two in the bin that show the same, one comes back.
    const isReplaced =
      twin !== undefined && replaced.some(({ imageId }) => imageId === twin.imageId);
    const stays =
      same === 'leave' || (same === 'replace' && (isReplaced || chosenIds.has(twin?.imageId ?? 0)));
    if (twin !== undefined && stays) left.push(image.id);
    else restored.push(image);
    if (twin !== undefined && same === 'replace' && !stays) replaced.push(twin);
  }
  const at = new Date().toISOString();
  const renamed = db.transaction(() => {
    for (const { imageId } of replaced) db.imageEdits.setDeleted(imageId, at);
    return takeOut(db, chosen.datasetId, restored);
  });
  return { imageIds: restored.map(({ id }) => id), left, replaced, renamed };
}

/**
 * Under a free name where another image has theirs; what they were called, and are. Pages of one file keep one name: beside
 * pages of another file by that name, an export could not tell them apart.
 */
function takeOut(db: Project, datasetId: number, images: readonly ImageRecord[]) {
  const taken = Map.groupBy(db.datasets.images(datasetId), ({ name }) => oneName(name));
  const renamed: { name: string; now: string }[] = [];
  for (const own of pagesOfFiles(images)) {
    const [{ name, hash }] = own;
    const pages = new Set(own.map(({ page }) => page));
    const isTaken = (one: string) =>
      (taken.get(oneName(one)) ?? []).some(
        (image) => image.name !== one || image.hash !== hash || pages.has(image.page),
      );
    const now = isTaken(name) ? freeName(name, isTaken) : name;
    if (now !== name) renamed.push({ name, now });
    for (const { id } of own) {
      if (now !== name) db.imageEdits.rename(id, now);
      db.imageEdits.setDeleted(id, null);
    }
    taken.set(oneName(now), [
      ...(taken.get(oneName(now)) ?? []),
      ...own.map((image) => ({ ...image, name: now })),
    ]);
  }
  return renamed;
}

/** Pages of one file by one name belong together; of two that show the same page, the second begins anew. */
function pagesOfFiles(images: readonly ImageRecord[]): [ImageRecord, ...ImageRecord[]][] {
  const files = new Map<string, [ImageRecord, ...ImageRecord[]]>();
  for (const image of images) {
    let key = `${image.hash} ${image.name}`;
    while (files.get(key)?.some(({ page }) => page === image.page) === true) key += ' again';
    const own = files.get(key);
    if (own === undefined) files.set(key, [image]);
    else own.push(image);
  }
  return [...files.values()];
}
