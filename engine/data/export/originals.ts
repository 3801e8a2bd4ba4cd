/** Writing the original files of a dataset's images: the part that every export shares. */
import { extname, posix } from 'node:path';
import type { Progress } from '../../../shared/api.ts';
import type { Dataset, ImageRecord } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { oneName } from '../../../shared/names.ts';
import type { Project } from '../../db/project.ts';
import { encodePng } from '../encode.ts';
import { encodeTiff } from '../encode-tiff.ts';
import { openOriginal, readImage } from '../image-source.ts';
import { stemOf } from '../import/folder-tree.ts';
import { pageSuffix } from '../page-names.ts';
import type { LeftBehind } from './left-behind.ts';
import type { TargetFolder } from './target-folder.ts';

/** Files of these hold one picture; any other may hold more than is exported of it. */
const ONE_PICTURE = new Set(['.png', '.jpg', '.jpeg']);

/** Errors: not-found. */
export function datasetOf(project: Project, datasetId: number): Dataset {
  const dataset = project.datasets.get(datasetId);
  if (dataset === undefined) throw new AppError('not-found', `There is no dataset ${datasetId}.`);
  return dataset;
}

/**
 * Names of files of which an export says what their images are: those that may hold pages that are no image of it, since
 * they were not chosen, were moved or are called otherwise. Imported again, they would come back without labels.
 */
export function filesOfPages(images: readonly ImageRecord[]): Set<string> {
  const isOne = ({ name, page, channelPages }: ImageRecord) =>
    page === 0 && channelPages === null && ONE_PICTURE.has(extname(name).toLowerCase());
  return new Set(images.flatMap((image) => (isOne(image) ? [] : [image.name])));
}

/**
 * How the file of each image is called in an export. `hasPages`: the format says itself which pages of a file its images
 * are; else each image of several pages is a file of its own: stack.p3.tif, or .png where that can hold it; and
 * stack.tif.p3.png where that is another image.
 */
export function exportedNames(
  images: readonly ImageRecord[],
  hasPages: boolean,
): (image: ImageRecord) => { readonly name: string; readonly isPage: boolean } {
  const byName = Map.groupBy(images, ({ name }) => name);
  const isPage = ({ name, page, channelPages }: ImageRecord) =>
    !hasPages && (page > 0 || channelPages !== null || (byName.get(name)?.length ?? 0) > 1);
  const taken = new Set(images.flatMap((image) => (isPage(image) ? [] : [oneName(image.name)])));
  const pages = new Map<number, string>();
  for (const image of images.filter(isPage)) {
    const ending = `${pageSuffix(image.page)}.${fitsPng(image) ? 'png' : 'tif'}`;
    let stem = stemOf(image.name);
    if (taken.has(oneName(stem + ending))) stem = image.name;
    while (taken.has(oneName(stem + ending))) stem += '_';
    taken.add(oneName(stem + ending));
    pages.set(image.id, stem + ending);
  }
  return ({ id, name }) => ({ name: pages.get(id) ?? name, isPage: pages.has(id) });
}

const fitsPng = ({ bitDepth, channels }: Pick<ImageRecord, 'bitDepth' | 'channels'>): boolean =>
  bitDepth === 8 && (channels === 1 || channels === 3);

/** One page as a file of its own. Errors: those of readImage. */
async function pageFile(project: Project, image: ImageRecord): Promise<Uint8Array> {
  const { width, height, channels, data } = await readImage(project, image);
  if ((channels === 1 || channels === 3) && data instanceof Uint8Array) {
    return encodePng({ width, height, channels, data });
  }
  return encodeTiff({ width, height, channels, data });
}

/**
 * Writes each original once into `folder` and calls `visit` for each image (page), in order. What cannot be written of one
 * image is left behind, and all the rest is written: a label map without its image, an image without its labels.
 * Returns how many images (pages) are there, with labels or without. Errors: cancelled; no-space and unreadable, where no file can be written.
 */
export async function writeOriginals(
  project: Project,
  target: TargetFolder,
  options: {
    images: readonly ImageRecord[];
    folder: string;
    nameOf: ReturnType<typeof exportedNames>;
    left: LeftBehind;
    visit: (image: ImageRecord) => Promise<void>;
    signal?: AbortSignal;
    onProgress?: (progress: Progress) => void;
  },
): Promise<number> {
  const { images, folder, nameOf, left, visit, signal, onProgress } = options;
  /** By the name of the file: whether it could be written. */
  const written = new Map<string, boolean>();
  let there = 0;
  for (const [done, image] of images.entries()) {
    if (signal?.aborted === true) {
      throw new AppError('cancelled', 'The export was cancelled; what it wrote was removed.');
    }
    const { name, isPage } = nameOf(image);
    onProgress?.({ done, total: images.length, message: `Writing ${name}` });
    if (!written.has(name)) {
      const isWritten = await left.unlessOf(image, async () => {
        const content = isPage
          ? await pageFile(project, image)
          : (await openOriginal(project, image)).parts();
        await target.write(posix.join(folder, name), content);
      });
      written.set(name, isWritten);
    }
    if (written.get(name) === true) there++;
    await left.unlessOf(image, () => visit(image));
  }
  onProgress?.({ done: images.length, total: images.length, message: 'Written' });
  return there;
}
