/** Original bytes, pixels and label maps of a project's images, wherever they are stored. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { decodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import type { Project } from '../db/project.ts';
import { decodeImage, type DecodedImage, openImage, type OpenImage } from './decode.ts';

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/**
 * The original file, byte for byte as it was imported.
 * Errors: unreadable (a linked original is missing, not permitted, or no longer the same file),
 * corrupt (an embedded one is gone from the project).
 */
export async function readOriginal(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
): Promise<Uint8Array> {
  const path = image.linkPath;
  if (path === null) {
    const bytes = project.datasets.imageBytes(image.id);
    if (bytes !== undefined) return bytes;
    throw new AppError(
      'corrupt',
      `The project lost the original of image ${image.name}. Restore a backup, or import the image again.`,
      { subject: image.name },
    );
  }
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new AppError(
      'unreadable',
      `Image ${image.name} is linked to ${path}, which cannot be read (${reason}). Put the file back there, or import it again.`,
      { subject: path, cause: error },
    );
  }
  if (sha256(bytes) !== image.hash) {
    throw new AppError(
      'unreadable',
      `Image ${image.name} is linked to ${path}, which is no longer the file that was imported. Put the original back, or import the new one as a new image.`,
      { subject: path },
    );
  }
  return bytes;
}

/** Decoded pixels of an image. Errors: those of readOriginal and decodeImage. */
export async function readImage(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
): Promise<DecodedImage> {
  const subject = image.linkPath ?? image.name;
  return decodeImage(await readOriginal(project, image), { subject, page: image.page });
}

/** The same, for reading some rows at a time. Errors: those of readOriginal and openImage. */
export async function openStoredImage(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  options: { readonly bandBytes?: number } = {},
): Promise<OpenImage> {
  const subject = image.linkPath ?? image.name;
  return openImage(await readOriginal(project, image), { ...options, subject, page: image.page });
}

/** Errors: not-found, corrupt. */
export function readLabelMap(project: Pick<Project, 'labelMaps'>, labelMapId: number): LabelMap {
  const bytes = project.labelMaps.bytes(labelMapId);
  if (bytes === undefined) {
    throw new AppError('not-found', `There is no label map ${labelMapId} in this project.`);
  }
  return decodeLabelMap(bytes);
}
