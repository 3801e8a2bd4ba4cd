/**
 * Rows of a TIFF's strips or tiles, one after another, copied as whole arrays: many times as fast as sample by sample,
 * and no more of the file at once than a strip or a tile.
 */
import type { GeoTIFFImage } from 'geotiff';
import { AppError } from '../../shared/errors.ts';
import type { ImageFile } from './image-file.ts';
import { compressionOf, openBlocks, UNCOMPRESSED } from './tiff-blocks.ts';
import { setField } from './tiff-image.ts';
import {
  type PlainSamples,
  plainSamples,
  rowBytes,
  type SampleFormat,
  type SampleKind,
  unpackBlock,
  unreadableKind,
} from './tiff-samples.ts';

// TIFF 6.0 and libtiff tag values.
const SEPARATE_PLANES = 2;
const STRIP_OFFSETS = 273;
const ROWS_PER_STRIP = 278;
const STRIP_BYTE_COUNTS = 279;

/** By TIFF's SampleFormat; what was left undefined (4) is read as it is mostly meant. */
const FORMATS: readonly (SampleFormat | undefined)[] = [
  'unsigned',
  'unsigned',
  'signed',
  'float',
  'unsigned',
];

/** The kind of an image's samples. Errors: unsupported (complex numbers, several kinds, sizes that nobody defines). */
export function kindOf(image: GeoTIFFImage, subject: string): SampleKind {
  const bits = Array.from(
    { length: image.getSamplesPerPixel() },
    // Files of one bit may leave it out, and some give it once for all.
    (_, i) => image.getBitsPerSample(i) || image.getBitsPerSample() || 1,
  );
  const formats = image.fileDirectory.getValue('SampleFormat') ?? [1];
  const format = FORMATS[formats[0] ?? 1];
  if (format === undefined) throw unsupportedSamples(subject, 'its samples are complex numbers');
  if (Array.from(formats).some((f) => f !== formats[0])) {
    throw unsupportedSamples(subject, 'its channels hold samples of several kinds');
  }
  const reason = unreadableKind({ format, bits });
  if (reason !== undefined) throw unsupportedSamples(subject, reason);
  return { format, bits };
}

const unsupportedSamples = (subject: string, reason: string) =>
  new AppError(
    'unsupported',
    `${subject} cannot be read: ${reason}. Save it again with 8 or 16-bit integers or 32-bit floating point.`,
    { subject },
  );

/** Of the pieces that a strip is divided into. */
const PIECE_BYTES = 2 ** 20;

const isSeparate = (image: GeoTIFFImage) => image.planarConfiguration === SEPARATE_PLANES;

/** Bytes of all of an image where it is uncompressed. */
export function uncompressedBytes(image: GeoTIFFImage, subject: string): number {
  const { bits } = kindOf(image, subject);
  const [width, height] = [image.getWidth(), image.getHeight()];
  const rows = isSeparate(image) ? bits.map((n) => rowBytes([n], width)) : [rowBytes(bits, width)];
  return height * rows.reduce((sum, bytes) => sum + bytes, 0);
}

/** Makes of the only image of a file the one that stands so many bytes behind it. */
export async function moveStrips(image: GeoTIFFImage, by: number): Promise<void> {
  const offsets = await image.fileDirectory.loadValue('StripOffsets');
  setField(
    image,
    STRIP_OFFSETS,
    Array.from(offsets ?? [], (offset) => offset + by),
  );
}

/**
 * Where all rows of a file are one strip, as microscopes like to write them, all of them would be read for any of them.
 * Uncompressed, it is as well so many smaller strips.
 */
async function divideStrip(image: GeoTIFFImage, { bits }: SampleKind): Promise<void> {
  const height = image.getHeight();
  if (image.isTiled || compressionOf(image) !== UNCOMPRESSED) return;
  const offsets = await image.fileDirectory.loadValue('StripOffsets');
  if (offsets === undefined || image.getTileHeight() < height) return;
  const width = image.getWidth();
  const pieces = Array.from(offsets, Number).flatMap((offset, plane) => {
    const bytes = rowBytes(isSeparate(image) ? [bits[plane] ?? 8] : bits, width);
    const rows = Math.max(1, Math.floor(PIECE_BYTES / rowBytes(bits, width)));
    return Array.from({ length: Math.ceil(height / rows) }, (_, i) => ({
      rows,
      offset: offset + i * rows * bytes,
      bytes: Math.min(rows, height - i * rows) * bytes,
    }));
  });
  setField(image, ROWS_PER_STRIP, pieces[0]?.rows ?? height);
  setField(
    image,
    STRIP_OFFSETS,
    pieces.map(({ offset }) => offset),
  );
  setField(
    image,
    STRIP_BYTE_COUNTS,
    pieces.map(({ bytes }) => bytes),
  );
}

/** [count, width, channels] as they stand in the file, in the order of this machine's bytes. Errors: of the decoders. */
export async function readPlainRows(
  image: GeoTIFFImage,
  file: ImageFile,
  { kind, top, count }: { readonly kind: SampleKind; readonly top: number; readonly count: number },
): Promise<PlainSamples> {
  await divideStrip(image, kind);
  const { bits, format } = kind;
  const channels = bits.length;
  const width = image.getWidth();
  const [blockWidth, blockHeight] = [image.getTileWidth(), image.getTileHeight()];
  const separate = isSeparate(image);
  /** Samples of one pixel that a block holds. */
  const together = separate ? 1 : channels;
  const blocks = await openBlocks(image, file, { kind, together });
  const out = plainSamples(kind, count * width * channels);
  const rowLength = blockWidth * together;
  const across = Math.ceil(width / blockWidth);
  const down = Math.ceil(image.getHeight() / blockHeight);
  const last = Math.floor((top + count - 1) / blockHeight);
  for (let row = Math.floor(top / blockHeight); row <= last; row++) {
    const begin = Math.max(top, row * blockHeight);
    const end = Math.min(top + count, (row + 1) * blockHeight);
    for (let column = 0; column < across; column++) {
      const left = column * blockWidth;
      const columns = Math.min(blockWidth, width - left);
      for (let plane = 0; plane < channels / together; plane++) {
        const stored = await blocks.read((plane * down + row) * across + column);
        if (stored === null) continue; // a sparse file: nothing was written there
        const own = { format, bits: separate ? [bits[plane] ?? 8] : bits };
        const block = unpackBlock(stored, own, { pixels: blockWidth, ...blocks });
        if (block.length < (end - row * blockHeight) * rowLength) {
          throw new Error('pixel data is missing');
        }
        for (let y = begin; y < end; y++) {
          const from = (y - row * blockHeight) * rowLength;
          const to = ((y - top) * width + left) * channels + plane;
          const samples = block.subarray(from, from + columns * together);
          if (!separate) out.set(samples, to);
          else for (let x = 0; x < columns; x++) out[to + x * channels] = samples[x] ?? 0;
        }
      }
    }
  }
  return out;
}
