/** Calls on images that are there: excluded, renamed, moved, copied, put into the bin and taken out of it. */
import { extname } from 'node:path';
import type { CallName, ParsedInput } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Changes } from '../../shared/events.ts';
import { assertFileName, oneName } from '../../shared/names.ts';
import { transferImages } from '../data/transfer/carry-out.ts';
import { planTransfer, type TransferRequest } from '../data/transfer/plan.ts';
import { planRestore, restoreImages } from '../data/transfer/restore.ts';
import type { Project } from '../db/project.ts';
import { type CallContext, type Handlers, requireDataset } from './context.ts';
import { datasetUsers } from './dataset-users.ts';
import { heldImages, holderWords } from './held-images.ts';
import { imagesOfOne } from './images-of-one.ts';

type ImageEditCalls = Extract<
  CallName,
  | 'images.exclude'
  | 'images.include'
  | 'images.rename'
  | 'images.delete'
  | 'images.previewRestore'
  | 'images.restore'
  | 'images.previewTransfer'
  | 'images.transfer'
  | `bin.${string}`
>;

/** What of a dataset is different where some of its images come, go, or take part otherwise. */
function changesOf(db: Project, images: NonNullable<Changes['images']>) {
  const { datasetId } = images;
  const splits = db.splits.list(datasetId).map(({ id }) => id);
  return {
    datasets: { counted: [datasetId] },
    images,
    ...(splits.length === 0 ? {} : { splits: { datasetId, updated: splits } }),
  };
}

function setExcluded(db: Project, imageIds: readonly number[], reason: string | null) {
  const { datasetId, images } = imagesOfOne(db, imageIds);
  db.transaction(() => {
    for (const { id } of images) db.imageEdits.setExcluded(id, reason);
  });
  const updated = images.map(({ id }) => id);
  return { output: null, changes: changesOf(db, { datasetId, updated }) };
}

/** Pages of one file have one name, so that an export writes it once. */
const isOfFile =
  (image: ImageRecord) =>
  ({ name, hash }: ImageRecord): boolean =>
    name === image.name && hash === image.hash;

/** Errors: conflict, invalid-input. */
function assertNewName(db: Project, image: ImageRecord, name: string): void {
  assertFileName(name);
  if (/[/\\]/.test(name)) {
    throw new AppError('invalid-input', `"${name}" holds a slash: a name has no folders in it.`, {
      subject: name,
    });
  }
  const ending = extname(image.name);
  if (extname(name).toLowerCase() !== ending.toLowerCase()) {
    throw new AppError(
      'invalid-input',
      ending === ''
        ? `${image.name} has no ending, and its new name "${name}" has one. Leave it out: the original is exported as it is.`
        : `"${name}" does not end in ${ending}, as ${image.name} does. Keep the ending: the original is exported as it is.`,
      { subject: name },
    );
  }
  const other = db.datasets
    .images(image.datasetId)
    .find((one) => !isOfFile(image)(one) && oneName(one.name) === oneName(name));
  if (other === undefined) return;
  throw new AppError(
    'conflict',
    `Another image of the dataset is called ${other.name}. Choose another name, or rename that one first.`,
    { subject: name },
  );
}

/** Runs of no study that came to nothing and are made of binned images, which they do not hold: gone with them. */
function dropFruitless(
  db: Project,
  dataset: { readonly datasetId: number; readonly name: string },
): number[] {
  const fruitless = new Set(datasetUsers(db, dataset).fruitless);
  if (fruitless.size === 0) return [];
  const binned = db.imageEdits.binned(dataset.datasetId);
  const { runs } = db.imageEdits.holders(dataset.datasetId);
  const removed = new Set(
    binned
      .flatMap(({ id }) => runs.get(id) ?? [])
      .flatMap(({ run }) => (fruitless.has(run) ? [run] : [])),
  );
  db.transaction(() => {
    for (const id of removed) db.runs.deleteSingle(id);
    db.snapshots.dropUnused();
  });
  return [...removed];
}

/** Errors: not-found; invalid-input, where they are in that dataset, in a bin, or of several. */
function transferRequest(
  db: Project,
  { imageIds, toDatasetId, how, clash }: ParsedInput<'images.previewTransfer'>,
  { signal, progress: onProgress }: CallContext,
): TransferRequest {
  const { datasetId, images } = imagesOfOne(db, imageIds);
  const to = requireDataset(db, toDatasetId);
  const binned = images.find(({ deletedAt }) => deletedAt !== null);
  if (binned !== undefined) {
    throw new AppError('invalid-input', `${binned.name} is in the bin. Restore it first.`, {
      subject: binned.name,
    });
  }
  if (datasetId === toDatasetId) {
    throw new AppError(
      'invalid-input',
      `These images are in "${to.name}". Choose another dataset.`,
    );
  }
  const from = requireDataset(db, datasetId);
  return { how, images, from, to, clash, signal, onProgress };
}

export const imageEditHandlers: Handlers<ImageEditCalls> = {
  'images.exclude': ({ project, imageIds, reason }, context) =>
    setExcluded(context.project(project).db, imageIds, reason),

  'images.include': ({ project, imageIds }, context) =>
    setExcluded(context.project(project).db, imageIds, null),

  'images.rename'({ project, imageId, name }, context) {
    const { db } = context.project(project);
    const { datasetId, images } = imagesOfOne(db, [imageId]);
    const [image] = images;
    if (image === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
    assertNewName(db, image, name);
    const pages = db.datasets.images(datasetId).filter(isOfFile(image));
    const updated = pages.some(({ id }) => id === imageId) ? pages.map(({ id }) => id) : [imageId];
    db.transaction(() => {
      for (const id of updated) db.imageEdits.rename(id, name);
    });
    return { output: { ...image, name }, changes: { images: { datasetId, updated } } };
  },

  'images.delete'({ project, imageIds }, context) {
    const { db } = context.project(project);
    const { datasetId, images } = imagesOfOne(db, imageIds);
    const at = new Date().toISOString();
    const gone = images.filter(({ deletedAt }) => deletedAt === null);
    db.transaction(() => {
      for (const { id } of gone) db.imageEdits.setDeleted(id, at);
    });
    return {
      output: { held: heldImages(db, datasetId, gone) },
      changes: changesOf(db, { datasetId, removed: gone.map(({ id }) => id) }),
    };
  },

  'images.previewRestore'({ project, imageIds }, context) {
    const { db } = context.project(project);
    const { images, again } = planRestore(db, imagesOfOne(db, imageIds));
    return { images: images.length, again };
  },

  'images.restore'({ project, imageIds, same }, context) {
    const { db } = context.project(project);
    const chosen = imagesOfOne(db, imageIds);
    const { imageIds: restored, left, replaced, renamed } = restoreImages(db, chosen, same);
    return {
      output: { imageIds: restored, left, replaced, renamed },
      changes: changesOf(db, {
        datasetId: chosen.datasetId,
        added: restored,
        ...(replaced.length === 0 ? {} : { removed: replaced.map(({ imageId }) => imageId) }),
      }),
    };
  },

  async 'images.previewTransfer'(input, context) {
    const { db } = context.project(input.project);
    return (await planTransfer(db, transferRequest(db, input, context))).preview;
  },

  async 'images.transfer'(input, context) {
    const { db } = context.project(input.project);
    const request = transferRequest(db, input, context);
    const report = await transferImages(db, { ...request, newClasses: input.newClasses });
    const { fromId, toId, imageIds, goneIds, newClasses, newImageClasses } = report;
    // News of images is of one dataset: that of the first goes before.
    if (goneIds.length > 0) {
      context.changed(changesOf(db, { datasetId: fromId, removed: goneIds }));
    }
    const changes = changesOf(db, { datasetId: toId, added: imageIds });
    const isOther = newClasses.length + newImageClasses.length > 0;
    return {
      output: report,
      changes: isOther ? { ...changes, datasets: { updated: [toId] } } : changes,
    };
  },

  'bin.list'({ project, datasetId }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    const by = holderWords(db, datasetId);
    return db.imageEdits.binned(datasetId).flatMap(({ id, bytes, isHeld }) => {
      const image = db.datasets.image(id);
      return image === undefined ? [] : [{ image, bytes, heldBy: isHeld ? by(id) : [] }];
    });
  },

  'bin.empty'({ project, datasetId, imageIds }, context) {
    const { db } = context.project(project);
    const { name } = requireDataset(db, datasetId);
    const wanted = imageIds === undefined ? null : new Set(imageIds);
    db.snapshots.dropUnused();
    const removed = dropFruitless(db, { datasetId, name });
    const binned = db.imageEdits
      .binned(datasetId)
      .filter(({ id }) => wanted === null || wanted.has(id));
    const free = binned.filter(({ isHeld }) => !isHeld);
    const images = binned.flatMap(({ id }) => db.datasets.image(id) ?? []);
    const held = heldImages(db, datasetId, images);
    db.transaction(() => {
      for (const { id } of free) db.imageEdits.purge(id);
    });
    return {
      output: {
        deleted: free.length,
        bytes: free.reduce((sum, { bytes }) => sum + bytes, 0),
        held,
      },
      changes: {
        datasets: { counted: [datasetId] },
        ...(removed.length === 0 ? {} : { runs: { removed } }),
      },
    };
  },
};
