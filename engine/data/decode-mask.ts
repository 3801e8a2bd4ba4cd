/**
 * Decodes masks: pixel values as stored (palette indices, grey levels, colours), never as shown.
 * Which value is which class is decided by import/mask-values.ts.
 */
import { decode } from 'fast-png';
import { AppError } from '../../shared/errors.ts';
import { decodeStored, formatOf } from './decode.ts';
import {
  assertWithinLimits,
  DEFAULT_LIMITS,
  type Samples,
  unreadableImage,
} from './decoded-image.ts';
import { bytesOf, type ImageFile } from './image-file.ts';

/** index: palette indices; grey: levels of 8 or 16 bits; colour: 0xRRGGBB. */
export type MaskKind = 'index' | 'grey' | 'colour';

export interface DecodedMask {
  readonly width: number;
  readonly height: number;
  readonly kind: MaskKind;
  /** [height, width] */
  readonly values: Uint8Array | Uint16Array | Uint32Array;
  /** Value → number of its pixels. */
  readonly histogram: ReadonlyMap<number, number>;
  /** What was dropped or changed on the way, in words. */
  readonly notes: readonly string[];
}

/** A picture has thousands of colours; a mask has as many as it has classes. */
const MAX_COLOURS = 256;
/** Lossy masks are black and white with blurred edges: above this is white. */
const LOSSY_THRESHOLD = 127;
/** Colour differences that JPEG adds to grey pixels. */
const LOSSY_TINT = 24;

/** '#rrggbb' of a colour mask, else the number. */
export const maskValueName = (kind: MaskKind, value: number): string =>
  kind === 'colour' ? `#${value.toString(16).padStart(6, '0')}` : String(value);

/**
 * Values of a mask file's first page, or of `page`. JPEG masks are thresholded to 0 and 255.
 * Errors: unreadable (empty, damaged, cut off, not an image), unsupported (a picture rather than a
 * mask, fractions, too large), invalid-input (page).
 */
export async function decodeMask(
  file: ImageFile,
  options: { readonly subject: string; readonly page?: number },
): Promise<DecodedMask> {
  const { subject } = options;
  const format = await formatOf(file, subject);
  if (format === 'png') return decodePngMask(await bytesOf(file), subject);
  const image = await decodeStored(file, options);
  const { width, height } = image;
  const notes = [...image.notes];
  if (image.channels !== 1 && image.channels !== 3) {
    throw notAMask(subject, `it has ${image.channels} channels`);
  }
  if (format === 'jpeg') {
    const values = thresholded(image.data, image.channels, subject);
    notes.push(`JPEG mask: values are lossy, taken as 255 above ${LOSSY_THRESHOLD} and as 0 below`);
    return { width, height, kind: 'grey', values, histogram: histogramOf(values, subject), notes };
  }
  if (image.channels === 3) {
    if (!(image.data instanceof Uint8Array)) throw notAMask(subject, 'its colours have 16 bits');
    return withColours({ width, height, samples: image.data, channels: 3, notes }, subject);
  }
  const values = image.data instanceof Float32Array ? integers(image.data, subject) : image.data;
  const kind = image.isIndexed ? 'index' : 'grey';
  return { width, height, kind, values, histogram: histogramOf(values, subject), notes };
}

function notAMask(subject: string, reason: string): AppError {
  return new AppError(
    'unsupported',
    `${subject} cannot be read as a mask: ${reason}. Save masks as PNG with one value per class.`,
    { subject },
  );
}

function decodePngMask(bytes: Uint8Array, subject: string): DecodedMask {
  // IHDR is always first: width and height at bytes 16 and 20, interlacing at 28.
  if (bytes.length < 33) throw unreadableImage(subject, new Error('the header is cut off'));
  const header = new DataView(bytes.buffer, bytes.byteOffset, 33);
  assertWithinLimits(
    { width: header.getUint32(16), height: header.getUint32(20) },
    subject,
    DEFAULT_LIMITS,
  );
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (error) {
    throw unreadableImage(subject, error);
  }
  const { width, height, channels, depth, data } = png;
  if (depth < 8 && header.getUint8(28) !== 0) {
    throw notAMask(subject, `it is interlaced with ${depth} bits a pixel`);
  }
  const notes: string[] = [];
  if (channels >= 3) {
    if (depth === 16) throw notAMask(subject, 'its colours have 16 bits');
    if (channels === 4) notes.push('alpha channel dropped');
    return withColours({ width, height, samples: data, channels, notes }, subject);
  }
  let values: Uint8Array | Uint16Array;
  if (depth < 8) values = unpacked(data, { width, height, depth });
  else {
    values = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
    for (let i = 0; i < values.length; i++) values[i] = data[i * channels] ?? 0;
  }
  if (channels === 2) notes.push('alpha channel dropped');
  return {
    width,
    height,
    kind: png.palette === undefined ? 'grey' : 'index',
    values,
    histogram: histogramOf(values, subject),
    notes,
  };
}

/** Values of 1, 2 or 4 bits, rows starting at a byte. */
function unpacked(
  packed: { readonly [i: number]: number },
  size: { width: number; height: number; depth: number },
): Uint8Array {
  const { width, height, depth } = size;
  const out = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  const mask = (1 << depth) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = packed[y * rowBytes + (bit >> 3)] ?? 0;
      out[y * width + x] = (byte >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return out;
}

/** Colours as 0xRRGGBB; where every pixel is grey, grey levels. */
function withColours(
  image: {
    width: number;
    height: number;
    samples: { readonly [i: number]: number };
    channels: number;
    notes: string[];
  },
  subject: string,
): DecodedMask {
  const { width, height, samples, channels, notes } = image;
  const colours = new Uint32Array(width * height);
  let grey = true;
  for (let p = 0; p < colours.length; p++) {
    const r = samples[p * channels] ?? 0;
    const g = samples[p * channels + 1] ?? 0;
    const b = samples[p * channels + 2] ?? 0;
    grey &&= r === g && g === b;
    colours[p] = (r << 16) | (g << 8) | b;
  }
  const values = grey ? Uint8Array.from(colours, (rgb) => rgb & 255) : colours;
  const kind = grey ? 'grey' : 'colour';
  return { width, height, kind, values, histogram: histogramOf(values, subject), notes };
}

/** Value → number of its pixels, by value. Errors: unsupported (a picture's number of colours). */
export function histogramOf(
  values: Uint8Array | Uint16Array | Uint32Array,
  subject: string,
): Map<number, number> {
  const counts = new Map<number, number>();
  let start = 0;
  while (start < values.length) {
    const value = values[start] ?? 0;
    let end = start + 1;
    while (end < values.length && values[end] === value) end++;
    counts.set(value, (counts.get(value) ?? 0) + end - start);
    if (values instanceof Uint32Array && counts.size > MAX_COLOURS) {
      throw notAMask(subject, `it has more than ${MAX_COLOURS} colours, like a picture`);
    }
    start = end;
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}

function thresholded(samples: Samples, channels: number, subject: string): Uint8Array {
  const out = new Uint8Array(samples.length / channels);
  let tinted = 0;
  for (let p = 0; p < out.length; p++) {
    const r = samples[p * channels] ?? 0;
    const g = samples[p * channels + (channels >> 1)] ?? 0;
    const b = samples[p * channels + channels - 1] ?? 0;
    if (Math.max(r, g, b) - Math.min(r, g, b) > LOSSY_TINT) tinted++;
    out[p] = g > LOSSY_THRESHOLD ? 255 : 0;
  }
  // Chroma subsampling tints a few pixels at edges; a coloured mask has whole regions.
  if (tinted > out.length / 100) {
    throw notAMask(subject, 'it is a JPEG with colours, which JPEG does not keep');
  }
  return out;
}

function integers(samples: Float32Array, subject: string): Uint16Array {
  return Uint16Array.from(samples, (value) => {
    if (!Number.isInteger(value) || value < 0 || value > 65_535) {
      throw notAMask(subject, `it holds ${value}, which is no class`);
    }
    return value;
  });
}
