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
  orientationNote,
  type PixelLimits,
  unreadableImage,
} from './decoded-image.ts';
import { decodeTiff, tiffPageCount } from './tiff.ts';

export type { DecodedImage } from './decoded-image.ts';

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
  const format = imageFormat(bytes, subject);
  if (page > 0) {
    const pages = await pageCount(bytes, { subject });
    if (page >= pages) {
      throw new AppError('invalid-input', `${subject} has ${pages} page(s), not ${page + 1}.`, {
        subject,
      });
    }
  }
  if (format === 'tiff') {
    const decoded = await decodeTiff(bytes, { subject, page, limits });
    if (decoded !== undefined) return decoded;
  }
  return decodeWithSharp(bytes, { subject, page, limits, format });
}

async function decodeWithSharp(
  bytes: Uint8Array,
  options: { subject: string; page: number; limits: PixelLimits; format: ImageFormat },
): Promise<DecodedImage> {
  const { subject, page, limits, format } = options;
  const meta = await readMetadata(bytes, subject, page);
  assertWithinLimits(meta, subject, limits);
  const notes: string[] = [];
  const turned = orientationNote(meta.orientation ?? 1);
  if (turned !== undefined) notes.push(turned);
  const wide = meta.depth !== 'uchar' && meta.depth !== 'char';
  const grey = meta.space === 'b-w' || meta.space === 'grey16';
  if (meta.space === 'cmyk') notes.push('CMYK colours converted to RGB');
  // 'b-w' output loses the alpha channel that is to be inspected; 'srgb' repeats the grey thrice.
  const narrow = grey && !meta.hasAlpha ? 'b-w' : 'srgb';
  const colourspace = wide ? (grey ? 'grey16' : 'rgb16') : narrow;
  let raw: { data: Buffer; info: { width: number; height: number; channels: number } };
  try {
    raw = await open(bytes, page)
      .toColourspace(colourspace)
      .raw({ depth: wide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw unreadableImage(subject, error);
  }
  const { width, height, channels } = raw.info;
  const count = width * height * channels;
  const stored = wide
    ? new Uint16Array(raw.data.buffer, raw.data.byteOffset, count)
    : new Uint8Array(raw.data.buffer, raw.data.byteOffset, count);
  const kept = grey ? 1 : 3;
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
