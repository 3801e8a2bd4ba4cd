/**
 * The general decoder, libvips: PNG, JPEG, GIF, WebP, and the TIFF that is compressed like a photograph or a fax. Samples
 * are upright and as stored; what the file says is alpha is left out, and counted.
 */
import sharp, { type Metadata } from 'sharp';
import { alphaOf, countTransparent } from './alpha.ts';
import {
  type AlphaSamples,
  assertWithinLimits,
  firstChannels,
  type PixelLimits,
  type RowReader,
  unreadableImage,
} from './decoded-image.ts';
import type { ImageFile } from './image-file.ts';
import type { ImageFormat } from './image-format.ts';
import { orientationNote } from './orientation.ts';

// Every image is decoded once: a cache of decoded pixels would only hold memory.
sharp.cache(false);

function open({ source }: ImageFile, page: number): ReturnType<typeof sharp> {
  return sharp(source, {
    failOn: 'error', // a truncated or damaged file is refused, never half-decoded
    limitInputPixels: false, // assertWithinLimits names the file and the remedy
    limitInputChannels: false,
    autoOrient: true,
    ignoreIcc: true, // samples as stored: measurements must not depend on a colour profile
    page,
    pages: 1,
  });
}

/** Errors: unreadable. */
export async function readMetadata(
  file: ImageFile,
  subject: string,
  page: number,
): Promise<Metadata> {
  try {
    return await open(file, page).metadata();
  } catch (error) {
    throw unreadableImage(subject, error);
  }
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
  file: ImageFile,
  { subject, page }: SharpOptions,
  meta: Metadata,
  rows: { readonly top: number; readonly count: number } | null,
) {
  const { wide, colourspace } = plannedSamples(meta);
  const whole = open(file, page);
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

/** Errors: unreadable, unsupported (size). */
export async function sharpRows(file: ImageFile, options: SharpOptions): Promise<RowReader> {
  const { subject, page, limits, format } = options;
  const meta = await readMetadata(file, subject, page);
  assertWithinLimits(meta, subject, limits);
  const { wide, kept } = plannedSamples(meta);
  const { orientation = 1 } = meta;
  const [width, height] = orientation >= 5 ? [meta.height, meta.width] : [meta.width, meta.height];
  const wholeOnly = orientation > 1 || !READ_FROM_THE_TOP.includes(format);
  const firstNotes = [
    orientationNote(orientation),
    meta.space === 'cmyk' ? 'CMYK colours converted to RGB' : undefined,
  ].filter((note) => note !== undefined);
  let transparent = 0;
  return {
    ...{ width, height, wholeOnly },
    channels: kept,
    bitDepth: wide ? 16 : 8,
    notes: () => firstNotes,
    // Every decoded GIF has an alpha channel.
    transparentPx: () =>
      meta.hasAlpha && (transparent > 0 || format !== 'gif') ? transparent : null,
    ...(meta.hasAlpha ? { alpha: () => alphaWithSharp(file, options, meta) } : {}),
    async read(top, count) {
      const rows = wholeOnly || count === height ? null : { top, count };
      const { channels, stored } = await readWithSharp(file, options, meta, rows);
      if (meta.hasAlpha && channels > kept) {
        transparent += countTransparent(alphaOf(stored, channels, channels - 1));
      }
      return channels === kept ? stored : firstChannels(stored, channels, kept);
    },
  };
}

async function alphaWithSharp(
  file: ImageFile,
  options: SharpOptions,
  meta: Metadata,
): Promise<AlphaSamples> {
  const { channels, stored } = await readWithSharp(file, options, meta, null);
  return alphaOf(stored, channels, channels - 1);
}
