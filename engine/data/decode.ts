/**
 * The one decoder of image pixels: a file in, upright samples as stored in the file out.
 * Values are never stretched, colour-managed or rounded. Masks are read by decode-mask.ts,
 * scientific TIFF by tiff.ts, what libvips reads by general-decoder.ts.
 */
import { AppError } from '../../shared/errors.ts';
import { alphaNotes } from './alpha.ts';
import {
  type AlphaSamples,
  DEFAULT_LIMITS,
  type DecodedImage,
  type OpenImage,
  type PixelLimits,
  type RowReader,
  type Samples,
} from './decoded-image.ts';
import { assertWholeGif } from './gif-blocks.ts';
import { bytesOf, type ImageFile } from './image-file.ts';
import { formatOf, type ImageFormat } from './image-format.ts';
import { joinChannels } from './joined-channels.ts';
import { readNifti } from './nifti.ts';
import { readNpy, readNpz } from './npy.ts';
import { arrayRows, pagesOf, type StoredArray } from './stored-array.ts';
import { openTiffRows } from './tiff.ts';
import type { Reading } from './tiff-meaning.ts';
import { tiffPages } from './tiff-pages.ts';
import { readMetadata, sharpRows } from './general-decoder.ts';

export type { DecodedImage, OpenImage } from './decoded-image.ts';

export interface DecodeOptions {
  /** File name or path that messages name. */
  readonly subject: string;
  /** Of a multi-page file, from 0. */
  readonly page?: number;
  /** Where the channels are pages: all of them, in their order; null: `page` alone. */
  readonly channelPages?: readonly number[] | null;
  readonly limits?: PixelLimits;
}

/** For whoever wants to know of an image's size before its pixels are read. */
export interface SizeListener {
  readonly onSize?: (
    size: Pick<DecodedImage, 'width' | 'height' | 'channels' | 'bitDepth'>,
  ) => void;
}

const ARRAYS: Readonly<
  Partial<Record<ImageFormat, (bytes: Uint8Array, subject: string) => StoredArray>>
> = { npy: readNpy, npz: readNpz, nifti: readNifti };

/** Lengths of the axes that pages of an array run along, the slowest first; null: it is none. Errors: as decodeImage. */
export async function pageAxes(
  file: ImageFile,
  options: { readonly subject: string },
): Promise<readonly number[] | null> {
  const array = ARRAYS[await formatOf(file, options.subject)];
  if (array === undefined) return null;
  const sides = array(await bytesOf(file), options.subject).pages.map(({ length }) => length);
  const long = sides.filter((length) => length > 1);
  return long.length === 0 ? [1] : long;
}

/** Number of pages (TIFF) or frames (GIF, WebP); 1 for everything else. Errors: as decodeImage. */
export async function pageCount(
  file: ImageFile,
  options: { readonly subject: string },
): Promise<number> {
  const format = await formatOf(file, options.subject);
  if (format === 'tiff') return (await tiffPages(file, options.subject)).count;
  const array = ARRAYS[format];
  if (array !== undefined) return pagesOf(array(await bytesOf(file), options.subject));
  if (format === 'gif') await assertWholeGif(file, options.subject);
  return (await readMetadata(file, options.subject, 0)).pages ?? 1;
}

/** Samples that are kept of an image: the formats are read from the top, so few large bands cost least. */
const BAND_BYTES = 2 ** 26;

function inBands(reader: RowReader, bandBytes: number): OpenImage {
  const { width, height, channels, bitDepth, wholeOnly } = reader;
  const rowLength = width * channels;
  const fitting = Math.max(1, Math.floor(bandBytes / ((rowLength * bitDepth) / 8)));
  const most = wholeOnly ? height : Math.min(height, fitting);
  let band: { top: number; bottom: number; data: Samples } | null = null;
  return {
    ...{ width, height, channels, bitDepth },
    transparentPx: () => reader.transparentPx(),
    async readThrough(visit) {
      band = null;
      for (let top = 0; top < height; top += most) {
        visit(await reader.read(top, Math.min(most, height - top)));
      }
      return [...reader.notes(), ...alphaNotes(reader.transparentPx())];
    },
    async rows(top, count) {
      if (band === null || top < band.top || top + count > band.bottom) {
        band = null; // before the next is made: never two at once
        const from = most === height ? 0 : top;
        const bottom = Math.min(height, Math.max(top + count, from + most));
        band = { top: from, bottom, data: await reader.read(from, bottom - from) };
      }
      const start = (top - band.top) * rowLength;
      return band.data.subarray(start, start + count * rowLength);
    },
  };
}

/** Checks format and page; of TIFF, its reader checks it. Errors: those of decodeImage. */
async function formatOfPage(
  file: ImageFile,
  { subject, page = 0 }: DecodeOptions,
): Promise<ImageFormat> {
  const format = await formatOf(file, subject);
  if (page > 0 && format !== 'tiff' && ARRAYS[format] === undefined) {
    const pages = await pageCount(file, { subject });
    if (page >= pages) {
      throw new AppError('invalid-input', `${subject} has ${pages} page(s), not ${page + 1}.`, {
        subject,
      });
    }
  }
  return format;
}

/** Errors: those of decodeImage, but for damage, which shows when rows are read. */
async function openRows(file: ImageFile, options: DecodeOptions): Promise<RowReader> {
  const { channelPages, ...rest } = options;
  if (channelPages == null) return openPage(file, rest);
  const pages = channelPages.map((page) => openPage(file, { ...rest, page }));
  return joinChannels(await Promise.all(pages), { subject: options.subject, pages: channelPages });
}

async function openPage(
  file: ImageFile,
  options: DecodeOptions,
  reading: Reading = 'shown',
): Promise<RowReader> {
  const { subject, page = 0, limits = DEFAULT_LIMITS } = options;
  const format = await formatOfPage(file, options);
  const array = ARRAYS[format];
  if (array !== undefined) {
    return arrayRows(array(await bytesOf(file), subject), { subject, page, limits });
  }
  if (format === 'gif') await assertWholeGif(file, subject);
  if (format !== 'tiff') return sharpRows(file, { subject, page, limits, format });
  const tiff = await openTiffRows(file, { subject, page, limits, reading });
  return typeof tiff === 'function'
    ? tiff(await sharpRows(file, { subject, page, limits, format }))
    : tiff;
}

/**
 * For images that may be large. `bandBytes`: samples that are kept.
 * Errors: those of decodeImage; damage shows when rows are read.
 */
export async function openImage(
  file: ImageFile,
  options: DecodeOptions & { readonly bandBytes?: number },
): Promise<OpenImage> {
  return inBands(await openRows(file, options), options.bandBytes ?? BAND_BYTES);
}

/**
 * Pixels of one page, upright, as [height, width, channels].
 * Errors: unreadable (empty, damaged, cut off, not an image), unsupported (kind or size),
 * invalid-input (a page that the file does not have).
 */
export async function decodeImage(file: ImageFile, options: DecodeOptions): Promise<DecodedImage> {
  const reader = await openRows(file, options);
  const whole = await wholeOf(reader);
  return { ...whole, notes: [...whole.notes, ...alphaNotes(reader.transparentPx())] };
}

/** `isIndexed`: samples are numbers of colours; `alpha`: what is left out of them; `numbers`: RowReader's. */
export interface StoredImage extends DecodedImage {
  readonly isIndexed: boolean;
  readonly alpha: AlphaSamples | null;
  readonly numbers: RowReader['numbers'] | null;
}

/**
 * The same of a mask, of any format but PNG (decode-mask.ts): of TIFF, samples as stored and not as shown.
 * Errors: those of decodeImage.
 */
export async function decodeStored(
  file: ImageFile,
  options: DecodeOptions & SizeListener,
): Promise<StoredImage> {
  const reader = await openPage(file, options, 'stored');
  options.onSize?.(reader);
  const whole = await wholeOf(reader);
  const alpha = (await reader.alpha?.()) ?? null;
  const { isIndexed = false, numbers = null } = reader;
  return { ...whole, isIndexed, alpha, numbers };
}

async function wholeOf(reader: RowReader): Promise<DecodedImage> {
  const { width, height, channels, bitDepth } = reader;
  const data = await reader.read(0, height);
  return { width, height, channels, bitDepth, data, notes: reader.notes() };
}
