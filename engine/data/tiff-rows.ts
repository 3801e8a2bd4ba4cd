/**
 * Rows of a TIFF's strips or tiles, one after another, copied as whole arrays: many times as fast as sample by sample,
 * and no more of the file at once than a strip or a tile.
 */
import { getDecoder, type GeoTIFFImage } from 'geotiff';
import { endianness } from 'node:os';
import { type DecodedImage, type Samples, samplesOf } from './decoded-image.ts';

// TIFF 6.0 and libtiff tag values.
const UNCOMPRESSED = 1;
const LZW = 5;
const DEFLATE = 8;
const OLD_DEFLATE = 32_946;
const PACK_BITS = 32_773;
const ZSTANDARD = 50_000;
const PLAIN_COMPRESSIONS: readonly number[] = [
  UNCOMPRESSED,
  LZW,
  DEFLATE,
  OLD_DEFLATE,
  PACK_BITS,
  ZSTANDARD,
];
const UNSIGNED_SAMPLES = 1;
const FLOAT_SAMPLES = 3;
const SEPARATE_PLANES = 2;
const STRIP_OFFSETS = 273;
const ROWS_PER_STRIP = 278;
const STRIP_BYTE_COUNTS = 279;

type BitDepth = DecodedImage['bitDepth'];

const compressionOf = (image: GeoTIFFImage): number =>
  image.fileDirectory.getValue('Compression') ?? UNCOMPRESSED;

/** The depth of samples that stand in the file as they do in memory, but for the order of their bytes; else null. */
function plainDepth(image: GeoTIFFImage): BitDepth | null {
  const channels = Array.from({ length: image.getSamplesPerPixel() }, (_, i) => i);
  const bits = image.getBitsPerSample();
  const format = image.getSampleFormat();
  const isUniform = channels.every(
    (i) => image.getBitsPerSample(i) === bits && image.getSampleFormat(i) === format,
  );
  if (!isUniform || !PLAIN_COMPRESSIONS.includes(compressionOf(image))) return null;
  if (format === UNSIGNED_SAMPLES && (bits === 8 || bits === 16)) return bits;
  return format === FLOAT_SAMPLES && bits === 32 ? 32 : null;
}

/** Of the pieces that a strip is divided into. */
const PIECE_BYTES = 2 ** 20;

/**
 * Where all rows of a file are one strip, as microscopes like to write them, all of them would be read for any of them.
 * Uncompressed, it is as well so many smaller strips.
 */
async function divideStrip(image: GeoTIFFImage): Promise<void> {
  const directory = image.fileDirectory;
  const [height, bits] = [image.getHeight(), image.getBitsPerSample()];
  if (image.isTiled || compressionOf(image) !== UNCOMPRESSED) return;
  const offsets = await directory.loadValue('StripOffsets');
  if (offsets === undefined || image.getTileHeight() < height) return;
  const separate = image.planarConfiguration === SEPARATE_PLANES;
  const rowBytes = image.getWidth() * (separate ? bits / 8 : image.getBytesPerPixel());
  const rows = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
  const pieces = Array.from(offsets, Number).flatMap((offset) =>
    Array.from({ length: Math.ceil(height / rows) }, (_, i) => ({
      offset: offset + i * rows * rowBytes,
      bytes: Math.min(rows, height - i * rows) * rowBytes,
    })),
  );
  const set = (tag: number, value: number | number[]) => {
    directory.deferredArrays.delete(tag);
    directory.deferredFields.delete(tag);
    directory.actualizedFields.set(tag, value);
  };
  set(ROWS_PER_STRIP, rows);
  set(
    STRIP_OFFSETS,
    pieces.map(({ offset }) => offset),
  );
  set(
    STRIP_BYTE_COUNTS,
    pieces.map(({ bytes }) => bytes),
  );
}

/** Samples of a decoded strip or tile, in the order of this machine's bytes. */
function samplesIn(block: ArrayBufferLike, depth: BitDepth, swapped: boolean): Samples {
  const bytes = Buffer.from(block);
  const count = Math.floor(bytes.length / (depth / 8));
  if (depth === 8) return new Uint8Array(block);
  if (depth === 16) {
    if (swapped) bytes.subarray(0, 2 * count).swap16();
    return new Uint16Array(block, 0, count);
  }
  if (swapped) bytes.subarray(0, 4 * count).swap32();
  return new Float32Array(block, 0, count);
}

/**
 * [count, width, channels], or null for samples that are none of 8, 16 or 32 bits as this machine has them, and for
 * compressions with parameters of their own. Errors: those of the reader.
 */
export async function readPlainRows(
  image: GeoTIFFImage,
  top: number,
  count: number,
): Promise<Samples | null> {
  const depth = plainDepth(image);
  if (depth === null) return null;
  await divideStrip(image);
  const [width, channels] = [image.getWidth(), image.getSamplesPerPixel()];
  const [blockWidth, blockHeight] = [image.getTileWidth(), image.getTileHeight()];
  const { planarConfiguration } = image;
  const separate = planarConfiguration === SEPARATE_PLANES;
  const decoder = await getDecoder(compressionOf(image), {
    tileWidth: blockWidth,
    tileHeight: blockHeight,
    predictor: (await image.fileDirectory.loadValue('Predictor')) ?? 1,
    bitsPerSample: Array<number>(channels).fill(depth),
    planarConfiguration,
  });
  const swapped = image.littleEndian !== (endianness() === 'LE');
  const out = samplesOf(depth, count * width * channels);
  /** Samples of one pixel that a block holds. */
  const together = separate ? 1 : channels;
  const last = Math.floor((top + count - 1) / blockHeight);
  for (let row = Math.floor(top / blockHeight); row <= last; row++) {
    for (let column = 0; column * blockWidth < width; column++) {
      for (let plane = 0; plane < channels / together; plane++) {
        const { data } = await image.getTileOrStrip(column, row, plane, decoder);
        const block = samplesIn(data, depth, swapped);
        const left = column * blockWidth;
        const columns = Math.min(blockWidth, width - left);
        const end = Math.min(top + count, (row + 1) * blockHeight);
        if (block.length < (end - row * blockHeight) * blockWidth * together) {
          throw new Error('pixel data is missing');
        }
        for (let y = Math.max(top, row * blockHeight); y < end; y++) {
          const from = (y - row * blockHeight) * blockWidth * together;
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
