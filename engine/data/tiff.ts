/**
 * Scientific TIFF: 8 to 64-bit integers and floating point, any number of channels, many pages.
 * Photographic TIFF (palettes, CMYK, YCbCr, bilevel) is left to decode.ts.
 */
import { fromArrayBuffer, fromFile, type GeoTIFFImage } from 'geotiff';
import { AppError } from '../../shared/errors.ts';
import {
  assertWithinLimits,
  type DecodedImage,
  firstChannels,
  orientationNote,
  type PixelLimits,
  type RowReader,
  type Samples,
  unreadableImage,
} from './decoded-image.ts';
import type { ImageFile } from './image-file.ts';
import { type PlainSamples, readPlainRows } from './tiff-rows.ts';

// TIFF 6.0 tag values.
const BLACK_IS_ZERO = 1;
const RGB = 2;
const ALPHA_SAMPLES: readonly number[] = [1, 2]; // associated, unassociated
const UNSIGNED_SAMPLES = 1;
const FLOAT_SAMPLES = 3;
const LITTLE_ENDIAN = 0x4949; // 'II'
const BIG_TIFF = 43;

/** The reader wants a buffer of its own; large files have one. */
function bufferOf({ buffer, byteLength }: Uint8Array): ArrayBuffer | undefined {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : undefined;
}

/** Opened for each use, so that no file stays open. Errors: unreadable; those of `use`. */
async function withPage<T>(
  { source }: ImageFile,
  { subject, page }: Pick<TiffOptions, 'subject' | 'page'>,
  use: (image: GeoTIFFImage) => Promise<T>,
): Promise<T> {
  try {
    const tiff =
      typeof source === 'string'
        ? await fromFile(source)
        : await fromArrayBuffer(bufferOf(source) ?? new Uint8Array(source).buffer);
    try {
      return await use(await tiff.getImage(page));
    } finally {
      await tiff.close();
    }
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

/**
 * Number of image directories, by walking their chain. Not left to the reader, which walks in circles
 * where a damaged or hostile file leads it in circles. Errors: unreadable.
 */
export async function tiffPageCount(file: ImageFile, subject: string): Promise<number> {
  const viewOf = async (at: number, length: number) => {
    const bytes = await file.read(at, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  try {
    const head = await viewOf(0, 16);
    const little = head.getUint16(0) === LITTLE_ENDIAN;
    const big = head.getUint16(2, little) === BIG_TIFF;
    const offsetIn = (view: DataView, at: number) =>
      big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
    const seen = new Set<number>();
    let at = offsetIn(head, big ? 8 : 4);
    while (at !== 0) {
      if (seen.has(at)) throw new RangeError('its pages lead in a circle');
      seen.add(at);
      const count = await viewOf(at, 8);
      const entries = big ? Number(count.getBigUint64(0, little)) : count.getUint16(0, little);
      const next = at + (big ? 8 + entries * 20 : 2 + entries * 12);
      at = offsetIn(await viewOf(next, 8), 0);
    }
    return seen.size;
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

interface TiffOptions {
  readonly subject: string;
  readonly page: number;
  readonly limits: PixelLimits;
}

/** The depth that toSamples leads to. */
function depthOf(image: GeoTIFFImage): DecodedImage['bitDepth'] {
  const bits = image.getBitsPerSample();
  if (image.getSampleFormat() !== UNSIGNED_SAMPLES || bits > 16) return 32;
  return bits <= 8 ? 8 : 16;
}

/**
 * Rows of a scientific TIFF: of its strips or tiles only those are decoded that hold them.
 * Undefined: a kind of TIFF that the general decoder reads better. Errors: unreadable, unsupported.
 */
export function openTiffRows(
  file: ImageFile,
  options: TiffOptions,
): Promise<RowReader | undefined> {
  const { subject, limits } = options;
  return withPage(file, options, async (image) => {
    const [width, height] = [image.getWidth(), image.getHeight()];
    assertWithinLimits({ width, height }, subject, limits);
    if (!isScientific(image)) return undefined;
    await assertComplete(image, file.sizeBytes, subject);
    const floating = image.getSampleFormat() === FLOAT_SAMPLES;
    const orientation = (await image.fileDirectory.loadValue('Orientation')) ?? 1;
    const isTurned = orientation > 1 && orientation <= 8;
    const isSwapped = isTurned && orientation >= 5;
    const { stored, kept } = channelsOf(image);
    const changes = { isInteger: false, inexact: 0, notFinite: 0 };
    return {
      width: isSwapped ? height : width,
      height: isSwapped ? width : height,
      channels: kept,
      bitDepth: depthOf(image),
      wholeOnly: isTurned,
      notes: () => [
        ...notesOf(changes),
        ...(kept === stored ? [] : ['alpha channel dropped']),
        ...(isTurned ? [orientationNote(orientation)] : []).filter((note) => note !== undefined),
      ],
      async read(top, count) {
        const [from, rows] = isTurned ? [0, height] : [top, count];
        const raster = await withPage(file, options, async (page) => {
          const plain = await readPlainRows(page, from, rows);
          return plain ?? readOtherRows(page, from, rows);
        });
        const samples = toSamples(raster, floating, changes);
        const data = kept === stored ? samples : firstChannels(samples, stored, kept);
        return isTurned ? orient({ width, height, channels: kept, data }, orientation).data : data;
      },
    };
  });
}

function isScientific(image: GeoTIFFImage): boolean {
  const photometric = image.fileDirectory.getValue('PhotometricInterpretation') ?? BLACK_IS_ZERO;
  const bits = image.getBitsPerSample();
  return (photometric === BLACK_IS_ZERO || photometric === RGB) && bits >= 8;
}

/** The reader takes bytes beyond the end of the file for zeros: a cut file must fail instead. */
async function assertComplete(
  image: GeoTIFFImage,
  fileBytes: number,
  subject: string,
): Promise<void> {
  const directory = image.fileDirectory;
  const tiled = directory.hasTag('TileOffsets');
  const offsets = await directory.loadValue(tiled ? 'TileOffsets' : 'StripOffsets');
  const counts = await directory.loadValue(tiled ? 'TileByteCounts' : 'StripByteCounts');
  if (offsets === undefined || counts === undefined) {
    throw unreadableImage(subject, new Error('it has no pixel data'));
  }
  for (let i = 0; i < offsets.length; i++) {
    if (Number(offsets[i]) + Number(counts[i]) > fileBytes) {
      throw unreadableImage(subject, new Error('pixel data is missing at the end'));
    }
  }
}

/** The same, of whatever the reader knows. */
async function readOtherRows(
  image: GeoTIFFImage,
  top: number,
  count: number,
): Promise<PlainSamples> {
  const window = [0, top, image.getWidth(), top + count];
  const raster = await image.readRasters({ interleave: true, window });
  if (Array.isArray(raster)) throw new AppError('internal', 'TIFF samples are not interleaved.');
  return raster;
}

/** What becomes of samples that are no unsigned integers of 8 or 16 bits. */
interface Changes {
  isInteger: boolean;
  inexact: number;
  notFinite: number;
}

const notesOf = ({ isInteger, inexact, notFinite }: Changes): string[] => [
  ...(isInteger ? ['integer samples read as 32-bit floating point'] : []),
  ...(inexact > 0 ? [`${inexact} samples rounded to 32-bit floating point`] : []),
  ...(notFinite > 0 ? [`${notFinite} samples were not finite and became 0`] : []),
];

/** Keeps 8 and 16-bit unsigned samples; everything else becomes 32-bit floating point, which `changes` count. */
function toSamples(raster: PlainSamples, floating: boolean, changes: Changes): Samples {
  // New views, because the reader hangs width and height on its arrays.
  const { buffer, byteOffset, length } = raster;
  if (raster instanceof Uint8Array) return new Uint8Array(buffer, byteOffset, length);
  if (raster instanceof Uint16Array) return new Uint16Array(buffer, byteOffset, length);
  const out = new Float32Array(raster.length);
  changes.isInteger = !floating;
  for (let i = 0; i < raster.length; i++) {
    const value = raster[i] ?? 0;
    const rounded = Math.fround(value);
    if (!Number.isFinite(rounded)) changes.notFinite++;
    else {
      out[i] = rounded;
      if (rounded !== value) changes.inexact++;
    }
  }
  return out;
}

/** How many channels a file has, and how many of them are no alpha. */
function channelsOf(image: GeoTIFFImage): { readonly stored: number; readonly kept: number } {
  const stored = image.getSamplesPerPixel();
  const extra = image.fileDirectory.getValue('ExtraSamples');
  const last = extra === undefined ? undefined : Number(Array.from(extra).at(-1));
  const hasAlpha = stored >= 2 && last !== undefined && ALPHA_SAMPLES.includes(last);
  return { stored, kept: hasAlpha ? stored - 1 : stored };
}

/** Brings pixels of a TIFF orientation 1 … 8 upright. */
function orient(
  image: { width: number; height: number; channels: number; data: Samples },
  orientation: number,
): { width: number; height: number; data: Samples } {
  const { width, height, channels, data } = image;
  if (!(orientation > 1 && orientation <= 8)) return { width, height, data };
  const swapped = orientation >= 5;
  const outWidth = swapped ? height : width;
  const outHeight = swapped ? width : height;
  const out = data.slice();
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      // Row and column of the stored image that is seen at (x, y), by TIFF 6.0 "Orientation".
      const column = swapped ? y : x;
      const row = swapped ? x : y;
      const fromX = [2, 3, 7, 8].includes(orientation) ? width - 1 - column : column;
      const fromY = [3, 4, 6, 7].includes(orientation) ? height - 1 - row : row;
      const from = (fromY * width + fromX) * channels;
      const to = (y * outWidth + x) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c] ?? 0;
    }
  }
  return { width: outWidth, height: outHeight, data: out };
}
