/** Original bytes, pixels and label maps of a project's images, wherever they are stored. */
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { decodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import type { Project } from '../db/project.ts';
import { decodeImage, type DecodedImage, openImage, type OpenImage } from './decode.ts';
import { fileInMemory, hashOf, type ImageFile, openFile } from './image-file.ts';
import { reduceImage, reductionOf } from './reduce.ts';

const FIND_AGAIN =
  'put the original back, or find it again: "Find linked images" in the library, or graft relink PROJECT FOLDER';

/** The original at one of the places where it may lie: the content decides. */
async function openLinked(image: ImageRecord, linkPath: string): Promise<ImageFile> {
  let trouble: AppError | null = null;
  for (const path of image.linkBeside === null ? [linkPath] : [linkPath, image.linkBeside]) {
    try {
      const file = await openFile(path);
      if ((await hashOf(file)) === image.hash) return file;
      trouble = new AppError(
        'unreadable',
        `Image ${image.name} is linked to ${path}, which is no longer the file that was imported: ${FIND_AGAIN}; or import the new file as a new image.`,
        { subject: path },
      );
    } catch (error) {
      trouble ??= new AppError(
        'unreadable',
        `Image ${image.name} is a link, and ${messageOf(error)} Then ${FIND_AGAIN}.`,
        { subject: path, cause: error },
      );
    }
  }
  throw trouble ?? new AppError('internal', `Image ${image.name} has no place.`);
}

/**
 * The original file, byte for byte as it was imported.
 * Errors: unreadable (a linked original is missing, not permitted, or no longer the same file),
 * corrupt (an embedded one is gone from the project).
 */
export async function openOriginal(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
): Promise<ImageFile> {
  if (image.linkPath !== null) return openLinked(image, image.linkPath);
  const bytes = project.datasets.imageBytes(image.id);
  if (bytes !== undefined) return fileInMemory(bytes);
  throw new AppError(
    'corrupt',
    `The project lost the original of image ${image.name}. Restore a backup, or import the image again.`,
    { subject: image.name },
  );
}

/**
 * The file alone says how large it is: what a project says of it besides is not believed where both differ.
 * Errors: corrupt.
 */
function assertSizeAsStored<Sized extends { readonly width: number; readonly height: number }>(
  image: ImageRecord,
  file: Sized,
): Sized {
  const { name, widthPx, heightPx } = image;
  if (file.width === widthPx && file.height === heightPx) return file;
  throw new AppError(
    'corrupt',
    `Image ${name} has ${file.width}×${file.height} px, but ${widthPx}×${heightPx} px in the project, which is damaged. Import the image again, or take a backup of the project.`,
    { subject: name },
  );
}

/** Decoded pixels of an image. Errors: those of openOriginal and decodeImage; corrupt, where it has another size. */
export async function readImage(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
): Promise<DecodedImage> {
  const subject = image.linkPath ?? image.name;
  const { page, channelPages } = image;
  const file = await openOriginal(project, image);
  return assertSizeAsStored(image, await decodeImage(file, { subject, page, channelPages }));
}

/**
 * Pixels for a picture of an image with no side longer than `maxSidePx`: of a very large image, one pixel for each
 * `reducedBy` × `reducedBy` of its own. Errors: those of readImage.
 */
export async function readForPicture(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  maxSidePx: number,
): Promise<{ readonly pixels: DecodedImage; readonly reducedBy: number }> {
  const reducedBy = reductionOf(image, maxSidePx);
  const pixels =
    reducedBy === 1
      ? await readImage(project, image)
      : await reduceImage(await openStoredImage(project, image), reducedBy);
  return { pixels, reducedBy };
}

/** The same, for reading some rows at a time. Errors: those of openOriginal and openImage; corrupt as there. */
export async function openStoredImage(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  options: { readonly bandBytes?: number } = {},
): Promise<OpenImage> {
  const subject = image.linkPath ?? image.name;
  const file = await openOriginal(project, image);
  const { page, channelPages } = image;
  return assertSizeAsStored(
    image,
    await openImage(file, { ...options, subject, page, channelPages }),
  );
}

/** Pixels of a label map that is unpacked although nobody has looked at the file of its image: 16 MiB. */
const UNSEEN_PX = 2 ** 24;

/**
 * The current label map of an image, null where it has none, for whoever does not read the image as well: a few bytes can
 * ask for a gigabyte, which is given only where the image is as large. Errors: those of openStoredImage and readLabelMap.
 */
export async function readLabelMapAlone(
  project: Pick<Project, 'datasets' | 'labelMaps'>,
  image: ImageRecord,
): Promise<LabelMap | null> {
  if (image.labelMapId === null) return null;
  if (image.widthPx * image.heightPx > UNSEEN_PX) await openStoredImage(project, image);
  return readLabelMap(project, image.labelMapId);
}

/** A label map as it is stored (shared/label-map.ts). Errors: not-found. */
export function labelMapCode(project: Pick<Project, 'labelMaps'>, labelMapId: number): Uint8Array {
  const code = project.labelMaps.bytes(labelMapId);
  if (code !== undefined) return code;
  throw new AppError('not-found', `There is no label map ${labelMapId} in this project.`);
}

/** Errors: not-found, corrupt. */
export const readLabelMap = (project: Pick<Project, 'labelMaps'>, labelMapId: number): LabelMap =>
  decodeLabelMap(labelMapCode(project, labelMapId));
