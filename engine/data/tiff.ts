/**
 * TIFF: integers and floating point of 1 to 64 bits, grey, colours, colour tables, any number of channels, many pages.
 * What is compressed like a photograph or a fax, CMYK, YCbCr and the like is left to decode.ts.
 */
import type { GeoTIFFImage } from 'geotiff';
import { AppError } from '../../shared/errors.ts';
import { alphaOf, countTransparent, withoutChannel } from './alpha.ts';
import {
  assertWithinLimits,
  type PixelLimits,
  type RowReader,
  type Samples,
  unreadableImage,
} from './decoded-image.ts';
import { FloatChanges, wholeNumbers } from './float-changes.ts';
import type { ImageFile } from './image-file.ts';
import { orientationNote, upright } from './orientation.ts';
import {
  assertReadable,
  blockPlaces,
  compressionOf,
  isPlain,
  mostBytesOf,
  WEBP,
} from './tiff-blocks.ts';
import {
  assertKnownColours,
  COLOUR_TABLE,
  depthOf,
  KNOWN,
  meaningOf,
  photometricOf,
  type Reading,
  RGB,
  WHITE_IS_ZERO,
  WHITE_STORED,
} from './tiff-meaning.ts';
import { withPage } from './tiff-pages.ts';
import { kindOf, readPlainRows } from './tiff-rows.ts';
import { type PlainSamples, rowBytes, type SampleKind } from './tiff-samples.ts';

// TIFF 6.0 tag values.
const ALPHA_SAMPLES: readonly number[] = [1, 2]; // associated, unassociated

interface TiffOptions {
  readonly subject: string;
  readonly page: number;
  readonly limits: PixelLimits;
  readonly reading: Reading;
}

/** A kind of TIFF that the general decoder reads better, and what is to be made of what it shows. */
export type LeftToOthers = (shown: RowReader) => RowReader;

/**
 * Rows of a TIFF: of its strips or tiles only those are decoded that hold them.
 * Errors: unreadable, unsupported, invalid-input (page).
 */
export function openTiffRows(
  file: ImageFile,
  options: TiffOptions,
): Promise<RowReader | LeftToOthers> {
  const { subject, limits, reading } = options;
  return withPage(file, options, async (image) => {
    const [width, height] = [image.getWidth(), image.getHeight()];
    assertWithinLimits({ width, height }, subject, limits);
    assertReadable(image, subject);
    await assertKnownColours(image, subject);
    if (!isReadHere(image)) return asAsked(image, reading);
    const kind = kindOf(image, subject);
    await assertComplete(image, { kind, fileBytes: file.sizeBytes, subject });
    const orientation = (await image.fileDirectory.loadValue('Orientation')) ?? 1;
    const isTurned = orientation > 1 && orientation <= 8;
    const isSwapped = isTurned && orientation >= 5;
    const { stored, alphaAt } = channelsOf(image);
    const kept = alphaAt === null ? stored : stored - 1;
    const meaning = await meaningOf(image, { kind, kept, reading });
    const { channels } = meaning;
    const changes = new FloatChanges();
    let transparent = 0;
    const rasterOf = (top: number, count: number) =>
      withPage(file, options, (page) =>
        isPlain(page)
          ? readPlainRows(page, file, { kind, top, count })
          : readOtherRows(page, { top, count }),
      );
    const samplesIn = async (top: number, count: number) =>
      toSamples(await rasterOf(top, count), kind, changes);
    return {
      width: isSwapped ? height : width,
      height: isSwapped ? width : height,
      channels,
      bitDepth: photometricOf(image) === COLOUR_TABLE && reading === 'shown' ? 8 : depthOf(kind),
      isIndexed: photometricOf(image) === COLOUR_TABLE,
      wholeOnly: isTurned,
      notes: () => [
        ...changes.notes(),
        ...meaning.notes,
        ...(isTurned ? [orientationNote(orientation)] : []).filter((note) => note !== undefined),
      ],
      transparentPx: () => (alphaAt === null ? null : transparent),
      ...(alphaAt === null
        ? {}
        : {
            alpha: async () => {
              const alpha = alphaOf(await samplesIn(0, height), stored, alphaAt);
              return upright({ width, height, channels: 1, data: alpha }, orientation).data;
            },
          }),
      ...(stored === 1 && !isTurned && kind.format !== 'float' && depthOf(kind) === 32
        ? { numbers: async () => wholeNumbers(await rasterOf(0, height)) }
        : {}),
      async read(top, count) {
        const samples = await (isTurned ? samplesIn(0, height) : samplesIn(top, count));
        if (alphaAt !== null) transparent += countTransparent(alphaOf(samples, stored, alphaAt));
        const own = alphaAt === null ? samples : withoutChannel(samples, stored, alphaAt);
        const data = meaning.apply(own);
        return isTurned ? upright({ width, height, channels, data }, orientation).data : data;
      },
    };
  });
}

/** Compressions with parameters of their own are read of plain grey levels and colours alone. */
function isReadHere(image: GeoTIFFImage): boolean {
  const photometric = photometricOf(image);
  if (isPlain(image)) return KNOWN.includes(photometric);
  // Those that come with the library need a browser for WebP.
  if (compressionOf(image) === WEBP) return false;
  const isSimple = photometric !== WHITE_IS_ZERO && photometric <= RGB;
  return isSimple && image.getBitsPerSample() >= 8;
}

/** What is shown as the numbers that were stored: of two levels the two, of grey levels that were turned round those before. */
function asAsked(image: GeoTIFFImage, reading: Reading): LeftToOthers {
  const isGrey = image.getSamplesPerPixel() === 1;
  const isBilevel = isGrey && (image.getBitsPerSample() || 1) === 1;
  const isWhiteZero = isGrey && photometricOf(image) === WHITE_IS_ZERO;
  if (reading === 'shown' || !(isBilevel || isWhiteZero)) return (shown) => shown;
  return (shown) => ({
    ...shown,
    notes: () => [...shown.notes(), ...(isWhiteZero ? [WHITE_STORED] : [])],
    async read(top, count) {
      const samples = await shown.read(top, count);
      if (isBilevel) return samples.map((value) => Number(value > 127 !== isWhiteZero));
      const most = 2 ** shown.bitDepth - 1;
      return samples.map((value) => most - value);
    },
  });
}

/** Of a row of pixels, decoded: images of many channels are read by such rows. */
const MOST_ROW_BYTES = 2 ** 30;

/**
 * The reader takes bytes beyond the end of the file for zeros: a cut file must fail instead, and so must one that claims
 * more pixels than its bytes can stand for, before room is made for them.
 */
async function assertComplete(
  image: GeoTIFFImage,
  of: { readonly kind: SampleKind; readonly fileBytes: number; readonly subject: string },
): Promise<void> {
  const { kind, fileBytes, subject } = of;
  const missing = (what: string) => unreadableImage(subject, new Error(what));
  const row = rowBytes(kind.bits, image.getWidth());
  if (row > MOST_ROW_BYTES) {
    throw new AppError(
      'unsupported',
      `${subject} has ${(row / 2 ** 30).toFixed(1)} GiB in each row of pixels; 1 GiB can be read. Save its channels as several files.`,
      { subject },
    );
  }
  const { offsets, counts } = await blockPlaces(image);
  if (offsets === undefined || counts === undefined) throw missing('it has no pixel data');
  const height = image.getHeight();
  const blockHeight = image.getTileHeight();
  const across = Math.ceil(image.getWidth() / image.getTileWidth());
  const down = Math.ceil(height / blockHeight);
  const isSeparate = image.planarConfiguration === 2;
  for (let i = 0; i < offsets.length; i++) {
    const count = counts[i] ?? 0;
    if (Number(offsets[i]) + count > fileBytes) throw missing('pixel data is missing at the end');
    if (count === 0) continue;
    const rows = Math.min(blockHeight, height - (Math.floor(i / across) % down) * blockHeight);
    const plane = Math.floor(i / (across * down));
    const bits = isSeparate ? [kind.bits[plane] ?? 0] : kind.bits;
    const needed = rows * rowBytes(bits, image.getTileWidth());
    if (mostBytesOf(image, count) < needed) throw missing('pixel data is missing');
  }
}

/** Rows of whatever else the reader knows. */
async function readOtherRows(
  image: GeoTIFFImage,
  { top, count }: { readonly top: number; readonly count: number },
): Promise<PlainSamples> {
  const window = [0, top, image.getWidth(), top + count];
  const raster = await image.readRasters({ interleave: true, window });
  if (Array.isArray(raster)) throw new AppError('internal', 'TIFF samples are not interleaved.');
  return raster;
}

/** Keeps 8 and 16-bit unsigned samples; everything else becomes 32-bit floating point, which `changes` count. */
function toSamples(raster: PlainSamples, { format }: SampleKind, changes: FloatChanges): Samples {
  // New views, because the reader hangs width and height on its arrays.
  const { buffer, byteOffset, length } = raster;
  if (raster instanceof Uint8Array) return new Uint8Array(buffer, byteOffset, length);
  if (raster instanceof Uint16Array) return new Uint16Array(buffer, byteOffset, length);
  const out = new Float32Array(raster.length);
  changes.isInteger = format !== 'float';
  for (let i = 0; i < raster.length; i++) out[i] = changes.toFloat(raster[i] ?? 0);
  return out;
}

/** How many channels a file has, and which of them it says is alpha: behind those of the colour, by ExtraSamples. */
function channelsOf(image: GeoTIFFImage): {
  readonly stored: number;
  readonly alphaAt: number | null;
} {
  const stored = image.getSamplesPerPixel();
  const value = image.fileDirectory.getValue('ExtraSamples');
  const extra = value === undefined ? [] : Array.from(value, Number);
  const first = extra.findIndex((kind) => ALPHA_SAMPLES.includes(kind));
  const alphaAt = stored - extra.length + first;
  return { stored, alphaAt: first < 0 || alphaAt < 1 ? null : alphaAt };
}
