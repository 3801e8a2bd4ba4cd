/** Reads one item of an import: its image and the values of its mask, with everything worth telling. */
import { relative, sep } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import type { CocoSize } from '../../../shared/coco-rle.ts';
import { AppError } from '../../../shared/errors.ts';
import { assertFileName } from '../../../shared/names.ts';
import { joinChannelFiles } from '../channel-files.ts';
import type { DecodedImage } from '../decoded-image.ts';
import type { DecodedMask } from '../decoded-mask.ts';
import type { CheckedImage } from '../decoder-messages.ts';
import type { FileReader } from '../files.ts';
import {
  checkImage,
  checkWithMask,
  decodeForeignMask,
  type ForeignImage,
} from '../foreign-images.ts';
import type { ImageFile } from '../image-file.ts';
import { evidenceOf } from '../mask-evidence.ts';
import { paintForeign } from './foreign-json.ts';
import { objectsOfSecondMask } from './object-masks.ts';
import type { PaintReport } from './paint-shapes.ts';
import type { ImportItem, LabelSource, StoredImage } from './plan.ts';

const FOREGROUND = 255;
/** So that no process that decodes them waits for the next; more at once only take memory. */
export const FILES_AT_ONCE = 4;

export interface LoadOptions {
  readonly reader: FileReader;
  /** Folder that paths in issues are relative to. */
  readonly root: string;
  /** Of masks, what their values look like and none of them. */
  readonly evidenceAlone?: boolean;
}

type ImageSize = Pick<DecodedImage, 'width' | 'height' | 'notes'>;

export interface LoadedLabels {
  /** Null: unlabelled, or the mask was skipped (see issues). */
  readonly mask: DecodedMask | null;
  readonly issues: readonly ImportIssue[];
}

export interface LoadedItem extends LoadedLabels {
  readonly file: ImageFile;
  /** All of it was read once. */
  readonly image: CheckedImage;
}

/** Path as people see it: relative where it lies in the imported folder. */
export function shownPath(path: string, root: string): string {
  const inside = relative(root, path);
  return inside === '' || inside.startsWith(`..${sep}`) ? path : inside.split(sep).join('/');
}

/** A failure as an issue of that file; anything but an AppError is a bug and is thrown on. */
export function skipIssue(path: string, error: unknown): ImportIssue {
  if (!(error instanceof AppError)) throw error;
  const message = error.message.startsWith(`${path} `)
    ? error.message.slice(path.length + 1)
    : error.message;
  return { path, severity: 'skip', message };
}

/** The file that an item's label map is read from; the first of several. */
export function labelPath(item: ImportItem, root: string): string {
  const { labels } = item;
  if (labels?.kind === 'mask' || labels?.kind === 'shapes') return shownPath(labels.path, root);
  return shownPath(labels?.paths[0] ?? item.path, root);
}

/** The original of an item: its file, or one made of several. Errors: unreadable, unsupported. */
export const openItem = (
  item: ImportItem,
  reader: FileReader,
  subject: string,
): Promise<ImageFile> =>
  item.channelFiles === undefined
    ? reader.open(item.path)
    : joinChannelFiles(item.channelFiles, { reader, subject });

/** Errors: unreadable, unsupported, invalid-input (its name); what is wrong with its mask becomes an issue. */
export async function loadItem(item: ImportItem, options: LoadOptions): Promise<LoadedItem> {
  const path = shownPath(item.path, options.root);
  assertFileName(item.name);
  const file = await openItem(item, options.reader, path);
  const { page, channelPages = null } = item;
  const of = { subject: path, page, channelPages };
  const { image, early } = await readWithMask({ file, of }, item, options);
  const issues = image.notes.map((message): ImportIssue => ({
    path,
    severity: message.startsWith('opaque') ? 'info' : 'change',
    message,
  }));
  const mask = await loadMask(item, image, { ...options, path, issues, early });
  return { file, image, mask, issues };
}

/** The labels of an image that is in the project: of the image, nothing is read. What is wrong becomes an issue. */
export async function loadLabels(
  item: ImportItem & { readonly stored: StoredImage },
  options: LoadOptions,
): Promise<LoadedLabels> {
  const { labels, stored } = item;
  const { reader, root, evidenceAlone = false } = options;
  const image = { width: stored.widthPx, height: stored.heightPx, notes: [] };
  const issues: ImportIssue[] = [];
  let early: DecodedMask | AppError | null = null;
  if (labels?.kind === 'mask') {
    const of = { subject: shownPath(labels.path, root), page: labels.page ?? 0, evidenceAlone };
    early = await reader
      .open(labels.path)
      .then((file) => decodeForeignMask(file, of))
      .catch(asAppError);
  }
  const mask = await loadMask(item, image, { ...options, path: stored.name, issues, early });
  return { mask, issues };
}

/** Of an item with one mask, this as well, before it is known whether it fits. */
async function readWithMask(
  image: { readonly file: ImageFile; readonly of: ForeignImage },
  { labels }: ImportItem,
  { reader, root, evidenceAlone = false }: LoadOptions,
): Promise<{ image: CheckedImage; early: DecodedMask | AppError | null }> {
  if (labels?.kind !== 'mask') {
    return { image: await checkImage(image.file, image.of), early: null };
  }
  const mask = await opened(labels.path, reader);
  if (mask instanceof AppError) {
    return { image: await checkImage(image.file, image.of), early: mask };
  }
  const of = { subject: shownPath(labels.path, root), page: labels.page ?? 0 };
  const both = await checkWithMask(image, { file: mask, of }, evidenceAlone);
  return { image: both.image, early: both.mask };
}

/** What is expected to go wrong; anything else is a bug and is thrown on. */
function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

const opened = (path: string, reader: FileReader): Promise<ImageFile | AppError> =>
  reader.open(path).catch(asAppError);

/** What becomes of an image whose labels cannot be used. */
const outcomeOf = ({ stored }: ImportItem): string =>
  stored === undefined ? 'it is imported unlabelled' : 'its labels stay as they are';

async function loadMask(
  item: ImportItem,
  image: ImageSize,
  options: LoadOptions & {
    path: string;
    issues: ImportIssue[];
    early: DecodedMask | AppError | null;
  },
): Promise<DecodedMask | null> {
  const { issues, root, early } = options;
  const { labels } = item;
  const outcome = outcomeOf(item);
  if (labels === null) {
    const message = 'image without a mask: imported unlabelled';
    if (item.imageClass === null && item.isSaid !== true && item.stored === undefined)
      issues.push({ path: options.path, severity: 'info', message });
    return null;
  }
  if (labels.kind === 'shapes') {
    const { size: made } = labels;
    if (made !== null && (made.width !== image.width || made.height !== image.height)) {
      const message = `its annotations ${mismatch(made, image, outcome)}`;
      issues.push({ path: options.path, severity: 'skip', message });
      return null;
    }
    const size = [image.height, image.width] as const;
    const report = await paintedOrIssue(labels, size, options);
    if (report === null) return null;
    const { labelMap, objects, painted } = report;
    const given = labels.shapes.length + labels.unusable;
    if (given > 0 && painted === 0) {
      const message = noneUsable(given, outcome);
      issues.push({ path: options.path, severity: 'skip', message });
      return null;
    }
    const { width, height, data: values } = labelMap;
    const evidence = evidenceOf(values, width);
    return { width, height, kind: 'index', values, ...evidence, alpha: null, objects, notes: [] };
  }
  if (labels.kind === 'mask') {
    const mask = await fitting(shownPath(labels.path, root), image, {
      ...{ issues, outcome, read: () => early },
    });
    if (mask === null || labels.objects === undefined) return mask;
    const { objects: path, page = 0 } = labels;
    const shown = shownPath(path, root);
    const { evidenceAlone = false } = options;
    const numbers = await fitting(shown, image, {
      ...{ issues, outcome: 'its objects are not told apart' },
      read: async () =>
        decodeForeignMask(await options.reader.open(path), { subject: shown, page, evidenceAlone }),
    });
    if (numbers === null || evidenceAlone) return mask;
    const { objects, split } = objectsOfSecondMask(numbers, mask);
    if (split > 0) {
      const message = `${split} of its objects lie on several classes: each part is an object of its own`;
      issues.push({ path: shown, severity: 'change', message });
    }
    return { ...mask, objects };
  }
  const values = new Uint8Array(image.width * image.height);
  const objects = new Uint32Array(values.length);
  let overlap = 0;
  for (const [index, path] of labels.paths.entries()) {
    const shown = shownPath(path, root);
    const object = await fitting(shown, image, {
      issues,
      outcome,
      read: async () => decodeForeignMask(await options.reader.open(path), { subject: shown }),
    });
    if (object === null) {
      const message = `one of its object masks cannot be used: ${outcome}`;
      issues.push({ path: shownPath(item.path, root), severity: 'skip', message });
      return null;
    }
    // What smoothing and noise left between 0 and the object goes to the nearer.
    const half = object.kind === 'grey' ? Math.max(...object.histogram.keys()) / 2 : 0;
    for (let i = 0; i < values.length; i++) {
      if ((object.values[i] ?? 0) <= half) continue;
      if (objects[i] !== 0) overlap++;
      values[i] = FOREGROUND;
      objects[i] = index + 1;
    }
  }
  if (overlap > 0) {
    const message = `${overlap} px where object masks overlap went to the later one`;
    issues.push({ path: shownPath(item.path, root), severity: 'change', message });
  }
  const { width, height } = image;
  const evidence = evidenceOf(values, width);
  return { width, height, kind: 'grey', values, ...evidence, alpha: null, objects, notes: [] };
}

/** Null, with an issue, where the annotations cannot be painted. */
async function paintedOrIssue(
  labels: Extract<LabelSource, { kind: 'shapes' }>,
  size: CocoSize,
  { path, issues }: { readonly path: string; readonly issues: ImportIssue[] },
): Promise<PaintReport | null> {
  try {
    const report = await paintForeign(labels.shapes, { ...labels, size });
    for (const issue of report.issues) issues.push({ path, ...issue });
    return report;
  } catch (error) {
    issues.push(skipIssue(path, error));
    return null;
  }
}

/** Null, with an issue, where the file is no mask for this image. */
async function fitting(
  path: string,
  image: ImageSize,
  {
    issues,
    outcome,
    read,
  }: {
    readonly issues: ImportIssue[];
    readonly outcome: string;
    readonly read: () => Promise<DecodedMask> | DecodedMask | AppError | null;
  },
): Promise<DecodedMask | null> {
  try {
    const mask = await read();
    if (mask === null || mask instanceof AppError) throw mask ?? new Error('no mask was read');
    if (mask.width !== image.width || mask.height !== image.height) {
      throw new AppError('unsupported', `labels ${mismatch(mask, image, outcome)}`, {
        subject: path,
      });
    }
    for (const message of mask.notes) issues.push({ path, severity: 'change', message });
    return mask;
  } catch (error) {
    issues.push(skipIssue(path, error));
    return null;
  }
}

/** An image whose objects are lost must not teach that there are none. */
const noneUsable = (annotations: number, outcome: string): string =>
  `${annotations === 1 ? 'its only annotation' : `none of its ${annotations} annotations`} could${annotations === 1 ? ' not' : ''} be used: ${outcome}`;

/** How labels of one size fail an image of another. */
function mismatch(
  labels: { width: number; height: number },
  image: ImageSize,
  outcome: string,
): string {
  const turned = labels.width === image.height && labels.height === image.width;
  const rotated = image.notes.some((note) => note.startsWith('EXIF'));
  const hint =
    turned && rotated
      ? 'They were drawn on the image as stored, before its EXIF rotation: rotate them.'
      : 'Export them again at the size of the image.';
  return `are for ${labels.width}×${labels.height} px, the image has ${image.width}×${image.height}: ${outcome}. ${hint}`;
}
