/**
 * Decodes masks: pixel values as stored (palette indices, grey levels, colours), never as shown.
 * Which value is which class is decided by import/mask-values.ts.
 */
import { decode } from 'fast-png';
import { countTransparent } from './alpha.ts';
import { decodeStored, type SizeListener, type StoredImage } from './decode.ts';
import { type AlphaSamples, unreadableImage } from './decoded-image.ts';
import type { DecodedMask, MaskAlpha } from './decoded-mask.ts';
import { FloatChanges } from './float-changes.ts';
import { readMetadata } from './general-decoder.ts';
import { bytesOf, type ImageFile } from './image-file.ts';
import { formatOf } from './image-format.ts';
import { lossesOf, thresholded } from './lossy-mask.ts';
import { notAMask } from './mask-error.ts';
import { evidenceOf, type ValueEvidence } from './mask-evidence.ts';
import { orientationNote, upright } from './orientation.ts';
import { unpacked } from './packed-bits.ts';
import { checkedPng } from './png-size.ts';

/** A picture has thousands of colours; a mask has as many as it has classes, or its regions make up most of it. */
const MAX_COLOURS = 256;
const MASK_SHARE = 0.5;
/** As masks of black and white have it. */
const FOREGROUND = 255;
/**
 * Values of a mask file's first page, or of `page`. Lossy masks (JPEG, WebP, TIFF with JPEG compression) are thresholded to 0 and 255.
 * Errors: unreadable (empty, damaged, cut off, not an image), unsupported (a picture rather than a mask, fractions, more
 * than two levels in a lossy file, too large), invalid-input (page).
 */
export async function decodeMask(
  file: ImageFile,
  options: { readonly subject: string; readonly page?: number } & SizeListener,
): Promise<DecodedMask> {
  const { subject } = options;
  const format = await formatOf(file, subject);
  if (format === 'png') return decodePngMask(file, options);
  const image = await decodeStored(file, options);
  const { width, height, channels, data, alpha } = image;
  const notes = [...image.notes];
  if (channels !== 1 && channels !== 3) throw notAMask(subject, `it has ${channels} channels`);
  const name = await lossesOf(file, { format, subject, page: options.page ?? 0 });
  if (name !== null) {
    const { values, note } = thresholded(data, { channels, width, name, subject });
    notes.push(note);
    return madeOf({ width, height, kind: 'grey', values, alpha, notes }, subject);
  }
  if (channels === 3) {
    return withColours({ width, height, samples: data, channels: 3, alpha, notes }, subject);
  }
  if (data instanceof Float32Array) {
    const most = largestOf(data, subject);
    const numbers = most < EXACT_NUMBERS ? data : await largeNumbers(image, { most, subject });
    const isAnew = numbers !== data;
    const said = isAnew
      ? [...notes.filter((note) => !FloatChanges.ROUNDING.test(note)), NUMBERED_ANEW]
      : notes;
    if (most > MOST_VALUE) {
      return numberedObjects({ width, height, data: numbers, alpha, notes: said }, subject);
    }
  }
  const values = data instanceof Float32Array ? Uint16Array.from(data) : data;
  const kind = image.isIndexed ? 'index' : 'grey';
  return madeOf({ width, height, kind, values, alpha, notes }, subject);
}

/** Errors: unsupported (a picture's number of colours). */
function madeOf(
  mask: Omit<DecodedMask, keyof ValueEvidence | 'alpha'> & { alpha: AlphaSamples | null },
  subject: string,
): DecodedMask {
  const { width, kind, values, alpha } = mask;
  const evidence = evidenceOf(values, width);
  if (evidence === null || (kind === 'colour' && isPicture(evidence, values.length))) {
    throw notAMask(
      subject,
      `it has more than ${MAX_COLOURS} colours, like a picture or a mask that was smoothed or compressed with losses`,
    );
  }
  return { ...mask, ...evidence, alpha: alpha && maskAlpha(alpha, mask) };
}

function isPicture({ histogram, cores }: ValueEvidence, pixels: number): boolean {
  if (histogram.size <= MAX_COLOURS) return false;
  const inside = [...cores.values()].reduce((sum, n) => sum + n, 0);
  return inside < MASK_SHARE * pixels;
}

function maskAlpha(
  alpha: AlphaSamples,
  { values, width }: Pick<DecodedMask, 'values' | 'width'>,
): MaskAlpha {
  const opaque = alpha instanceof Uint8Array ? 255 : 65_535;
  const evidence = evidenceOf(alpha, width);
  const seen = new Set<number>();
  const behind = new Map<number, number>();
  for (let i = 0; i < alpha.length; i++) {
    const value = values[i] ?? 0;
    if ((alpha[i] ?? 0) > opaque / 2) seen.add(value);
    else behind.set(value, (behind.get(value) ?? 0) + 1);
  }
  let hidden = 0;
  for (const [value, pixels] of behind) if (seen.has(value)) hidden += pixels;
  return { ...evidence, values: alpha, transparent: countTransparent(alpha), hidden };
}

async function decodePngMask(
  file: ImageFile,
  { subject, onSize }: { readonly subject: string } & SizeListener,
): Promise<DecodedMask> {
  const { bytes, mayBeTurned, ...size } = await checkedPng(await bytesOf(file), subject);
  onSize?.(size);
  // IHDR is always first; interlacing stands at byte 28.
  const isInterlaced = bytes[28] !== 0;
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (error) {
    throw unreadableImage(subject, error);
  }
  const { channels, depth } = png;
  if (depth < 8 && isInterlaced) {
    throw notAMask(subject, `it is interlaced with ${depth} bits a pixel`);
  }
  // As its image is turned by what the file says, so is the mask.
  const { orientation = 1 } = mayBeTurned ? await readMetadata(file, subject, 0) : {};
  const samples = depth < 8 ? unpacked(png.data, { ...size, depth }) : png.data;
  const plain = samples instanceof Uint8ClampedArray ? Uint8Array.from(samples) : samples;
  const stored = { width: png.width, height: png.height, channels, data: plain };
  const { width, height, data } = upright(stored, orientation);
  const notes = [orientationNote(orientation)].filter((note) => note !== undefined);
  const hasAlpha = channels === 2 || channels === 4;
  const alpha = hasAlpha ? planeOf(data, { channels, channel: channels - 1, depth }) : null;
  if (channels >= 3) {
    return withColours({ width, height, samples: data, channels, alpha, notes }, subject);
  }
  const values = planeOf(data, { channels, channel: 0, depth });
  const kind = png.palette === undefined ? 'grey' : 'index';
  return madeOf({ width, height, kind, values, alpha, notes }, subject);
}

/** One of several interleaved channels. */
function planeOf(
  samples: { readonly [i: number]: number; readonly length: number },
  { channels, channel, depth }: { channels: number; channel: number; depth: number },
): Uint8Array | Uint16Array {
  const pixels = samples.length / channels;
  const out = depth === 16 ? new Uint16Array(pixels) : new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) out[i] = samples[i * channels + channel] ?? 0;
  return out;
}

/**
 * Colours as 0xRRGGBB; where every pixel is grey, grey levels of 8 or 16 bits. Errors: unsupported (colours of 16 bits
 * that 8 do not hold, fractions).
 */
function withColours(
  image: {
    width: number;
    height: number;
    samples: ColourSamples;
    channels: number;
    alpha: AlphaSamples | null;
    notes: string[];
  },
  subject: string,
): DecodedMask {
  const { width, height, samples, channels, alpha, notes } = image;
  const colours = new Uint32Array(width * height);
  const toBytes = byteOf(image, subject);
  let grey = true;
  for (let p = 0; p < colours.length; p++) {
    const r = samples[p * channels] ?? 0;
    const g = samples[p * channels + 1] ?? 0;
    const b = samples[p * channels + 2] ?? 0;
    grey &&= r === g && g === b;
    colours[p] = (toBytes(r) << 16) | (toBytes(g) << 8) | toBytes(b);
  }
  const levels = () => planeOf(samples, { channels, channel: 0, depth: depthOf(samples) });
  const kind = grey ? 'grey' : 'colour';
  return madeOf({ width, height, kind, values: grey ? levels() : colours, alpha, notes }, subject);
}

interface ColourSamples {
  readonly [i: number]: number;
  readonly length: number;
  readonly BYTES_PER_ELEMENT?: number;
}

const depthOf = ({ BYTES_PER_ELEMENT: bytes = 1 }: ColourSamples): 8 | 16 => (bytes === 1 ? 8 : 16);

/** Steps of 16 bits between two of 8. */
const WIDE_STEP = 257;

/**
 * Sample to 0 … 255. Colours of 16 bits are read where nothing is lost: those that were made of 8 bits, grey levels, and
 * one colour throughout, beside which only alpha can say anything.
 */
function byteOf(
  { samples, channels }: { samples: ColourSamples; channels: number },
  subject: string,
): (sample: number) => number {
  if (samples instanceof Float32Array) throw notAMask(subject, 'its colours are fractions');
  if (depthOf(samples) === 8) return (sample) => sample;
  let [isWidened, isGrey, isOne] = [true, true, true];
  for (let p = 0; p < samples.length; p += channels) {
    const first = samples[p] ?? 0;
    for (let c = 0; c < 3; c++) {
      const sample = samples[p + c] ?? 0;
      isWidened &&= sample % WIDE_STEP === 0;
      isGrey &&= sample === first;
      isOne &&= sample === samples[c];
    }
  }
  if (!isWidened && !isGrey && !isOne) throw notAMask(subject, 'its colours have 16 bits');
  return (sample) => sample >> 8;
}

/** Values of a mask; whole numbers beyond can only number objects. */
const MOST_VALUE = 65_535;
/** From here on, 32-bit floating point does not tell whole numbers apart. */
const EXACT_NUMBERS = 2 ** 24;
const NUMBERED_ANEW =
  'its objects have numbers of more than 24 bits: they are numbered anew, from 1';

/** The largest sample. Errors: unsupported, where one is no whole number. */
function largestOf(samples: Float32Array, subject: string): number {
  let most = 0;
  for (const value of samples) {
    if (!Number.isInteger(value) || value < 0) {
      throw notAMask(subject, `it holds ${value}, which is no class and no object`);
    }
    if (value > most) most = value;
  }
  return most;
}

/** Objects whose numbers are told apart only as they are stored, numbered from 1 in their order. Errors: unsupported. */
async function largeNumbers(
  { numbers }: Pick<StoredImage, 'numbers'>,
  { most, subject }: { readonly most: number; readonly subject: string },
): Promise<Uint32Array> {
  const stored = (await numbers?.()) ?? null;
  if (stored === null) {
    throw notAMask(
      subject,
      `its objects have numbers up to ${most}, which cannot be told apart as it holds them. Number them from 1`,
    );
  }
  const known = new Set(stored);
  known.delete(0);
  const anew = new Map([...known].sort((a, b) => a - b).map((number, i) => [number, i + 1]));
  return stored.map((number) => anew.get(number) ?? 0);
}

/** A mask whose values can only be numbers of objects: foreground, and which object each pixel belongs to. */
function numberedObjects(
  mask: {
    readonly width: number;
    readonly height: number;
    readonly data: Float32Array | Uint32Array;
    readonly alpha: AlphaSamples | null;
    readonly notes: readonly string[];
  },
  subject: string,
): DecodedMask {
  const { width, height, data, alpha, notes } = mask;
  const objects = Uint32Array.from(data);
  const count = new Set(objects).size - (objects.includes(0) ? 1 : 0);
  const note = `its ${count} values number objects: each is kept apart, all of one class`;
  const values = Uint8Array.from(objects, (number) => (number === 0 ? 0 : FOREGROUND));
  const whole = { width, height, kind: 'grey', values, alpha, notes: [...notes, note] } as const;
  return { ...madeOf(whole, subject), objects, isNumbered: true };
}
