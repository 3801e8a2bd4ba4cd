/**
 * What the stored samples of a TIFF are taken for. An image is what the file shows: colours of a colour table, black where
 * the file says black, few bits spread over 0 … 255. A mask is numbers: its samples are what was stored.
 */
import type { GeoTIFFImage } from 'geotiff';
import { AppError } from '../../shared/errors.ts';
import type { DecodedImage, Samples } from './decoded-image.ts';
import { samplesOf } from './decoded-image.ts';
import { isPlain } from './tiff-blocks.ts';
import type { SampleKind } from './tiff-samples.ts';

// TIFF 6.0 tag values.
export const WHITE_IS_ZERO = 0;
const BLACK_IS_ZERO = 1;
export const RGB = 2;
export const COLOUR_TABLE = 3;
const TRANSPARENCY = 4;
const INKS = 5;
const YCBCR = 6;

/** Colours and samples that no decoder here turns into RGB as they are meant. */
const FOREIGN: Readonly<Record<number, string>> = {
  8: 'CIELab',
  9: 'ICC Lab',
  10: 'ITU Lab',
  32_803: 'the raw samples of a camera',
  32_844: 'LogL',
  32_845: 'LogLuv',
  34_892: 'the raw samples of a camera',
  51_177: 'distances',
};
const CMYK_INKS = 4;

/** The kinds that are read here; what others mean is left to other decoders. */
export const KNOWN: readonly number[] = [
  WHITE_IS_ZERO,
  BLACK_IS_ZERO,
  RGB,
  COLOUR_TABLE,
  TRANSPARENCY,
];

export const photometricOf = (image: GeoTIFFImage): number =>
  image.fileDirectory.getValue('PhotometricInterpretation') ?? BLACK_IS_ZERO;

/** What stands in the way of showing its colours, in words; null: nothing. */
async function foreignColours(image: GeoTIFFImage): Promise<string | null> {
  const photometric = photometricOf(image);
  if (KNOWN.includes(photometric)) return null;
  if (photometric === INKS) {
    return image.getSamplesPerPixel() >= CMYK_INKS ? null : 'inks other than CMYK';
  }
  if (photometric !== YCBCR) return FOREIGN[photometric] ?? `something (number ${photometric})`;
  if (!isPlain(image)) return null; // as JPEG has it
  // Without JPEG the general decoder turns YCbCr into RGB only where the colours have fewer samples than the light.
  const [across = 2, down = 2] = (await image.fileDirectory.loadValue('YCbCrSubSampling')) ?? [];
  const isThinned = across * down > 1 && image.getBitsPerSample() === 8;
  return isThinned ? null : 'YCbCr in every pixel, without JPEG compression';
}

/** Errors: unsupported (samples that would be shown as other colours than they stand for), with what they are. */
export async function assertKnownColours(image: GeoTIFFImage, subject: string): Promise<void> {
  const what = await foreignColours(image);
  if (what === null) return;
  throw new AppError(
    'unsupported',
    `${subject} is a TIFF whose samples are ${what}, which Graft does not read. Save it again as RGB or as grey levels.`,
    { subject },
  );
}

/** 'shown': as an image; 'stored': as a mask. */
export type Reading = 'shown' | 'stored';

export interface Meaning {
  readonly channels: number;
  readonly notes: readonly string[];
  /** From samples as stored, [pixels, kept], to [pixels, channels]. */
  apply(samples: Samples): Samples;
}

/** Integers of up to 16 bits are kept as such; everything else becomes floating point. */
export function depthOf({ format, bits }: SampleKind): DecodedImage['bitDepth'] {
  const most = Math.max(...bits);
  if (format !== 'unsigned' || most > 16) return 32;
  return most <= 8 ? 8 : 16;
}

/** Of a file that shows 0 as white. */
export const WHITE_STORED = 'the file shows 0 as white; its values are read as stored';
const WHITE_TURNED = 'the file shows 0 as white: samples were turned round, so that 0 is black';

/** `kept`: channels that are no alpha. Errors: Error, where a colour table is missing or cut off. */
export async function meaningOf(
  image: GeoTIFFImage,
  of: { readonly kind: SampleKind; readonly kept: number; readonly reading: Reading },
): Promise<Meaning> {
  const { kind, kept, reading } = of;
  const photometric = photometricOf(image);
  if (photometric === COLOUR_TABLE) return withColourTable(image, of);
  const bits = kind.bits.slice(0, kept);
  const isInteger = depthOf(kind) < 32;
  const isWhiteZero = photometric === WHITE_IS_ZERO;
  const isTurned = isWhiteZero && isInteger && reading === 'shown';
  const notes = isWhiteZero ? [isTurned ? WHITE_TURNED : WHITE_STORED] : [];
  const isSpread = reading === 'shown' && isInteger && bits.some((n) => n < 8);
  if (!isTurned && !isSpread) return { channels: kept, notes, apply: (samples) => samples };
  const tables = bits.map((n, channel) => {
    const most = 2 ** n - 1;
    const scale = n < 8 ? 255 / most : 1;
    // The tag speaks of the one grey channel; what stands beside it is stored as it is.
    const turned = isTurned && channel === 0;
    return Uint16Array.from({ length: most + 1 }, (_, v) =>
      Math.round(scale * (turned ? most - v : v)),
    );
  });
  return {
    channels: kept,
    notes,
    apply(samples) {
      const out = samples.slice();
      for (let i = 0; i < out.length; i++) out[i] = tables[i % kept]?.[samples[i] ?? 0] ?? 0;
      return out;
    },
  };
}

async function withColourTable(
  image: GeoTIFFImage,
  {
    kind,
    kept,
    reading,
  }: { readonly kind: SampleKind; readonly kept: number; readonly reading: Reading },
): Promise<Meaning> {
  const notes = kept === 1 ? [] : [`${kept - 1} channel(s) beside the colour table dropped`];
  const indices = (samples: Samples) =>
    kept === 1 ? samples : samples.filter((_, i) => i % kept === 0);
  if (reading === 'stored') return { channels: 1, notes, apply: indices };
  const size = 2 ** (kind.bits[0] ?? 8);
  const stored = await image.fileDirectory.loadValue('ColorMap');
  if (stored === undefined || stored.length < 3 * size) {
    throw new Error('its colour table is missing or cut off');
  }
  const values = Array.from(stored, Number);
  // Colours have 16 bits; some old programs write them with 8.
  const shift = values.some((value) => value > 255) ? 8 : 0;
  const table = Uint8Array.from(values, (value) => value >> shift);
  const [red, green, blue] = [0, 1, 2].map((c) => table.subarray(c * size, (c + 1) * size));
  const isGrey = table.subarray(0, size).every((v, i) => v === green?.[i] && v === blue?.[i]);
  return {
    channels: isGrey ? 1 : 3,
    notes,
    apply(samples) {
      const own = indices(samples);
      if (isGrey) return Uint8Array.from(own, (index) => red?.[index] ?? 0);
      const out = samplesOf(8, 3 * own.length);
      for (let i = 0; i < own.length; i++) {
        const index = own[i] ?? 0;
        out[3 * i] = red?.[index] ?? 0;
        out[3 * i + 1] = green?.[index] ?? 0;
        out[3 * i + 2] = blue?.[index] ?? 0;
      }
      return out;
    },
  };
}
