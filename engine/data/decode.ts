/**
 * The one decoder of image pixels: bytes of a file in, upright samples as stored in the file out.
 * Values are never stretched, colour-managed or rounded. Masks are read by decode-mask.ts,
 * scientific TIFF by tiff.ts.
 */
import sharp, { type Metadata } from 'sharp';
import { AppError } from '../../shared/errors.ts';
import {
  assertWithinLimits,
  DEFAULT_LIMITS,
  type DecodedImage,
  firstChannels,
  type OpenImage,
  orientationNote,
  type PixelLimits,
  type RowReader,
  type Samples,
  unreadableImage,
} from './decoded-image.ts';
import { decodeTiff, openTiffRows, tiffPageCount } from './tiff.ts';

export type { DecodedImage, OpenImage } from './decoded-image.ts';

export interface DecodeOptions {
  /** File name or path that messages name. */
  readonly subject: string;
  /** Of a multi-page file, from 0. */
  readonly page?: number;
  readonly limits?: PixelLimits;
}

export type ImageFormat = 'png' | 'jpeg' | 'gif' | 'webp' | 'tiff';

/** Files that are images, but of a kind Graft does not read: named, so that the message can help. */
const FOREIGN_FORMATS: readonly { name: string; matches: (ascii: string) => boolean }[] = [
  { name: 'a BMP image', matches: (a) => a.startsWith('BM') },
  { name: 'a HEIC or AVIF image', matches: (a) => /^.{4}ftyp(hei|hev|mif|avif|msf)/s.test(a) },
  { name: 'a DICOM file', matches: (a) => a.slice(128, 132) === 'DICM' },
  { name: 'a JPEG 2000 image', matches: (a) => a.startsWith('\0\0\0\x0cjP') },
  { name: 'a Photoshop document', matches: (a) => a.startsWith('8BPS') },
  { name: 'a PDF', matches: (a) => a.startsWith('%PDF') },
];

/**
 * Format by the first bytes, never by the file's name.
 * Errors: unreadable (empty, not an image), unsupported (an image of a kind Graft does not read).
 */
export function imageFormat(bytes: Uint8Array, subject: string): ImageFormat {
  if (bytes.length === 0) {
    throw new AppError(
      'unreadable',
      `${subject} is empty (0 bytes). Copy it again, or remove it.`,
      {
        subject,
      },
    );
  }
  const ascii = String.fromCharCode(...bytes.subarray(0, 132));
  if (ascii.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (ascii.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (ascii.startsWith('GIF8')) return 'gif';
  if (ascii.startsWith('RIFF') && ascii.slice(8, 12) === 'WEBP') return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(ascii)) return 'tiff';
  const foreign = FOREIGN_FORMATS.find((format) => format.matches(ascii));
  if (foreign !== undefined) {
    throw new AppError(
      'unsupported',
      `${subject} is ${foreign.name}. Convert it to PNG, TIFF or JPEG first.`,
      { subject },
    );
  }
  throw new AppError(
    'unreadable',
    `${subject} is not an image that Graft can read (PNG, JPEG, TIFF, GIF, WebP). Remove it or convert it to PNG.`,
    { subject },
  );
}

// Every image is decoded once: a cache of decoded pixels would only hold memory.
sharp.cache(false);

function open(bytes: Uint8Array, page: number): ReturnType<typeof sharp> {
  return sharp(bytes, {
    failOn: 'error', // a truncated or damaged file is refused, never half-decoded
    limitInputPixels: false, // assertWithinLimits names the file and the remedy
    limitInputChannels: false,
    autoOrient: true,
    ignoreIcc: true, // samples as stored: measurements must not depend on a colour profile
    page,
    pages: 1,
  });
}

async function readMetadata(bytes: Uint8Array, subject: string, page: number): Promise<Metadata> {
  try {
    return await open(bytes, page).metadata();
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

/** Number of pages (TIFF) or frames (GIF, WebP); 1 for everything else. Errors: as decodeImage. */
export async function pageCount(
  bytes: Uint8Array,
  options: { readonly subject: string },
): Promise<number> {
  const format = imageFormat(bytes, options.subject);
  if (format === 'tiff') return tiffPageCount(bytes, options.subject);
  return (await readMetadata(bytes, options.subject, 0)).pages ?? 1;
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

/** Checks format and page. Errors: those of decodeImage. */
async function formatOfPage(
  bytes: Uint8Array,
  { subject, page = 0 }: DecodeOptions,
): Promise<ImageFormat> {
  const format = imageFormat(bytes, subject);
  if (page > 0) {
    const pages = await pageCount(bytes, { subject });
    if (page >= pages) {
      throw new AppError('invalid-input', `${subject} has ${pages} page(s), not ${page + 1}.`, {
        subject,
      });
    }
  }
  return format;
}

/**
 * For images that may be large. `bandBytes`: samples that are kept.
 * Errors: those of decodeImage; damage shows when rows are read.
 */
export async function openImage(
  bytes: Uint8Array,
  options: DecodeOptions & { readonly bandBytes?: number },
): Promise<OpenImage> {
  const { subject, page = 0, limits = DEFAULT_LIMITS, bandBytes = BAND_BYTES } = options;
  const format = await formatOfPage(bytes, options);
  if (format === 'tiff') {
    const tiff = await openTiffRows(bytes, { subject, page, limits });
    if (tiff !== undefined) return inBands(tiff, bandBytes);
  }
  return inBands(await sharpRows(bytes, { subject, page, limits, format }), bandBytes);
}

/**
 * Pixels of one page, upright, as [height, width, channels].
 * Errors: unreadable (empty, damaged, cut off, not an image), unsupported (kind or size),
 * invalid-input (a page that the file does not have).
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeOptions,
): Promise<DecodedImage> {
  const { subject, page = 0, limits = DEFAULT_LIMITS } = options;
  const format = await formatOfPage(bytes, options);
  if (format === 'tiff') {
    const decoded = await decodeTiff(bytes, { subject, page, limits });
    if (decoded !== undefined) return decoded;
  }
  return decodeWithSharp(bytes, { subject, page, limits, format });
}

interface SharpOptions {
  readonly subject: string;
  readonly page: number;
  readonly limits: PixelLimits;
  readonly format: ImageFormat;
}

/** What sharp makes of an image, and what of it is kept. */
function plannedSamples(meta: Metadata) {
  const wide = meta.depth !== 'uchar' && meta.depth !== 'char';
  const grey = meta.space === 'b-w' || meta.space === 'grey16';
  // 'b-w' output loses the alpha channel that is to be inspected; 'srgb' repeats the grey thrice.
  const narrow = grey && !meta.hasAlpha ? 'b-w' : 'srgb';
  return {
    wide,
    kept: grey ? 1 : 3,
    colourspace: wide ? (grey ? 'grey16' : 'rgb16') : narrow,
  };
}

/** All channels that sharp gives, alpha included; of some rows, or of all. */
async function readWithSharp(
  bytes: Uint8Array,
  { subject, page }: SharpOptions,
  meta: Metadata,
  rows: { readonly top: number; readonly count: number } | null,
) {
  const { wide, colourspace } = plannedSamples(meta);
  const whole = open(bytes, page);
  const { width: full } = meta;
  const some =
    rows === null
      ? whole
      : whole.extract({ left: 0, top: rows.top, width: full, height: rows.count });
  try {
    const { data, info } = await some
      .toColourspace(colourspace)
      .raw({ depth: wide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const count = width * height * channels;
    const stored = wide
      ? new Uint16Array(data.buffer, data.byteOffset, count)
      : new Uint8Array(data.buffer, data.byteOffset, count);
    return { width, height, channels, stored };
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

/** Formats that libvips decodes from the top, keeping no rows that were not asked for. */
const READ_FROM_THE_TOP: readonly ImageFormat[] = ['png', 'jpeg', 'tiff'];

async function sharpRows(bytes: Uint8Array, options: SharpOptions): Promise<RowReader> {
  const { subject, page, limits, format } = options;
  const meta = await readMetadata(bytes, subject, page);
  assertWithinLimits(meta, subject, limits);
  const { wide, kept } = plannedSamples(meta);
  const { orientation = 1 } = meta;
  const [width, height] = orientation >= 5 ? [meta.height, meta.width] : [meta.width, meta.height];
  const wholeOnly = orientation > 1 || !READ_FROM_THE_TOP.includes(format);
  return {
    ...{ width, height, wholeOnly },
    channels: kept,
    bitDepth: wide ? 16 : 8,
    async read(top, count) {
      const rows = wholeOnly ? null : { top, count };
      const { channels, stored } = await readWithSharp(bytes, options, meta, rows);
      return channels === kept ? stored : firstChannels(stored, channels, kept);
    },
  };
}

async function decodeWithSharp(bytes: Uint8Array, options: SharpOptions): Promise<DecodedImage> {
  const { subject, page, limits, format } = options;
  const meta = await readMetadata(bytes, subject, page);
  assertWithinLimits(meta, subject, limits);
  const notes: string[] = [];
  const turned = orientationNote(meta.orientation ?? 1);
  if (turned !== undefined) notes.push(turned);
  if (meta.space === 'cmyk') notes.push('CMYK colours converted to RGB');
  const { wide, kept } = plannedSamples(meta);
  const { width, height, channels, stored } = await readWithSharp(bytes, options, meta, null);
  const alpha = meta.hasAlpha && channels > kept ? channels - 1 : undefined;
  if (alpha !== undefined) {
    const seeThrough = countBelow(stored, { channels, channel: alpha, limit: wide ? 65_535 : 255 });
    if (seeThrough > 0) {
      notes.push(`alpha channel dropped (${seeThrough} px were not opaque)`);
    } else if (format !== 'gif') {
      notes.push('opaque alpha channel dropped'); // every decoded GIF has one
    }
  }
  const data = channels === kept ? stored : firstChannels(stored, channels, kept);
  return { width, height, channels: kept, bitDepth: wide ? 16 : 8, data, notes };
}

function countBelow(
  samples: Uint8Array | Uint16Array,
  of: { channels: number; channel: number; limit: number },
): number {
  let count = 0;
  for (let i = of.channel; i < samples.length; i += of.channels) {
    if ((samples[i] ?? 0) < of.limit) count++;
  }
  return count;
}
