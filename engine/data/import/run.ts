/** The second step of an import: writes what was planned, file by file, and reports what it met. */
import type { ImportIssue, ImportReport, Progress } from '../../../shared/api.ts';
import { transparencyOrigin } from '../../../shared/channels.ts';
import type { Part } from '../../../shared/entities.ts';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { contentsOf } from '../../../shared/image-content.ts';
import { labelValues } from '../../../shared/label-map.ts';
import type { Project } from '../../db/project.ts';
import type { FileReader } from '../files.ts';
import { inOrder } from '../in-order.ts';
import { FILES_AT_ONCE } from './load.ts';
import { emptyMasks } from './mask-issues.ts';
import { saidOnce } from './said-once.ts';
import { pageName } from '../page-names.ts';
import type { ImportPlan } from './plan.ts';
import { inBatches, prepareOrSkip } from './prepare.ts';
import { assertNotCancelled } from './preview.ts';

export interface CarryOutOptions {
  readonly datasetName: string;
  /** Keep originals where they are, by path and hash, instead of copying them into the project. */
  readonly link: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly reader?: FileReader;
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
  const batches = inBatches(project, ({ item, image, labels }) => {
    const imageId = project.datasets.addImage({ ...image, datasetId });
    idOf.set(pageName(item), imageId);
    if (item.pixelSize !== undefined) project.pixelSizes.keep(imageId, item.pixelSize);
    if (labels === null) return;
    const part = plan.splits[0]?.partOf.get(pageName(item)) ?? null;
    held.push({ part, values: labelValues(labels.bytes) });
    project.labelMaps.add({ imageId, author: 'imported', ...labels });
    labelled++;
  });
  let done = 0;
  const all = inOrder(plan.items, FILES_AT_ONCE, (item) => prepareOrSkip(item, options));
  for await (const { item, path, prepared, issues: own } of all) {
    assertNotCancelled(signal);
    onProgress?.({ done: done++, total, message: `Importing ${path}` });
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
      batches.add(prepared);
    }
  }
  batches.flush();
  if (idOf.size === 0) {
    const first = issues.find((issue) => issue.severity === 'skip');
    throw new AppError(
      'invalid-input',
      `${nothingOf(total)} in ${plan.path} could ${total === 1 ? 'not ' : ''}be imported. ${first === undefined ? '' : `First: ${first.path}: ${first.message}`}`,
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
  onProgress?.({ done: total, total, message: 'Imported' });
  return {
    datasetId,
    images: idOf.size,
    labelled,
    skipped,
    droppedMasks,
    issues: saidOnce(issues),
    doubts: [
      ...plan.doubts,
      ...emptyMasks(held, { hasBackground: plan.hasBackground, values: plan.preview.values }),
    ],
    splitId: splitIds[0] ?? null,
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

/** How many images there were of which none came in. */
function nothingOf(total: number): string {
  if (total === 0) return 'Nothing';
  return total === 1 ? 'The only image' : `None of the ${total} images`;
}
