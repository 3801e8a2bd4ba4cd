/**
 * Masks in files that were compressed with losses: black and white can be told from them, numbers cannot, and are refused as
 * what they are.
 */
import type { ImageFormat } from './image-format.ts';
import type { Samples } from './decoded-image.ts';
import { fileInMemory, type ImageFile } from './image-file.ts';
import { notAMask } from './mask-error.ts';
import { evidenceOf } from './mask-evidence.ts';
import { inWords } from '../../shared/sentences.ts';
import { blockHead, compressionOf, WEBP } from './tiff-blocks.ts';
import { withPage } from './tiff-pages.ts';

/** Lossy masks are black and white with blurred edges: above this is white. */
const LOSSY_THRESHOLD = 127;
/** Colour differences that lossy compression adds to grey pixels. */
const LOSSY_TINT = 24;
/** Levels from black and from white within which a lossy mask is two-valued. */
const LOSSY_NOISE = 64;
/** Lossy masks with regions of other levels than black and white have this share of them; beside white, a smaller one is named. */
const LEVELS_SHARE = 0.01;
const BESIDE_WHITE = 0.03;
interface Evenness {
  /** Levels from black and from white that are neither. */
  readonly from: number;
  /** How far around a pixel is looked, in pixels: a cross of 1, or a square of 5 by 5. */
  readonly around: readonly (readonly [number, number])[];
  /** Levels by which losses change the inside of an even region. */
  readonly range: number;
}

/** Smoothed edges are steeper, unless they were enlarged twentyfold. */
const EVEN: Evenness = {
  from: LOSSY_NOISE,
  around: [
    [0, 0],
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ],
  range: 24,
};

const SQUARE = Array.from({ length: 25 }, (_, i) => [(i % 5) - 2, Math.floor(i / 5) - 2] as const);
/**
 * Regions too small to be told by their share, in the middle and near black or white. Neither ringing nor smoothed or
 * enlarged edges of black and white (up to fourfold, JPEG of quality 30 to 90) leave any such pixel.
 */
const FLAT: readonly Evenness[] = [
  { from: LOSSY_NOISE, around: SQUARE, range: 24 },
  { from: 24, around: SQUARE, range: 16 },
];
const LEAST_FLAT = 4;

const LISTED = 3;

/** Name of the chunk of a WebP file that was compressed with losses, and where its chunks begin. */
const LOSSY_WEBP = 'VP8 ';
const CHUNKS_OF_WEBP = 12;

/** Compressions of TIFF that change values: JPEG, old and new, lossy JPEG of DNG. */
const LOSSY_TIFF: readonly number[] = [6, 7, 34_892];

/** What changed a file's values, where its compression did: JPEG, WebP and TIFF that say so, WebP in TIFF included. Errors: unreadable. */
export async function lossesOf(
  file: ImageFile,
  { format, subject, page }: { format: ImageFormat; subject: string; page: number },
): Promise<string | null> {
  if (format === 'jpeg') return 'JPEG';
  if (format === 'webp') return (await isLossyWebp(file)) ? 'WebP' : null;
  if (format !== 'tiff') return null;
  return withPage(file, { subject, page }, async (image) => {
    const compression = compressionOf(image);
    if (LOSSY_TIFF.includes(compression)) return 'TIFF with JPEG compression';
    if (compression !== WEBP) return null;
    const head = fileInMemory(await blockHead(image, file, WEBP_HEAD));
    return (await isLossyWebp(head)) ? 'TIFF with WebP compression' : null;
  });
}

/** Chunks of a WebP file that stand before its pixels fit into this. */
const WEBP_HEAD = 4096;

async function isLossyWebp(file: Pick<ImageFile, 'read' | 'sizeBytes'>): Promise<boolean> {
  for (let at = CHUNKS_OF_WEBP; at + 8 <= file.sizeBytes;) {
    const head = await file.read(at, 8);
    if (String.fromCharCode(...head.subarray(0, 4)) === LOSSY_WEBP) return true;
    const size = new DataView(head.buffer, head.byteOffset, 8).getUint32(4, true);
    at += 8 + size + (size % 2);
  }
  return false;
}

/**
 * 0 and 255, and what was changed for that, in words. Errors: unsupported, where the file holds more than black and white,
 * which losses have changed for good.
 */
export function thresholded(
  samples: Samples,
  options: { channels: number; width: number; name: string; subject: string },
): { readonly values: Uint8Array; readonly note: string } {
  const { channels, width, name, subject } = options;
  const grey = new Uint8Array(samples.length / channels);
  let tinted = 0;
  let most = 0;
  for (let p = 0; p < grey.length; p++) {
    const r = samples[p * channels] ?? 0;
    const g = samples[p * channels + (channels >> 1)] ?? 0;
    const b = samples[p * channels + channels - 1] ?? 0;
    if (Math.max(r, g, b) - Math.min(r, g, b) > LOSSY_TINT) tinted++;
    grey[p] = g;
    most = Math.max(most, g);
  }
  // Chroma subsampling tints a few pixels at edges; a coloured mask has whole regions.
  if (tinted > grey.length / 100) {
    throw notAMask(subject, `it is a ${name} with colours, which ${name} does not keep`);
  }
  if (most > 0 && most <= LOSSY_THRESHOLD) {
    throw notAMask(
      subject,
      `it is a ${name} whose values reach only ${most} of 255, so class numbers rather than black and white, and ${name} does not keep numbers`,
    );
  }
  const { cores } = evidenceOf(grey, width);
  const between = evenPixels(grey, width, EVEN);
  if (between > LEVELS_SHARE * grey.length) {
    throw notAMask(
      subject,
      `it is a ${name} with regions of other levels than black and white, which ${name} does not keep`,
    );
  }
  const white = grey.reduce((sum, value) => sum + Number(value > LOSSY_THRESHOLD), 0);
  const few = name.includes('JPEG') ? lowLevels(cores, LEVELS_SHARE * grey.length) : [];
  const flat =
    few.length > 0 ? 0 : Math.max(...FLAT.map((evenness) => evenPixels(grey, width, evenness)));
  const others = [
    ...(few.length === 0 ? [] : [`regions of ${inWords(few)}, which become 0`]),
    ...(between <= BESIDE_WHITE * white && flat < LEAST_FLAT
      ? []
      : [
          `even grey between black and white (${Math.max(between, flat)} px), which is cut at ${LOSSY_THRESHOLD}`,
        ]),
  ];
  const doubt =
    others.length === 0
      ? ''
      : `; but it has ${inWords(others)}: if these are classes, save the mask as PNG`;
  return {
    values: grey.map((value) => (value > LOSSY_THRESHOLD ? 255 : 0)),
    note: `${name} mask: values are lossy, taken as 255 above ${LOSSY_THRESHOLD} and as 0 below${doubt}`,
  };
}

/**
 * Pixels of levels between black and white that lie in even regions: about as bright as those around them. Losses leave no
 * two of them quite equal, so that regions of equal values are not to be looked for.
 */
function evenPixels(grey: Uint8Array, width: number, { from, around, range }: Evenness): number {
  const height = grey.length / width;
  let even = 0;
  for (let p = 0; p < grey.length; p++) {
    const value = grey[p] ?? 0;
    if (value <= from || value >= 255 - from) continue;
    const [x, y] = [p % width, Math.floor(p / width)];
    let [least, most] = [value, value];
    for (const [dx, dy] of around) {
      const isInside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
      const other = isInside ? (grey[p + dy * width + dx] ?? 0) : 0;
      least = Math.min(least, other);
      most = Math.max(most, other);
      if (most - least > range) break;
    }
    if (most - least <= range) even++;
  }
  return even;
}

/** The levels near black that have regions beside that of black itself. JPEG keeps black even; WebP does not. */
function lowLevels(cores: ReadonlyMap<number, number>, least: number): string[] {
  const dark = [...cores].filter(([value]) => value <= LOSSY_NOISE);
  const black = dark.reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0])[0];
  const others = dark.filter(([value]) => value !== black);
  if (others.reduce((sum, [, pixels]) => sum + pixels, 0) <= least) return [];
  const largest = others.toSorted(([, a], [, b]) => b - a).slice(0, LISTED);
  return largest.toSorted(([a], [b]) => a - b).map(([value]) => String(value));
}
