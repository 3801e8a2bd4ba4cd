/**
 * Whether the sizes that a directory of a TIFF gives can be: looked at before anything is walked or reserved by them. The
 * library hands out whatever stands in the file, lists and fractions included.
 */
import type { GeoTIFFImage } from 'geotiff';
import { DEFAULT_LIMITS } from './decoded-image.ts';

const ONE_NUMBER = [
  ...['ImageWidth', 'ImageLength', 'SamplesPerPixel', 'Compression', 'PhotometricInterpretation'],
  ...['PlanarConfiguration', 'RowsPerStrip', 'TileWidth', 'TileLength', 'FillOrder', 'Predictor'],
  'Orientation',
] as const;
const MOST_SAMPLES = 65_535;

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** Numbers of a field: none where it is missing, itself where it is one. */
function numbersIn(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return Array.from<unknown>(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as Uint8Array);
  }
  return [value];
}

/** Errors: Error, which says what cannot be. */
export async function assertSoundLayout(image: GeoTIFFImage): Promise<void> {
  const directory = image.fileDirectory;
  for (const tag of ONE_NUMBER) {
    const value: unknown = await directory.loadValue(tag);
    if (value !== undefined && value !== null && !isCount(value)) {
      throw new Error(`its ${tag} is no whole number`);
    }
  }
  for (const tag of ['BitsPerSample', 'SampleFormat', 'ExtraSamples'] as const) {
    const values = numbersIn(await directory.loadValue(tag));
    if (!values.every(isCount)) throw new Error(`its ${tag} are no whole numbers`);
  }
  const [width, height] = [image.getWidth(), image.getHeight()];
  if (!(width >= 1 && height >= 1)) throw new Error('it is 0 pixels wide or high');
  const samples = image.getSamplesPerPixel();
  if (!(samples >= 1 && samples <= MOST_SAMPLES))
    throw new Error(`its pixels have ${samples} samples`);
  const [blockWidth, blockHeight] = [image.getTileWidth(), image.getTileHeight()];
  if (!(blockWidth >= 1 && blockHeight >= 1))
    throw new Error('its tiles are 0 pixels wide or high');
  if (image.isTiled && blockWidth * blockHeight > DEFAULT_LIMITS.maxPixels) {
    throw new Error(`its tiles have ${blockWidth} × ${blockHeight} px`);
  }
  await assertAllBlocks(image, Math.ceil(width / blockWidth) * Math.ceil(height / blockHeight));
}

/** A block that is not listed would be read as one that was left empty. */
async function assertAllBlocks(image: GeoTIFFImage, ofPlane: number): Promise<void> {
  const isSeparate = image.planarConfiguration === 2;
  const blocks = ofPlane * (isSeparate ? image.getSamplesPerPixel() : 1);
  const kind = image.isTiled ? 'Tile' : 'Strip';
  for (const what of ['Offsets', 'ByteCounts'] as const) {
    const values = numbersIn(await image.fileDirectory.loadValue(`${kind}${what}`));
    if (values.length === 0) throw new Error('it has no pixel data');
    if (values.length < blocks) {
      throw new Error(`it lists ${values.length} of its ${blocks} ${kind.toLowerCase()}s`);
    }
    if (!values.slice(0, blocks).every(isCount))
      throw new Error(`its ${kind}${what} are no places`);
  }
}
