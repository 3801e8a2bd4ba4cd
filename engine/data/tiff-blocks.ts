/** Strips and tiles of a TIFF, decompressed: FillOrder, the compressions without parameters of their own, predictors. */
import type { GeoTIFFImage } from 'geotiff';
import { endianness } from 'node:os';
import { AppError } from '../../shared/errors.ts';
import type { ImageFile } from './image-file.ts';
import { decompress } from './inflate.ts';
import { decodeLzw } from './lzw.ts';
import { rowBytes, type SampleKind, swapBytes } from './tiff-samples.ts';

// TIFF 6.0 and libtiff tag values.
export const UNCOMPRESSED = 1;
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
export const WEBP = 50_001;
/** Fax, JPEG old and new, lossy JPEG of DNG, WebP: what other decoders read. */
const OTHERS: readonly number[] = [2, 3, 4, 6, 7, 34_892, WEBP];
/** What no decoder here reads; the TIFF reader takes some LERC blocks for samples as they are stored. */
const NAMES: Readonly<Record<number, string>> = {
  32_809: 'ThunderScan',
  33_003: 'JPEG 2000',
  33_004: 'JPEG 2000',
  33_005: 'JPEG 2000',
  34_676: 'SGI LogLuv',
  34_677: 'SGI LogLuv',
  34_712: 'JPEG 2000',
  34_887: 'LERC',
  34_925: 'LZMA',
  50_002: 'JPEG XL',
  52_546: 'JPEG XL',
};
const LOW_BITS_FIRST = 2;
const NO_PREDICTOR = 1;
const DIFFERENCES = 2;
const FLOATING = 3;

export const compressionOf = (image: GeoTIFFImage): number =>
  image.fileDirectory.getValue('Compression') ?? UNCOMPRESSED;

/** Whether openBlocks reads it; all others are left to other decoders. */
export const isPlain = (image: GeoTIFFImage): boolean =>
  PLAIN_COMPRESSIONS.includes(compressionOf(image));

/** Errors: unsupported (a compression that nothing here reads), with its name and what to do. */
export function assertReadable(image: GeoTIFFImage, subject: string): void {
  const compression = compressionOf(image);
  if (PLAIN_COMPRESSIONS.includes(compression) || OTHERS.includes(compression)) return;
  const name = NAMES[compression];
  throw new AppError(
    'unsupported',
    `${subject} is a TIFF that is compressed with ${name ?? 'something'}${name === undefined ? ` (number ${compression})` : ''}, which Graft does not read. Save it again with LZW, Deflate or no compression.`,
    { subject },
  );
}

/** Where the blocks (strips or tiles) of an image lie in the file, and how many bytes each has; undefined: not said. */
export async function blockPlaces(image: GeoTIFFImage) {
  const directory = image.fileDirectory;
  const tiled = directory.hasTag('TileOffsets');
  const offsets = await directory.loadValue(tiled ? 'TileOffsets' : 'StripOffsets');
  const counts = await directory.loadValue(tiled ? 'TileByteCounts' : 'StripByteCounts');
  return { offsets, counts };
}

/** Bytes of the first block as they are stored, up to `length`. */
export async function blockHead(
  image: GeoTIFFImage,
  file: ImageFile,
  length: number,
): Promise<Uint8Array> {
  const { offsets } = await blockPlaces(image);
  const at = offsets?.[0] ?? 0;
  return file.read(at, Math.max(0, Math.min(length, file.sizeBytes - at)));
}

const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let out = 0;
  for (let bit = 0; bit < 8; bit++) out |= ((byte >> bit) & 1) << (7 - bit);
  return out;
});

/** TIFF 6.0, section 9; at most the first `mostBytes`. Data that is cut off gives what was there. */
function decodePackBits(input: Uint8Array, mostBytes: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let written = 0;
  for (let at = 0; at < input.length && written < mostBytes;) {
    const head = input[at] ?? 0;
    at++;
    if (head < 128) {
      parts.push(input.subarray(at, at + head + 1));
      written += head + 1;
      at += head + 1;
    } else if (head > 128 && at < input.length) {
      parts.push(new Uint8Array(257 - head).fill(input[at] ?? 0));
      written += 257 - head;
      at++;
    } // 128 stands for nothing
  }
  return Uint8Array.from(Buffer.concat(parts).subarray(0, mostBytes));
}

export interface Blocks {
  /** Whether the bytes of what is read stand in little-endian order: undoing a predictor may turn them. */
  readonly isLittle: boolean;
  /** Block `index` (a strip or tile); null: it has no bytes in the file. Errors: of the decoders. */
  read(index: number): Promise<ArrayBuffer | null>;
}

/**
 * The most bytes that one byte can stand for, so that a block of few cannot claim many: a run of PackBits, of LZW's codes
 * of 9 bits the longest, Deflate's matches of 258, Zstandard's runs of 128 KiB.
 */
const MOST_OF_A_BYTE: Readonly<Record<number, number>> = {
  [UNCOMPRESSED]: 1,
  [PACK_BITS]: 64,
  [LZW]: 2 ** 12,
  [DEFLATE]: 1032,
  [OLD_DEFLATE]: 1032,
  [ZSTANDARD]: 2 ** 16,
};

/** Bytes that so many stored ones can stand for. */
export const mostBytesOf = (image: GeoTIFFImage, storedBytes: number): number =>
  storedBytes * (MOST_OF_A_BYTE[compressionOf(image)] ?? Infinity);

interface Layout {
  /** Samples of a pixel that stand together in a block. */
  readonly together: number;
  readonly kind: SampleKind;
}

/** Errors: Error, for predictors that nobody defines for such samples. */
async function predictorOf(image: GeoTIFFImage, { kind }: Layout): Promise<number> {
  if (compressionOf(image) === UNCOMPRESSED) return NO_PREDICTOR; // as libtiff has it, whatever the file says
  const predictor = (await image.fileDirectory.loadValue('Predictor')) ?? NO_PREDICTOR;
  const [bits = 8] = kind.bits;
  const isUniform = kind.bits.every((n) => n === bits);
  if (predictor === NO_PREDICTOR) return predictor;
  if (isUniform && predictor === DIFFERENCES && [8, 16, 32, 64].includes(bits)) return predictor;
  if (isUniform && predictor === FLOATING && kind.format === 'float') return predictor;
  throw new Error(
    `predictor ${predictor} is not defined for ${kind.format} samples of ${bits} bits`,
  );
}

/** Bytes of a whole block. */
function blockBytes(image: GeoTIFFImage, { kind, together }: Layout): number {
  // Each plane of its own has samples of its own size.
  const bits = together === kind.bits.length ? kind.bits : [Math.max(...kind.bits)];
  return rowBytes(bits, image.getTileWidth()) * image.getTileHeight();
}

export async function openBlocks(
  image: GeoTIFFImage,
  file: ImageFile,
  layout: Layout,
): Promise<Blocks> {
  const compression = compressionOf(image);
  const isReversed = (await image.fileDirectory.loadValue('FillOrder')) === LOW_BITS_FIRST;
  const { offsets, counts } = await blockPlaces(image);
  const mostBytes = blockBytes(image, layout);
  const decompressed = async (stored: Uint8Array<ArrayBuffer>) => {
    if (compression === UNCOMPRESSED) return stored;
    if (compression === LZW) return decodeLzw(stored, mostBytes);
    if (compression === PACK_BITS) return decodePackBits(stored, mostBytes);
    return decompress(stored, compression === ZSTANDARD ? 'zstandard' : 'deflate', mostBytes);
  };
  const predictor = await predictorOf(image, layout);
  const isNative = image.littleEndian === (endianness() === 'LE');
  const sampleBytes = (layout.kind.bits[0] ?? 8) / 8;
  const of = { sampleBytes, rowBytes: image.getTileWidth() * layout.together * sampleBytes };
  return {
    isLittle:
      predictor === DIFFERENCES
        ? endianness() === 'LE'
        : predictor === FLOATING || image.littleEndian,
    async read(index) {
      const count = counts?.[index] ?? 0;
      if (count === 0) return null;
      // A copy, for what it becomes is changed in place.
      const stored = Uint8Array.from(await file.read(offsets?.[index] ?? 0, count));
      if (isReversed) stored.forEach((byte, i) => (stored[i] = REVERSED[byte] ?? 0));
      const { buffer: block } = await decompressed(stored);
      if (predictor === DIFFERENCES) {
        if (!isNative) swapBytes(block, sampleBytes);
        addDifferences(block, { ...of, ...layout });
      } else if (predictor === FLOATING) undoFloating(block, { ...of, ...layout });
      return block;
    },
  };
}

interface Rows {
  readonly rowBytes: number;
  readonly sampleBytes: number;
  readonly together: number;
}

/** In place: each sample of a row stands as its difference from that of the pixel before, as integers that wrap round. */
function addDifferences(block: ArrayBuffer, { rowBytes, sampleBytes, together }: Rows): void {
  const rows = Math.floor(block.byteLength / rowBytes);
  const length = rowBytes / sampleBytes;
  const all = rows * length;
  const add = (samples: Uint8Array | Uint16Array | Uint32Array) => {
    for (let row = 0; row < all; row += length) {
      for (let i = row + together; i < row + length; i++) {
        samples[i] = (samples[i] ?? 0) + (samples[i - together] ?? 0);
      }
    }
  };
  if (sampleBytes === 1) add(new Uint8Array(block, 0, all));
  else if (sampleBytes === 2) add(new Uint16Array(block, 0, all));
  else if (sampleBytes === 4) add(new Uint32Array(block, 0, all));
  else {
    const samples = new BigUint64Array(block, 0, all);
    for (let row = 0; row < all; row += length) {
      for (let i = row + together; i < row + length; i++) {
        samples[i] = (samples[i] ?? 0n) + (samples[i - together] ?? 0n);
      }
    }
  }
}

/** In place, by Adobe's TIFF Technical Note 3: bytes of a row as differences, the highest byte of all samples first. */
function undoFloating(block: ArrayBuffer, { rowBytes, sampleBytes, together }: Rows): void {
  const samples = rowBytes / sampleBytes;
  for (let begin = 0; begin + rowBytes <= block.byteLength; begin += rowBytes) {
    const row = new Uint8Array(block, begin, rowBytes);
    for (let i = together; i < row.length; i++) row[i] = (row[i] ?? 0) + (row[i - together] ?? 0);
    const planes = row.slice();
    for (let i = 0; i < samples; i++) {
      for (let b = 0; b < sampleBytes; b++) {
        row[i * sampleBytes + b] = planes[(sampleBytes - b - 1) * samples + i] ?? 0;
      }
    }
  }
}
