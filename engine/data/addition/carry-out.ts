/**
 * The second step of an addition. Images are written into a dataset that nobody sees, and moved into the one that they are
 * for in one transaction at the end, with all labels, classes and parts: an addition that is cancelled, fails or is killed
 * leaves nothing behind.
 */
import type { AdditionReport, ImportIssue, Placing } from '../../../shared/api.ts';
import { transparencyOrigin } from '../../../shared/channels.ts';
import type { ImageRecord, Part } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { countedWith, nounFor, pronounFor, verbFor } from '../../../shared/number-format.ts';
import { inWords } from '../../../shared/sentences.ts';
import { oneName } from '../../../shared/names.ts';
import type { AdditionItem } from '../../db/additions.ts';
import type { Project } from '../../db/project.ts';
import { inOrder } from '../in-order.ts';
import { FILES_AT_ONCE } from '../import/load.ts';
import type { ImportItem, StoredImage } from '../import/plan.ts';
import { inBatches, prepareLabels, prepareOrSkip, type PreparedLabels } from '../import/prepare.ts';
import { assertNotCancelled } from '../import/preview.ts';
import { saidOnce } from '../import/said-once.ts';
import { soundCodeOf } from '../objects-of.ts';
import { pageName } from '../page-names.ts';
import { clashWords } from './fates.ts';
import { type AddedImage, placeAdded } from './parts.ts';
import { type AdditionPlan, type AdditionRequest, planAddition } from './plan.ts';
import { beginStaging, endStaging } from './staging.ts';

export interface AddOptions extends AdditionRequest {
  readonly newClasses: boolean;
  readonly placing: Placing;
  readonly link: boolean;
}

interface Revision {
  readonly stored: StoredImage & { readonly labelMapId?: number | null };
  readonly labels: PreparedLabels;
}

/** What stands in the way before anything is read a second time. Errors: conflict, invalid-input, not-found. */
function assertWanted(project: Project, plan: AdditionPlan, options: AddOptions): void {
  const { preview, dataset } = plan;
  if (preview.clashes.length > 0 && options.clash === 'refuse') {
    const are = `${verbFor(preview.clashes.length, 'are')} the ${nounFor(preview.clashes.length, 'name')} of ${preview.clashes.length === 1 ? 'another image' : 'other images'}`;
    throw new AppError(
      'conflict',
      `${clashWords(preview.clashes)} ${are} in "${dataset.name}". Nothing was added: keep both under a free name such as "${preview.clashes[0]?.free ?? ''}" (--clash rename), or leave them out (--clash skip).${plan.mayBeMasks ? ' Or are they masks of these images? Then say so (--holds masks).' : ''}`,
      { subject: preview.clashes[0]?.name ?? dataset.name },
    );
  }
  const unknown = [...preview.newClasses.map(({ name }) => name), ...preview.newImageClasses];
  if (unknown.length > 0 && !options.newClasses) {
    throw new AppError(
      'conflict',
      `"${dataset.name}" has no ${nounFor(unknown.length, 'class')} ${inWords(unknown.map((name) => `"${name}"`))}. Nothing was added: add ${pronounFor(unknown.length, 'these')} ${nounFor(unknown.length, 'class')} to it (--new-classes), or map the values to classes that are there (--map).`,
      { subject: dataset.name },
    );
  }
  const { placing } = options;
  if (placing === null || placing.how === 'folders') return;
  if (placing.how === 'shares' && placing.val + placing.test > 1) {
    throw new AppError('invalid-input', 'The shares of val and test are more than all images.');
  }
  const splits = project.splits.list(dataset.id);
  if (splits.some(({ name }) => name === placing.split)) return;
  const have = splits.map(({ name }) => `"${name}"`);
  throw new AppError(
    'not-found',
    `"${dataset.name}" has no split "${placing.split}" (there is: ${have.length === 0 ? 'none' : have.join(', ')}). Make it first, or leave the new images without a part.`,
  );
}

/** Plans and carries out. Errors: those of planAddition; conflict (names, classes), not-found, no-space, cancelled. */
export async function addToDataset(
  project: Project,
  datasetId: number,
  options: AddOptions,
): Promise<{
  readonly report: AdditionReport;
  readonly items: readonly AdditionItem[];
  readonly splitId: number | null;
}> {
  const dataset = project.datasets.get(datasetId);
  if (dataset === undefined) throw new AppError('not-found', `There is no dataset ${datasetId}.`);
  const plan = await planAddition(project, dataset, options);
  assertWanted(project, plan, options);
  assertNotCancelled(options.signal);
  const staged = beginStaging(project, dataset);
  try {
    return await fill(project, { ...options, plan, staged });
  } finally {
    endStaging(project, staged);
  }
}

async function fill(
  project: Project,
  options: AddOptions & { readonly plan: AdditionPlan; readonly staged: number },
): ReturnType<typeof addToDataset> {
  const { plan, staged, signal, onProgress } = options;
  const issues: ImportIssue[] = [...plan.layoutIssues];
  const added: AddedImage[] = [];
  const revisions: Revision[] = [];
  let labelled = 0;
  let skipped = 0;
  let droppedMasks = 0;
  let transparent = 0;
  const partOf = (item: ImportItem): Part | null =>
    plan.splits[0]?.partOf.get(pageName(item)) ?? null;
  const batches = inBatches(project, ({ item, image, labels }) => {
    const id = project.datasets.addImage({ ...image, datasetId: staged });
    added.push({ ...image, id, part: partOf(item) });
    if (item.pixelSize !== undefined) project.pixelSizes.keep(id, item.pixelSize);
    if (labels === null) return;
    project.labelMaps.add({ imageId: id, author: 'imported', ...labels });
    labelled++;
  });
  let done = 0;
  const step = async (item: ImportItem) => {
    const { stored } = item;
    if (stored === undefined) return { fresh: await prepareOrSkip(item, options) };
    return { stored, ...(await prepareLabels({ ...item, stored }, options)) };
  };
  for await (const one of inOrder(plan.items, FILES_AT_ONCE, step)) {
    assertNotCancelled(signal);
    const path = 'fresh' in one ? one.fresh.path : one.stored.name;
    onProgress?.({ done: done++, total: plan.items.length, message: `Adding ${path}` });
    if ('fresh' in one) {
      const { prepared, item, issues: own } = one.fresh;
      issues.push(...own);
      if (prepared === null) skipped++;
      else {
        if (item.labels !== null && prepared.labels === null) droppedMasks++;
        if (prepared.isTransparent) transparent++;
        batches.add(prepared);
      }
    } else {
      issues.push(...one.issues);
      if (one.labels === null) droppedMasks++;
      else revisions.push({ stored: one.stored, labels: one.labels });
    }
  }
  batches.flush();
  return project.transaction(() => {
    const saved = saveRevisions(project, revisions, { plan, issues });
    const { datasetId } = plan.preview;
    const fresh = assertStillFree(project, datasetId, added);
    const { newClasses, newImageClasses } = plan.preview;
    if (newClasses.length > 0) project.datasets.setClasses(datasetId, plan.classes);
    if (newImageClasses.length > 0) {
      project.datasets.setImageClasses(datasetId, plan.imageClasses);
    }
    if (transparent > 0) {
      const before = fresh.origin['transparentImages'];
      const sum = transparent + (typeof before === 'number' ? before : 0);
      project.datasets.setOrigin(datasetId, { ...fresh.origin, ...transparencyOrigin(sum) });
    }
    project.datasets.moveImages(staged, datasetId);
    const placed = place(project, added, { plan, placing: options.placing });
    issues.push(...placed.issues);
    const items = [
      ...added.map(({ id }): AdditionItem => ({ imageId: id, labelMapId: null })),
      ...saved.items,
    ];
    const isNothing = items.length === 0;
    const report: AdditionReport = {
      datasetId,
      additionId: isNothing ? null : project.additions.add(datasetId, { path: plan.path, items }),
      images: added.length,
      labelled,
      revisions: saved.items.length,
      unchanged: saved.unchanged,
      same: plan.preview.same,
      skipped,
      droppedMasks,
      newClasses,
      placed: placed.count,
      doubts: plan.preview.doubts,
      issues: saidOnce(issues),
    };
    return { report, items, splitId: placed.splitId };
  });
}

/** What happened to the dataset meanwhile. Errors: not-found, conflict. */
function assertStillFree(project: Project, datasetId: number, added: readonly AddedImage[]) {
  const dataset = project.datasets.get(datasetId);
  if (dataset === undefined) {
    throw new AppError('not-found', 'The dataset was deleted while images were added to it.');
  }
  const taken = new Map(
    project.datasets.images(datasetId).map((image) => [oneName(image.name), image.hash]),
  );
  const clash = added.find(({ name, hash }) => (taken.get(oneName(name)) ?? hash) !== hash);
  if (clash === undefined) return dataset;
  throw new AppError(
    'conflict',
    `"${dataset.name}" got an image ${clash.name} while others were added. Nothing was added: try again.`,
    { subject: clash.name },
  );
}

/** Whether an image has these labels already, objects included. */
function isThere(
  { labelMaps }: Project,
  { id, labelMapId }: ImageRecord,
  { bytes, objects }: PreparedLabels,
): boolean {
  const there = labelMaps.latest(id)?.bytes ?? null;
  if (labelMapId === null || there === null || Buffer.compare(there, bytes) !== 0) return false;
  // Damaged ones are none that are there.
  const own = soundCodeOf({ labelMaps }, labelMapId);
  if (typeof own === 'string') return false;
  return own === null || objects === null ? own === objects : Buffer.compare(own, objects) === 0;
}

/** Masks that differ from what is there. What somebody labelled meanwhile is not covered. */
function saveRevisions(
  project: Project,
  revisions: readonly Revision[],
  { plan, issues }: { readonly plan: AdditionPlan; readonly issues: ImportIssue[] },
): { readonly items: readonly AdditionItem[]; readonly unchanged: number } {
  const before = new Map(plan.there.map(({ id, labelMapId }) => [id, labelMapId]));
  const items: AdditionItem[] = [];
  let unchanged = 0;
  for (const { stored, labels } of revisions) {
    const current = project.datasets.image(stored.id);
    if (current === undefined || current.labelMapId !== (before.get(stored.id) ?? null)) {
      const message =
        current === undefined
          ? 'was deleted while masks were added: its mask is left out'
          : 'was labelled while masks were added: its mask is left out. Add it once more to take it';
      issues.push({ path: stored.name, severity: 'skip', message });
      continue;
    }
    if (isThere(project, current, labels)) {
      unchanged++;
      continue;
    }
    const id = project.labelMaps.add({ imageId: stored.id, author: 'imported', ...labels });
    items.push({ imageId: stored.id, labelMapId: id });
  }
  if (unchanged > 0) {
    const message = `${countedWith(unchanged, 'mask', 'equal')} what is there: nothing to add`;
    issues.push({ path: 'masks', severity: 'info', message });
  }
  return { items, unchanged };
}

/** Parts of the new images in a split; those that are there keep theirs. */
function place(
  project: Project,
  added: readonly AddedImage[],
  { plan, placing }: { readonly plan: AdditionPlan; readonly placing: Placing },
): {
  readonly count: number;
  readonly splitId: number | null;
  readonly issues: readonly ImportIssue[];
} {
  if (placing === null || added.length === 0) return { count: 0, splitId: null, issues: [] };
  const { datasetId } = plan.preview;
  const split = project.splits.list(datasetId).find(({ name }) => name === placing.split);
  const before = split === undefined ? [] : project.splits.items(split.id);
  const { there } = plan;
  const { items, issues } = placeAdded(added, { placing, there, items: before });
  if (items.length === 0) return { count: 0, splitId: null, issues };
  if (split === undefined) {
    const splitId = project.splits.create(datasetId, placing.split, items);
    return { count: items.length, splitId, issues };
  }
  project.splits.setItems(split.id, [...before, ...items]);
  return { count: items.length, splitId: split.id, issues };
}
