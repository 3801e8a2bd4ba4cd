/**
 * Finds linked originals again by their content, wherever they lie beneath a folder and whatever they are called now.
 */
import { basename, resolve } from 'node:path';
import type { Progress, RelinkReport } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Project } from '../db/project.ts';
import { diskReader, type FileReader } from './files.ts';
import { hashOf } from './image-file.ts';
import { openOriginal } from './image-source.ts';
import { isImageName, readFolderTree } from './import/folder-tree.ts';
import { sameName } from '../../shared/names.ts';

export interface RelinkOptions {
  readonly images: readonly ImageRecord[];
  readonly dir: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly reader?: FileReader;
}

const nameOf = (path: string) => sameName(basename(path));

/**
 * Gives every linked image whose content lies beneath `dir` its path there. Nothing is copied or changed but the paths.
 * Errors: unreadable (the folder), invalid-input (no image is linked), cancelled (then no path changed).
 */
export async function relinkImages(
  project: Pick<Project, 'datasets' | 'transaction'>,
  options: RelinkOptions,
): Promise<{ report: RelinkReport; movedIds: number[] }> {
  const linked = options.images.filter((image) => image.linkPath !== null);
  if (linked.length === 0) {
    throw new AppError(
      'invalid-input',
      'No image is linked here: all originals are in the project.',
    );
  }
  const { paths, unread } = await findContents(linked, options);
  const found = linked.flatMap((image) => {
    const same = paths.get(image.hash) ?? [];
    // Of several copies the one that is linked already, or is called like it.
    const path =
      same.find((one) => one === image.linkPath) ??
      same.find((one) => nameOf(one) === nameOf(image.linkPath ?? '')) ??
      same[0];
    return path === undefined ? [] : [{ image, path }];
  });
  const elsewhere = linked.filter((image) => !paths.has(image.hash));
  const missing: RelinkReport['missing'][number][] = [];
  for (const image of elsewhere) {
    assertWanted(options.signal);
    const reason = await whyMissing(project, image);
    if (reason !== null) missing.push({ imageId: image.id, name: image.name, message: reason });
  }
  project.transaction(() => {
    for (const { image, path } of found) project.datasets.setLink(image.id, path);
  });
  const moved = found.filter(({ image, path }) => image.linkPath !== path);
  return {
    report: {
      linked: linked.length,
      found: found.length,
      moved: moved.length,
      unchanged: elsewhere.length - missing.length,
      missing,
      unread,
    },
    movedIds: moved.map(({ image }) => image.id),
  };
}

function assertWanted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new AppError('cancelled', 'The search was cancelled; all links are as they were.');
  }
}

/** Files beneath the folder by the content of an image. Those of the same name are looked at first. */
export async function findContents(
  linked: readonly Pick<ImageRecord, 'hash' | 'linkPath' | 'name'>[],
  options: Omit<RelinkOptions, 'images'>,
): Promise<{ paths: Map<string, string[]>; unread: number }> {
  const { signal, onProgress, reader = diskReader } = options;
  const tree = await readFolderTree(options.dir, reader);
  const wanted = new Set(linked.map((image) => image.hash));
  const names = new Set(linked.map((image) => nameOf(image.linkPath ?? image.name)));
  const named = tree.files.filter((file) => names.has(nameOf(file)));
  const others = tree.files.filter((file) => !names.has(nameOf(file)) && isImageName(file));
  const paths = new Map<string, string[]>();
  let unread = tree.issues.length;
  for (const [i, file] of [...named, ...others].entries()) {
    if (i >= named.length && paths.size === wanted.size) break;
    assertWanted(signal);
    onProgress({ done: i, total: named.length + others.length, message: `Looking at ${file}` });
    const path = resolve(tree.root, file);
    try {
      const hash = await hashOf(await reader.open(path));
      if (wanted.has(hash)) paths.set(hash, [...(paths.get(hash) ?? []), path]);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      unread++;
    }
  }
  return { paths, unread };
}

/** null: its original is where it was. */
async function whyMissing(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
): Promise<string | null> {
  try {
    await openOriginal(project, image);
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
