/**
 * Scientific TIFF: 8 to 64-bit integers and floating point, any number of channels, many pages.
 * Photographic TIFF (palettes, CMYK, YCbCr, bilevel) is left to decode.ts.
 */
import { fromArrayBuffer, type GeoTIFF, type GeoTIFFImage } from 'geotiff';
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

// TIFF 6.0 tag values.
const BLACK_IS_ZERO = 1;
const RGB = 2;
const ALPHA_SAMPLES: readonly number[] = [1, 2]; // associated, unassociated
const UNSIGNED_SAMPLES = 1;
const FLOAT_SAMPLES = 3;
const LITTLE_ENDIAN = 0x4949; // 'II'
const BIG_TIFF = 43;

async function openTiff(bytes: Uint8Array, subject: string): Promise<GeoTIFF> {
  // A copy, because the buffer beneath may be shared, and a view is not enough for the parser.
  const buffer = new Uint8Array(bytes).buffer;
  try {
    return await fromArrayBuffer(buffer);
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

/**
 * Number of image directories, by walking their chain. Not left to the reader, which walks in circles
 * where a damaged or hostile file leads it in circles. Errors: unreadable.
 */
export function tiffPageCount(bytes: Uint8Array, subject: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const little = view.getUint16(0) === LITTLE_ENDIAN;
    const big = view.getUint16(2, little) === BIG_TIFF;
    const offsetAt = (at: number) =>
      big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
    const seen = new Set<number>();
    let at = offsetAt(big ? 8 : 4);
    while (at !== 0) {
      if (seen.has(at)) throw new RangeError('its pages lead in a circle');
      seen.add(at);
      const entries = big ? Number(view.getBigUint64(at, little)) : view.getUint16(at, little);
      at = offsetAt(at + (big ? 8 + entries * 20 : 2 + entries * 12));
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

interface OpenTiff {
  readonly image: GeoTIFFImage;
  readonly floating: boolean;
  /** TIFF 6.0 "Orientation". */
  readonly orientation: number;
}

/** Undefined: a kind of TIFF that the general decoder reads better. Errors: unreadable, unsupported. */
async function openScientific(
  bytes: Uint8Array,
  { subject, page, limits }: TiffOptions,
): Promise<OpenTiff | undefined> {
  const tiff = await openTiff(bytes, subject);
  try {
    const image = await tiff.getImage(page);
    assertWithinLimits({ width: image.getWidth(), height: image.getHeight() }, subject, limits);
    if (!isScientific(image)) return undefined;
    await assertComplete(image, bytes.length, subject);
    const orientation = (await image.fileDirectory.loadValue('Orientation')) ?? 1;
    return { image, floating: image.getSampleFormat() === FLOAT_SAMPLES, orientation };
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

/** Undefined: a kind of TIFF that the general decoder reads better. Errors: unreadable, unsupported. */
export async function decodeTiff(
  bytes: Uint8Array,
  options: TiffOptions,
): Promise<DecodedImage | undefined> {
  const opened = await openScientific(bytes, options);
  if (opened === undefined) return undefined;
  const { image, floating, orientation } = opened;
  try {
    const raster = await image.readRasters({ interleave: true });
    const notes: string[] = [];
    const converted = toSamples(raster, floating, notes);
    const { channels, data } = withoutAlpha(image, converted, notes);
    const turned = orientationNote(orientation);
    if (turned !== undefined) notes.push(turned);
    const size = { width: image.getWidth(), height: image.getHeight() };
    const upright = orient({ ...size, channels, data }, orientation);
    const bitDepth = data instanceof Uint8Array ? 8 : data instanceof Uint16Array ? 16 : 32;
    return { ...upright, channels, bitDepth, notes };
  } catch (error) {
    throw unreadableImage(options.subject, error);
  }
}

/** The depth that toSamples leads to. */
function depthOf(image: GeoTIFFImage): DecodedImage['bitDepth'] {
  const bits = image.getBitsPerSample();
  if (image.getSampleFormat() !== UNSIGNED_SAMPLES || bits > 16) return 32;
  return bits <= 8 ? 8 : 16;
}

/** Rows of a scientific TIFF: of its strips or tiles only those are decoded that hold them. As decodeTiff. */
export async function openTiffRows(
  bytes: Uint8Array,
  options: TiffOptions,
): Promise<RowReader | undefined> {
  const opened = await openScientific(bytes, options);
  if (opened === undefined) return undefined;
  const { image, floating, orientation } = opened;
  const [width, height] = [image.getWidth(), image.getHeight()];
  const isTurned = orientation > 1 && orientation <= 8;
  const isSwapped = isTurned && orientation >= 5;
  return {
    width: isSwapped ? height : width,
    height: isSwapped ? width : height,
    channels: channelsOf(image).kept,
    bitDepth: depthOf(image),
    wholeOnly: isTurned,
    async read(top, count) {
      const window = isTurned ? [0, 0, width, height] : [0, top, width, top + count];
      try {
        const raster = await image.readRasters({ interleave: true, window });
        const { channels, data } = withoutAlpha(image, toSamples(raster, floating, []), []);
        return isTurned ? orient({ width, height, channels, data }, orientation).data : data;
      } catch (error) {
        throw unreadableImage(options.subject, error);
      }
    },
  };
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

type Raster = Awaited<ReturnType<GeoTIFF['readRasters']>>;

/** Keeps 8 and 16-bit unsigned samples; everything else becomes 32-bit floating point. */
function toSamples(raster: Raster, floating: boolean, notes: string[]): Samples {
  if (Array.isArray(raster)) throw new AppError('internal', 'TIFF samples are not interleaved.');
  // New views, because the reader hangs width and height on its arrays.
  const { buffer, byteOffset, length } = raster;
  if (raster instanceof Uint8Array) return new Uint8Array(buffer, byteOffset, length);
  if (raster instanceof Uint16Array) return new Uint16Array(buffer, byteOffset, length);
  const out = new Float32Array(raster.length);
  let inexact = 0;
  let notFinite = 0;
  for (let i = 0; i < raster.length; i++) {
    const value = raster[i] ?? 0;
    const rounded = Math.fround(value);
    if (!Number.isFinite(rounded)) notFinite++;
    else {
      out[i] = rounded;
      if (rounded !== value) inexact++;
    }
  }
  if (!floating) notes.push('integer samples read as 32-bit floating point');
  if (inexact > 0) notes.push(`${inexact} samples rounded to 32-bit floating point`);
  if (notFinite > 0) notes.push(`${notFinite} samples were not finite and became 0`);
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

function withoutAlpha(
  image: GeoTIFFImage,
  samples: Samples,
  notes: string[],
): { channels: number; data: Samples } {
  const { stored, kept } = channelsOf(image);
  if (kept === stored) return { channels: stored, data: samples };
  notes.push('alpha channel dropped');
  return { channels: kept, data: firstChannels(samples, stored, kept) };
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
