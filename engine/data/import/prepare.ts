/** From an item of a plan to what is written of it: read, checked, hashed; and writing such in transactions of bounded size. */
import type { ImportIssue } from '../../../shared/api.ts';
import { AppError } from '../../../shared/errors.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { encodeObjectMap } from '../../../shared/objects/object-map.ts';
import { withoutGround } from '../../../shared/objects/rules.ts';
import type { NewImage } from '../../db/datasets.ts';
import type { Project } from '../../db/project.ts';
import type { DecodedMask } from '../decoded-mask.ts';
import { diskReader, type FileReader } from '../files.ts';
import { bytesOf, hashOf } from '../image-file.ts';
import { labelPath, loadItem, loadLabels, shownPath, skipIssue } from './load.ts';
import { maskIssues } from './mask-issues.ts';
import type { ImportItem, ImportPlan, StoredImage } from './plan.ts';
import { applyMapping, objectNumbersOf } from './value-mapping.ts';

/** A transaction ends after this many images or bytes: few syncs, little memory. */
const BATCH_IMAGES = 50;
const BATCH_BYTES = 64 * 2 ** 20;
/** SQLite's limit for one value. */
const MAX_EMBEDDED_BYTES = 1_000_000_000;

export interface PrepareOptions {
  readonly plan: Pick<ImportPlan, 'root' | 'mapping' | 'imageClasses' | 'hasBackground'>;
  /** Keep originals where they are, by path and hash, instead of copying them into the project. */
  readonly link: boolean;
  readonly reader?: FileReader;
}

/** A label map ready to be written: shared/label-map.ts code, its objects, and where it came from. */
export interface PreparedLabels {
  readonly bytes: Uint8Array;
  /** shared/objects/object-map.ts code; null: its source tells none apart. */
  readonly objects: Uint8Array | null;
  readonly note: string;
}

/** An image ready to be written. */
export interface Prepared {
  readonly item: ImportItem;
  readonly image: Omit<NewImage, 'datasetId'>;
  readonly labels: PreparedLabels | null;
  readonly sizeBytes: number;
  /** Whether an alpha channel was left out that was not opaque. */
  readonly isTransparent: boolean;
}

/** Writes what is prepared as it comes, several at a time; `flush` writes the rest. */
export function inBatches(
  project: Pick<Project, 'transaction'>,
  write: (prepared: Prepared) => void,
): { add(prepared: Prepared): void; flush(): void } {
  let batch: Prepared[] = [];
  let bytes = 0;
  const flush = () => {
    project.transaction(() => {
      for (const prepared of batch) write(prepared);
    });
    batch = [];
    bytes = 0;
  };
  return {
    flush,
    add(prepared) {
      batch.push(prepared);
      bytes += prepared.sizeBytes;
      if (batch.length >= BATCH_IMAGES || bytes >= BATCH_BYTES) flush();
    },
  };
}

function labelsFrom(
  item: ImportItem,
  mask: DecodedMask,
  { plan, issues }: Pick<PrepareOptions, 'plan'> & { readonly issues: ImportIssue[] },
): PreparedLabels {
  const from = labelPath(item, plan.root);
  issues.push(...maskIssues(from, mask, plan.mapping));
  const bytes = encodeLabelMap(applyMapping(mask, plan.mapping));
  return { bytes, objects: objectsFrom(mask, { plan, classes: bytes }), note: `from ${from}` };
}

/** The objects of a mask whose source tells them apart, where they are of a class that has objects; null: there are none. */
function objectsFrom(
  mask: DecodedMask,
  { plan, classes }: Pick<PrepareOptions, 'plan'> & { readonly classes: Uint8Array },
): Uint8Array | null {
  const { width, height } = mask;
  const data = mask.objects ?? objectNumbersOf(mask, plan.mapping);
  if (data === null) return null;
  return withoutGround({ objects: encodeObjectMap({ width, height, data }), classes }, plan);
}

/** The labels of an image that is there; null where they cannot be used, for the reason among the issues. */
export async function prepareLabels(
  item: ImportItem & { readonly stored: StoredImage },
  { plan, reader = diskReader }: PrepareOptions,
): Promise<{ readonly labels: PreparedLabels | null; readonly issues: readonly ImportIssue[] }> {
  const { mask, issues: found } = await loadLabels(item, { reader, root: plan.root });
  const issues = [...found];
  return { labels: mask === null ? null : labelsFrom(item, mask, { plan, issues }), issues };
}

/** What came of an item: nothing where it was skipped, for the reason among its issues. */
export async function prepareOrSkip(
  item: ImportItem,
  options: PrepareOptions,
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
  options: PrepareOptions,
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
  const labels = mask === null ? null : labelsFrom(item, mask, { plan, issues });
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
      excluded: item.excluded ?? null,
      source: link ? { linkPath: item.path } : { bytes: await bytesOf(file) },
    },
  };
}
