/**
 * One image out of files that hold a channel each: a TIFF with the samples as they are stored, so that it can be kept,
 * exported and hashed like any other original.
 */
import { AppError } from '../../shared/errors.ts';
import type { DecodedImage } from './decoded-image.ts';
import type { FileReader } from './files.ts';
import { decodeForeignImage } from './foreign-images.ts';
import { fileInMemory, type ImageFile } from './image-file.ts';
import { encodeTiff } from './encode-tiff.ts';

/**
 * Channels in the order of the files, those of one file side by side.
 * Errors: unreadable, unsupported (a file, or where they differ in size or depth).
 */
export async function joinChannelFiles(
  files: readonly { readonly path: string; readonly page: number }[],
  options: { readonly reader: FileReader; readonly subject: string },
): Promise<ImageFile> {
  const parts: DecodedImage[] = [];
  for (const { path, page } of files) {
    parts.push(await decodeForeignImage(await options.reader.open(path), { subject: path, page }));
  }
  const [first] = parts;
  if (first === undefined) throw new AppError('internal', `${options.subject} has no channels.`);
  const odd = parts.findIndex(
    (part) =>
      part.width !== first.width ||
      part.height !== first.height ||
      part.bitDepth !== first.bitDepth,
  );
  const other = parts[odd];
  if (other !== undefined) {
    const words = ({ width, height, bitDepth }: DecodedImage) =>
      `${width}×${height} px of ${bitDepth} bits`;
    throw new AppError(
      'unsupported',
      `${files[odd]?.path ?? ''} cannot be a channel of one image with ${files[0]?.path ?? ''}: it has ${words(other)}, the other ${words(first)}. Export all channels alike.`,
      { subject: options.subject },
    );
  }
  const channels = parts.reduce((sum, part) => sum + part.channels, 0);
  const length = first.width * first.height * channels;
  const data =
    first.data instanceof Uint8Array
      ? new Uint8Array(length)
      : first.data instanceof Uint16Array
        ? new Uint16Array(length)
        : new Float32Array(length);
  let offset = 0;
  for (const part of parts) {
    for (let p = 0; p < first.width * first.height; p++) {
      for (let c = 0; c < part.channels; c++) {
        data[p * channels + offset + c] = part.data[p * part.channels + c] ?? 0;
      }
    }
    offset += part.channels;
  }
  return fileInMemory(encodeTiff({ width: first.width, height: first.height, channels, data }));
}
