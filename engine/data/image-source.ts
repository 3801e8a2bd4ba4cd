/** Original bytes, pixels and label maps of a project's images, wherever they are stored. */
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { decodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import type { Project } from '../db/project.ts';
import type { DecodedImage } from './decoded-image.ts';
import { AnsweredImage, AnsweredPixelSize, type DecoderRequest } from './decoder-messages.ts';
import { askOnce, imageRequest, shownDecoders } from './decoders.ts';
import type { FoundPixelSize } from './found-pixel-size.ts';
import { fileInMemory, hashOf, type ImageFile, openFile } from './image-file.ts';
import { formatOf, type ImageFormat } from './image-format.ts';
import { lendImage, type Lending } from './lent-image.ts';
import { reductionOf } from './reduce.ts';
import { sent } from './sent-file.ts';

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

/** What a decoder is asked of an original: by the name that people know, refused where it is not as large as stored. */
const stored = (image: ImageRecord, file: ImageFile) => {
  const { name, widthPx, heightPx, page, channelPages, linkPath } = image;
  const of = imageRequest(file, { subject: linkPath ?? name, page, channelPages });
  return { ...of, stored: { name, widthPx, heightPx } };
};

/**
 * Decoded pixels of an image, for a window: decoded in a process of its own, since the project may be anybody's.
 * Errors: those of openOriginal and decodeImage; corrupt, where it has another size.
 */
export async function readImage(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
): Promise<DecodedImage> {
  const file = await openOriginal(project, image);
  const request: DecoderRequest = { what: 'image', ...stored(image, file) };
  return AnsweredImage.parse(await askOnce(shownDecoders, file, request));
}

interface Reduced {
  readonly pixels: DecodedImage;
  /** Of a very large image, `pixels` has one for each `reducedBy` × `reducedBy` of its own. */
  readonly reducedBy: number;
}

/** Pixels of an image of which no more is wanted than `maxSidePx` to a side. Errors: those of readImage. */
export async function readReduced(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  { maxSidePx, small = false }: { readonly maxSidePx: number; readonly small?: boolean },
): Promise<Reduced> {
  const reducedBy = reductionOf(image, maxSidePx);
  const file = await openOriginal(project, image);
  const request: DecoderRequest = {
    ...{ what: 'picture', ...stored(image, file), reducedBy },
    maxSidePx: small ? maxSidePx : null,
  };
  const pixels = AnsweredImage.parse(await askOnce(shownDecoders, file, request));
  return { pixels, reducedBy };
}

/**
 * Lends an original, read by rows, to `use`: decoded in a process of its own. Errors: those of readImage; those of
 * lendImage.
 */
export async function withOriginalRows<T>(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  lending: Omit<Lending<T>, 'fileBytes'>,
): Promise<T> {
  const file = await openOriginal(project, image);
  return lendImage(stored(image, file), { ...lending, fileBytes: file.sizeBytes });
}

/** Formats whose files may say how large a pixel is. */
const SIZED: ReadonlySet<ImageFormat> = new Set(['tiff', 'nifti']);

/** What its file says of the size of its pixels; null: nothing. Errors: those of openOriginal; unreadable. */
export async function originalPixelSize(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
): Promise<FoundPixelSize | null> {
  const file = await openOriginal(project, image);
  const subject = image.linkPath ?? image.name;
  if (!SIZED.has(await formatOf(file, subject))) return null;
  const request: DecoderRequest = { what: 'pixelSize', subject, file: sent(file) };
  return AnsweredPixelSize.parse(await askOnce(shownDecoders, file, request));
}

/** As it is shown (smallImage), for a picture of it. Errors: those of readImage. */
export const readSmall = (
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  maxSidePx: number,
): Promise<Reduced> => readReduced(project, image, { maxSidePx, small: true });

/** Pixels of a label map that is unpacked although nobody has looked at the file of its image: 16 MiB. */
const UNSEEN_PX = 2 ** 24;

/**
 * For whoever unpacks labels or objects of an image and does not read it as well: a few bytes can ask for a gigabyte, which
 * is given only where the image is as large. Errors: those of readImage.
 */
export async function assertAsLarge(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
): Promise<void> {
  if (image.widthPx * image.heightPx <= UNSEEN_PX) return;
  const file = await openOriginal(project, image);
  const opening: DecoderRequest = { what: 'open', ...stored(image, file), wholeBytes: 0 };
  await shownDecoders.use(async (ask) => {
    const { subject } = opening;
    await ask(opening, { subject, fileBytes: file.sizeBytes });
    await ask({ what: 'shut', subject }, { subject, fileBytes: file.sizeBytes });
  });
}

/** The current label map of an image, null where it has none. Errors: those of assertAsLarge and readLabelMap. */
export async function readLabelMapAlone(
  project: Pick<Project, 'datasets' | 'labelMaps'>,
  image: ImageRecord,
): Promise<LabelMap | null> {
  if (image.labelMapId === null) return null;
  await assertAsLarge(project, image);
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
