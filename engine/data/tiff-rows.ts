/**
 * Rows of a TIFF's strips or tiles, one after another, copied as whole arrays: many times as fast as sample by sample,
 * and no more of the file at once than a strip or a tile.
 */
import { addDecoder, BaseDecoder, getDecoder, type GeoTIFFImage } from 'geotiff';
import { endianness } from 'node:os';
import { decodeLzw } from './lzw.ts';

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
const SEPARATE_PLANES = 2;
const NO_PREDICTOR = 1;
const DIFFERENCES = 2;
const STRIP_OFFSETS = 273;
const ROWS_PER_STRIP = 278;
const STRIP_BYTE_COUNTS = 279;

/** The reader's own goes astray in tables that are full, and takes ten times as long. */
class LzwDecoder extends BaseDecoder {
  override decodeBlock(buffer: ArrayBuffer): ArrayBuffer {
    return decodeLzw(new Uint8Array(buffer)).buffer;
  }
}
addDecoder(LZW, () => Promise.resolve(LzwDecoder));

/** Kinds of samples that stand in a file as they do in memory, but for the order of their bytes. */
const KINDS = {
  unsigned8: Uint8Array,
  unsigned16: Uint16Array,
  unsigned32: Uint32Array,
  signed8: Int8Array,
  signed16: Int16Array,
  signed32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;
/** By TIFF's SampleFormat. */
const FORMATS: readonly (string | undefined)[] = [undefined, 'unsigned', 'signed', 'float'];
export type PlainSamples =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

const compressionOf = (image: GeoTIFFImage): number =>
  image.fileDirectory.getValue('Compression') ?? UNCOMPRESSED;

/** The one kind of all samples; null for other kinds, and for compressions with parameters of their own. */
function kindOf(image: GeoTIFFImage): (typeof KINDS)[keyof typeof KINDS] | null {
  const bits = image.getBitsPerSample();
  const format = image.getSampleFormat();
  const channels = Array.from({ length: image.getSamplesPerPixel() }, (_, i) => i);
  const isUniform = channels.every(
    (i) => image.getBitsPerSample(i) === bits && image.getSampleFormat(i) === format,
  );
  if (!isUniform || !PLAIN_COMPRESSIONS.includes(compressionOf(image))) return null;
  const kind = `${FORMATS[format]}${bits}`;
  return Object.entries(KINDS).find(([name]) => name === kind)?.[1] ?? null;
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

/** Turns the bytes of each sample round, in place. */
function swapBytes(block: ArrayBuffer, sampleBytes: number): void {
  const bytes = Buffer.from(block, 0, block.byteLength - (block.byteLength % sampleBytes));
  if (sampleBytes === 2) bytes.swap16();
  if (sampleBytes === 4) bytes.swap32();
  if (sampleBytes === 8) bytes.swap64();
}

/** In place: each sample of a row stands as its difference from that of the pixel before. */
function addDifferences(samples: PlainSamples, rowLength: number, pixelLength: number): void {
  for (let row = 0; row + rowLength <= samples.length; row += rowLength) {
    for (let i = row + pixelLength; i < row + rowLength; i++) {
      samples[i] = (samples[i] ?? 0) + (samples[i - pixelLength] ?? 0); // arrays of integers wrap round, as they should
    }
  }
}

/**
 * [count, width, channels] as they stand in the file, in the order of this machine's bytes; null for kinds of samples and
 * compressions that are left to the reader. Errors: those of the reader.
 */
export async function readPlainRows(
  image: GeoTIFFImage,
  top: number,
  count: number,
): Promise<PlainSamples | null> {
  const Kind = kindOf(image);
  if (Kind === null) return null;
  await divideStrip(image);
  const [width, channels] = [image.getWidth(), image.getSamplesPerPixel()];
  const [blockWidth, blockHeight] = [image.getTileWidth(), image.getTileHeight()];
  const { planarConfiguration } = image;
  const separate = planarConfiguration === SEPARATE_PLANES;
  const predictor = (await image.fileDirectory.loadValue('Predictor')) ?? NO_PREDICTOR;
  const decoder = await getDecoder(compressionOf(image), {
    tileWidth: blockWidth,
    tileHeight: blockHeight,
    // The reader would add differences before their bytes are in order.
    predictor: predictor === DIFFERENCES ? NO_PREDICTOR : predictor,
    bitsPerSample: Array<number>(channels).fill(8 * Kind.BYTES_PER_ELEMENT),
    planarConfiguration,
  });
  // What the reader makes of predicted floating point is little-endian, whatever the file.
  const isLittle = image.littleEndian || predictor > DIFFERENCES;
  const isSwapped = isLittle !== (endianness() === 'LE');
  const out = new Kind(count * width * channels);
  /** Samples of one pixel that a block holds. */
  const together = separate ? 1 : channels;
  const rowLength = blockWidth * together;
  const last = Math.floor((top + count - 1) / blockHeight);
  for (let row = Math.floor(top / blockHeight); row <= last; row++) {
    const begin = Math.max(top, row * blockHeight);
    const end = Math.min(top + count, (row + 1) * blockHeight);
    for (let column = 0; column * blockWidth < width; column++) {
      const left = column * blockWidth;
      const columns = Math.min(blockWidth, width - left);
      for (let plane = 0; plane < channels / together; plane++) {
        const { data } = await image.getTileOrStrip(column, row, plane, decoder);
        if (!(data instanceof ArrayBuffer)) throw new Error('a block is shared memory');
        if (isSwapped) swapBytes(data, Kind.BYTES_PER_ELEMENT);
        const block = new Kind(data, 0, Math.floor(data.byteLength / Kind.BYTES_PER_ELEMENT));
        if (predictor === DIFFERENCES) addDifferences(block, rowLength, together);
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
