/**
 * Image files from outside, decoded in a process of their own: whatever a file does to its decoder, it is refused by name
 * and the next one is read. Originals of a project are image-source.ts' affair.
 */
import type { PagesAs } from '../../shared/api.ts';
import { AppError, fromWireError } from '../../shared/errors.ts';
import { ProcessEnded } from '../isolated/processes.ts';
import { formatOf } from './image-format.ts';
import type { DecodedMask } from './decoded-mask.ts';
import type { DecodedImage } from './decoded-image.ts';
import {
  AnsweredImage,
  AnsweredMask,
  AnsweredPages,
  AnsweredPair,
  CheckedImage,
  type DecoderRequest,
} from './decoder-messages.ts';
import { askOnce, foreignDecoders, type ForeignImage, imageRequest } from './decoders.ts';
import { type FilePages, ONE_IMAGE } from './file-pages.ts';
import { onlyImage } from './hidden-pictures.ts';
import type { ImageFile } from './image-file.ts';
import { lendImage, type LentImage } from './lent-image.ts';
import { sent } from './sent-file.ts';

export type { ForeignImage } from './decoders.ts';

/** read-pages.ts' filePages. Errors: those of it. */
async function foreignPages(
  file: ImageFile,
  { subject, as }: { readonly subject: string; readonly as: PagesAs },
): Promise<FilePages> {
  const format = await formatOf(file, subject);
  if (format === 'png' || format === 'jpeg') return onlyImage(file, format);
  return AnsweredPages.parse(
    await askOnce(foreignDecoders, file, { what: 'pages', subject, as, file: sent(file) }),
  );
}

/** The same of a file that is being opened. One image where it cannot be read: decoding it will say why. */
export async function foreignPagesOrOne(
  opened: Promise<ImageFile>,
  options: { readonly subject: string; readonly as: PagesAs },
): Promise<FilePages> {
  try {
    return await foreignPages(await opened, options);
  } catch (error) {
    if (error instanceof AppError) return { ...ONE_IMAGE, isUnreadable: true };
    throw error;
  }
}

/** Reads all of an image once. Errors: those of decodeImage. */
export const checkImage = async (file: ImageFile, of: ForeignImage): Promise<CheckedImage> =>
  CheckedImage.parse(
    await askOnce(foreignDecoders, file, { what: 'check', ...imageRequest(file, of) }),
  );

/** Errors: those of decodeImage. */
export const decodeForeignImage = async (
  file: ImageFile,
  of: ForeignImage,
): Promise<DecodedImage> =>
  AnsweredImage.parse(
    await askOnce(foreignDecoders, file, { what: 'image', ...imageRequest(file, of) }),
  );

/** `evidenceAlone`: without its values, which are many. Errors: those of decodeMask. */
export const decodeForeignMask = async (
  file: ImageFile,
  { evidenceAlone = false, ...of }: ForeignImage & { readonly evidenceAlone?: boolean },
): Promise<DecodedMask> =>
  AnsweredMask.parse(
    await askOnce(foreignDecoders, file, {
      what: 'mask',
      evidenceAlone,
      ...imageRequest(file, of),
    }),
  );

/**
 * checkImage and decodeForeignMask at once; what is wrong with the mask comes in its place.
 * Errors: those of decodeImage, of the image.
 */
export async function checkWithMask(
  image: { readonly file: ImageFile; readonly of: ForeignImage },
  mask: { readonly file: ImageFile; readonly of: ForeignImage },
  evidenceAlone: boolean,
): Promise<{ image: CheckedImage; mask: DecodedMask | AppError }> {
  const { subject } = image.of;
  const request: DecoderRequest = {
    ...{ what: 'pair', subject },
    image: { what: 'check', ...imageRequest(image.file, image.of) },
    mask: { what: 'mask', evidenceAlone, ...imageRequest(mask.file, mask.of) },
  };
  const fileBytes = image.file.sizeBytes + mask.file.sizeBytes;
  try {
    const pair = AnsweredPair.parse(
      await foreignDecoders.use((ask) => ask(request, { subject, fileBytes })),
    );
    return { image: pair.image, mask: 'code' in pair.mask ? fromWireError(pair.mask) : pair.mask };
  } catch (error) {
    if (!(error instanceof ProcessEnded)) throw error;
    // Which of the two it was: each by itself.
    return {
      image: await checkImage(image.file, image.of),
      mask: await decodeForeignMask(mask.file, { ...mask.of, evidenceAlone }).catch(
        (reason: unknown) => {
          if (reason instanceof AppError) return reason;
          throw reason;
        },
      ),
    };
  }
}

/** Errors: those of openImage, and of `use`. */
export const withForeignImage = <T>(
  file: ImageFile,
  of: ForeignImage,
  use: (image: LentImage) => Promise<T>,
): Promise<T> =>
  lendImage(imageRequest(file, of), { by: foreignDecoders, fileBytes: file.sizeBytes, use });
