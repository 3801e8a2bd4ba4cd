/** The second step of an import: writes what was planned, file by file, and reports what it met. */
import type { ImportIssue, ImportReport, Progress } from '../../../shared/api.ts';
import { transparencyOrigin } from '../../../shared/channels.ts';
import type { Part } from '../../../shared/entities.ts';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { contentsOf } from '../../../shared/image-content.ts';
import { encodeLabelMap, labelValues } from '../../../shared/label-map.ts';
import type { NewImage } from '../../db/datasets.ts';
import type { Project } from '../../db/project.ts';
import { diskReader, type FileReader } from '../files.ts';
import { bytesOf, hashOf } from '../image-file.ts';
import { inOrder } from '../in-order.ts';
import { FILES_AT_ONCE, labelPath, loadItem, shownPath, skipIssue } from './load.ts';
import { emptyMasks, maskIssues } from './mask-issues.ts';
import { pageName } from '../page-names.ts';
import type { ImportItem, ImportPlan } from './plan.ts';
import { assertNotCancelled } from './preview.ts';
import { applyMapping } from './value-mapping.ts';

/** A transaction ends after this many images or bytes: few syncs, little memory. */
const BATCH_IMAGES = 50;
const BATCH_BYTES = 64 * 2 ** 20;
/** SQLite's limit for one value. */
const MAX_EMBEDDED_BYTES = 1_000_000_000;

export interface CarryOutOptions {
  readonly datasetName: string;
  /** Keep originals where they are, by path and hash, instead of copying them into the project. */
  readonly link: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly reader?: FileReader;
}

/** An image ready to be written. */
interface Prepared {
  readonly item: ImportItem;
  readonly image: Omit<NewImage, 'datasetId'>;
  /** shared/label-map.ts code, and where it came from. */
  readonly labels: { readonly bytes: Uint8Array; readonly note: string } | null;
  readonly sizeBytes: number;
  /** Whether an alpha channel was left out that was not opaque. */
  readonly isTransparent: boolean;
}

/** Errors: conflict. */
export function assertNameFree(project: Project, name: string): void {
  if (!project.datasets.isNameTaken(name)) return;
  throw new AppError(
    'conflict',
    `This project has a dataset "${name}" already. Choose another name, or delete that one first.`,
    { subject: name },
  );
}

/**
 * Creates a dataset from a plan. Files that cannot be read are skipped and reported; originals are never
 * touched. Nobody sees the dataset before it is whole: on an error, a full disk or a cancellation it is removed again, and
 * where the process is killed, when the project is opened next.
 * Errors: conflict (name taken), invalid-input (no file could be imported), no-space, cancelled.
 */
export async function carryOutImport(
  project: Project,
  plan: ImportPlan,
  options: CarryOutOptions,
): Promise<ImportReport> {
  const name = options.datasetName;
  assertNameFree(project, name);
  assertNotCancelled(options.signal);
  const datasetId = project.transaction(() =>
    project.datasets.begin({
      name,
      origin: originOf(plan, options),
      classes: plan.classes,
      hasBackground: plan.hasBackground,
      imageClasses: plan.imageClasses,
    }),
  );
  try {
    return await fillDataset(project, datasetId, { ...options, plan });
  } catch (error) {
    removeDataset(project, datasetId, error);
    throw error;
  }
}

const originOf = (plan: ImportPlan, { link }: CarryOutOptions): Record<string, unknown> => ({
  kind: 'import',
  format: plan.preview.format,
  path: plan.path,
  link,
  ...(plan.pages === 'auto' ? {} : { pages: plan.pages }),
});

/** A disk that is full may refuse even this; then the first error must still be the one that is told. */
function removeDataset(project: Project, datasetId: number, reason: unknown): void {
  try {
    project.transaction(() => project.datasets.delete(datasetId));
  } catch (error) {
    const first = toWireError(reason);
    throw new AppError(
      first.code,
      `${first.message} What was imported before that could not be removed (${toWireError(error).message}): delete the dataset by hand.`,
      { cause: reason },
    );
  }
}

async function fillDataset(
  project: Project,
  datasetId: number,
  options: CarryOutOptions & { plan: ImportPlan },
): Promise<ImportReport> {
  const { plan, signal, onProgress } = options;
  const total = plan.items.length;
  const issues: ImportIssue[] = [...plan.layoutIssues];
  const idOf = new Map<string, number>();
  const nameOfContent = new Map<string, string>();
  const told = new Set<string>();
  const held: { part: Part | null; values: readonly number[] }[] = [];
  let transparent = 0;
  let labelled = 0;
  let skipped = 0;
  let droppedMasks = 0;
  let batch: Prepared[] = [];
  const flush = () => {
    project.transaction(() => {
      for (const { item, image, labels } of batch) {
        const imageId = project.datasets.addImage({ ...image, datasetId });
        idOf.set(pageName(item), imageId);
        if (labels !== null) {
          const part = plan.splits[0]?.partOf.get(pageName(item)) ?? null;
          held.push({ part, values: labelValues(labels.bytes) });
          project.labelMaps.add({ imageId, author: 'imported', ...labels });
          labelled++;
        }
      }
    });
    batch = [];
  };
  let done = 0;
  const all = inOrder(plan.items, FILES_AT_ONCE, (item) => prepareOrSkip(item, options));
  for await (const { item, path, prepared, issues: own } of all) {
    assertNotCancelled(signal);
    onProgress?.({ done: done++, total, message: `importing ${path}` });
    issues.push(...own);
    if (prepared === null) skipped++;
    else {
      const contents = contentsOf(prepared.image);
      const twin = contents.map((content) => nameOfContent.get(content)).find((t) => t);
      if (twin === undefined) for (const c of contents) nameOfContent.set(c, item.name);
      else if (!told.has(path)) {
        told.add(path);
        issues.push({ path, severity: 'info', message: `the same file as ${twin}, byte for byte` });
      }
      if (item.labels !== null && prepared.labels === null) droppedMasks++;
      if (prepared.isTransparent) transparent++;
      batch.push(prepared);
    }
    const bytes = batch.reduce((sum, prepared) => sum + prepared.sizeBytes, 0);
    if (batch.length >= BATCH_IMAGES || bytes >= BATCH_BYTES) flush();
  }
  flush();
  if (idOf.size === 0) {
    const first = issues.find((issue) => issue.severity === 'skip');
    throw new AppError(
      'invalid-input',
      `None of the ${total} images in ${plan.path} could be imported. ${first === undefined ? '' : `First: ${first.path}: ${first.message}`}`,
      { subject: plan.path },
    );
  }
  const splitIds = project.transaction(() => {
    if (transparent > 0) {
      const origin = { ...originOf(plan, options), ...transparencyOrigin(transparent) };
      project.datasets.setOrigin(datasetId, origin);
    }
    const ids = saveSplits(project, datasetId, { plan, idOf });
    project.datasets.finish(datasetId);
    return ids;
  });
  onProgress?.({ done: total, total, message: 'imported' });
  return {
    datasetId,
    images: idOf.size,
    labelled,
    skipped,
    droppedMasks,
    issues,
    doubts: [
      ...plan.doubts,
      ...emptyMasks(held, { hasBackground: plan.hasBackground, values: plan.preview.values }),
    ],
    splitId: splitIds[0] ?? null,
  };
}

/** What came of an item: nothing where it was skipped, for the reason among its issues. */
async function prepareOrSkip(
  item: ImportItem,
  options: CarryOutOptions & { plan: ImportPlan },
): Promise<{
  readonly item: ImportItem;
  readonly path: string;
  readonly prepared: Prepared | null;
  readonly issues: readonly ImportIssue[];
}> {
  const path = shownPath(item.path, options.plan.root);
  const issues: ImportIssue[] = [];
  try {
    return { item, path, prepared: await prepare(item, options, issues), issues };
  } catch (error) {
    return { item, path, prepared: null, issues: [...issues, skipIssue(path, error)] };
  }
}

async function prepare(
  item: ImportItem,
  options: CarryOutOptions & { plan: ImportPlan },
  issues: ImportIssue[],
): Promise<Prepared> {
  const { plan, reader = diskReader } = options;
  // What was put together lies nowhere but in the project.
  const link = options.link && item.channelFiles === undefined;
  const loaded = await loadItem(item, { reader, root: plan.root });
  const { file, image, mask } = loaded;
  if (!link && file.sizeBytes > MAX_EMBEDDED_BYTES) {
    const size = (file.sizeBytes / 1e9).toFixed(1);
    const message = `has ${size} GB; up to 1 GB can be copied into a project. Import it as a link.`;
    throw new AppError('unsupported', message, { subject: item.path });
  }
  issues.push(...loaded.issues);
  let labels: Prepared['labels'] = null;
  if (mask !== null) {
    const from = labelPath(item, plan.root);
    issues.push(...maskIssues(from, mask, plan.mapping));
    labels = { bytes: encodeLabelMap(applyMapping(mask, plan.mapping)), note: `from ${from}` };
  }
  const classIndex = item.imageClass === null ? -1 : plan.imageClasses.indexOf(item.imageClass);
  return {
    item,
    labels,
    sizeBytes: link ? 0 : file.sizeBytes,
    isTransparent: (image.transparentPx ?? 0) > 0,
    image: {
      name: item.name,
      widthPx: image.width,
      heightPx: image.height,
      channels: image.channels,
      bitDepth: image.bitDepth,
      hash: await hashOf(file),
      page: item.page,
      channelPages: item.channelPages ?? null,
      groupName: item.group,
      imageClass: classIndex < 0 ? null : classIndex,
      source: link ? { linkPath: item.path } : { bytes: await bytesOf(file) },
    },
  };
}

function saveSplits(
  project: Project,
  datasetId: number,
  options: { plan: ImportPlan; idOf: ReadonlyMap<string, number> },
): number[] {
  return options.plan.splits.flatMap(({ name, partOf }) => {
    const items = [...partOf].flatMap(([image, part]) => {
      const imageId = options.idOf.get(image);
      return imageId === undefined ? [] : [{ imageId, part }];
    });
    if (items.length === 0) return [];
    return [project.splits.create(datasetId, name, items)];
  });
}
