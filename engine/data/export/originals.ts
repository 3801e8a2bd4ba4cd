/** Writing the original files of a dataset's images: the part that every export shares. */
import { extname } from 'node:path';
import type { Progress } from '../../../shared/api.ts';
import type { Dataset, ImageRecord } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { assertFileName } from '../../../shared/names.ts';
import { DamageError, type Project } from '../../db/project.ts';
import { openOriginal } from '../image-source.ts';
import type { Selection } from './selection.ts';
import type { TargetFolder } from './target-folder.ts';

const IMAGES_FOLDER = 'images';

/** Files of these hold one picture; any other may hold more than is exported of it. */
const ONE_PICTURE = new Set(['.png', '.jpg', '.jpeg']);

export interface ExportOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** All of the dataset where nothing is said. */
  readonly selection?: Selection;
  /** Run whose stored predictions are written beside the labels. */
  readonly predictions?: number | null;
}

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
 * Writes each original once under images/ and calls `visit` for each image (page), in order. What is damaged in the
 * project is left out, and all the rest is written: a label map without its image, an image without its labels.
 * Returns what was left out, in words.
 * Errors: cancelled; invalid-input (a name that leads elsewhere); those of openOriginal and of writing.
 */
export async function writeOriginals(
  project: Project,
  target: TargetFolder,
  options: ExportOptions & {
    images: readonly ImageRecord[];
    visit: (image: ImageRecord) => Promise<void>;
  },
): Promise<string[]> {
  const { images, visit, signal, onProgress } = options;
  for (const { name } of images) assertFileName(name); // before anything is written
  const written = new Set<string>();
  const damaged: string[] = [];
  const unlessDamaged = async (write: () => Promise<void>) => {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'corrupt') throw error;
      damaged.push(error instanceof DamageError ? error.found : error.message);
    }
  };
  for (const [done, image] of images.entries()) {
    if (signal?.aborted === true) {
      throw new AppError('cancelled', 'The export was cancelled; what it wrote was removed.');
    }
    onProgress?.({ done, total: images.length, message: `Writing ${image.name}` });
    if (!written.has(image.name)) {
      written.add(image.name);
      await unlessDamaged(async () => {
        const original = await openOriginal(project, image);
        await target.write(`${IMAGES_FOLDER}/${image.name}`, original.parts());
      });
    }
    await unlessDamaged(() => visit(image));
  }
  onProgress?.({ done: images.length, total: images.length, message: 'Written' });
  return damaged;
}
