/**
 * What a decoded image is, how large it may be, and the errors that every decoder shares.
 * The decoders themselves are decode.ts, tiff.ts and decode-mask.ts.
 */
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError, messageOf } from '../../shared/errors.ts';

export type Samples = Uint8Array | Uint16Array | Float32Array;
/** 0: transparent; 255, or 65,535 of 16 bits: opaque. */
export type AlphaSamples = Uint8Array | Uint16Array;

export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** 8 and 16: unsigned integers; 32: floating point, in the units of the file. */
  readonly bitDepth: 8 | 16 | 32;
  /** [height, width, channels], upright (EXIF orientation applied). */
  readonly data: Samples;
  /** What was dropped or changed on the way, in words: "EXIF orientation 6 applied (…)". */
  readonly notes: readonly string[];
}

/** An image whose header was read. Its pixels are read some rows at a time, and no more of them are kept than a band. */
export interface OpenImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bitDepth: DecodedImage['bitDepth'];
  /** Rows top … top + count − 1, as DecodedImage.data has them. Errors: unreadable. */
  rows(top: number, count: number): Promise<Samples>;
  /**
   * Pixels, of the rows that were read, whose transparency was left out with an alpha channel. null: there is none, or
   * none worth a word.
   */
  transparentPx(): number | null;
  /**
   * Reads all of it once, from the top, some whole rows at a time: what was dropped or changed on the way
   * (DecodedImage.notes). Errors: unreadable; those of `visit`.
   */
  readThrough(visit: (rows: Samples) => void): Promise<readonly string[]>;
}

/** What of an opened image is known without reading it, and its rows. */
export type ImageOfRows = Pick<OpenImage, 'width' | 'height' | 'channels' | 'bitDepth' | 'rows'>;

/** Where rows come from. */
export interface RowReader extends Omit<OpenImage, 'rows' | 'readThrough'> {
  /** Whether its samples are numbers of colours in a table: as a mask, classes. */
  readonly isIndexed?: boolean;
  /** Whether some rows cannot be had without all. */
  readonly wholeOnly: boolean;
  read(top: number, count: number): Promise<Samples>;
  /** DecodedImage.notes but for alpha, once every row was read once. */
  notes(): readonly string[];
  /** All of the alpha channel that `read` leaves out, [height, width]; undefined where the file has none. */
  readonly alpha?: () => Promise<AlphaSamples>;
  /**
   * All of one channel of whole numbers that `read` rounds to floating point, as they are stored, [height, width]; null
   * where one of them needs a sign or more than 32 bits.
   */
  readonly numbers?: () => Promise<Uint32Array | null>;
}

export interface PixelLimits {
  readonly maxSidePx: number;
  readonly maxPixels: number;
}

/** 2^28 pixels are 256 MiB of 8-bit grey: what a desktop decodes without swapping. */
export const DEFAULT_LIMITS: PixelLimits = { maxSidePx: 32_768, maxPixels: 2 ** 28 };

/** Throws `unsupported` where an image is larger than the limits, before any pixel is decoded. */
export function assertWithinLimits(
  size: { readonly width: number; readonly height: number },
  subject: string,
  limits: PixelLimits = DEFAULT_LIMITS,
): void {
  const count = (n: number) => n.toLocaleString('en-US');
  const remedy = 'Cut it into tiles, or reduce it, and import those.';
  const { width, height } = size;
  if (Math.max(width, height) > limits.maxSidePx) {
    const side = width >= height ? `${count(width)} px wide` : `${count(height)} px high`;
    throw new AppError(
      'unsupported',
      `${subject} is ${side}; the longest side may have ${count(limits.maxSidePx)} px. ${remedy}`,
      { subject },
    );
  }
  if (width * height > limits.maxPixels) {
    throw new AppError(
      'unsupported',
      `${subject} has ${count(width)} × ${count(height)} px; an image may have ${count(limits.maxPixels)} px in all. ${remedy}`,
      { subject },
    );
  }
}

/** A decoder's complaint as an error that names the file. */
export function unreadableImage(subject: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const deepest = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const message = messageOf(deepest);
  const reason = message.split('\n', 1)[0] ?? '';
  return new AppError(
    'unreadable',
    `${subject} is damaged or cut off (${reason.trim()}). Copy it again from its source, or remove it.`,
    { subject, cause },
  );
}

/**
 * The file alone says how large it is: what a project says of it besides is not believed where both differ.
 * Errors: corrupt.
 */
export function assertSizeAsStored(
  { name, widthPx, heightPx }: Pick<ImageRecord, 'name' | 'widthPx' | 'heightPx'>,
  file: { readonly width: number; readonly height: number },
): void {
  if (file.width === widthPx && file.height === heightPx) return;
  throw new AppError(
    'corrupt',
    `Image ${name} has ${file.width}×${file.height} px, but ${widthPx}×${heightPx} px in the project, which is damaged. Import the image again, or take a backup of the project.`,
    { subject: name },
  );
}

const ARRAYS = { 8: Uint8Array, 16: Uint16Array, 32: Float32Array } as const;

/** Zeros for samples of a depth. */
export const samplesOf = (bitDepth: DecodedImage['bitDepth'], length: number): Samples =>
  new ARRAYS[bitDepth](length);

const depthOf = ({ BYTES_PER_ELEMENT }: Samples): DecodedImage['bitDepth'] =>
  BYTES_PER_ELEMENT === 1 ? 8 : BYTES_PER_ELEMENT === 2 ? 16 : 32;

/** Bytes of an image's samples as they are stored in its file, decoded. */
export const sampleBytes = ({
  widthPx,
  heightPx,
  channels,
  bitDepth,
}: Pick<ImageRecord, 'widthPx' | 'heightPx' | 'channels' | 'bitDepth'>): number =>
  widthPx * heightPx * channels * (bitDepth / 8);

/** Zeros of the depth of other samples. */
export const samplesLike = (samples: Samples, length: number): Samples =>
  samplesOf(depthOf(samples), length);

/** The first `kept` of `channels` interleaved channels. */
export function firstChannels(samples: Samples, channels: number, kept: number): Samples {
  const pixels = samples.length / channels;
  const out = samplesLike(samples, pixels * kept);
  for (let p = 0; p < pixels; p++) {
    for (let c = 0; c < kept; c++) out[p * kept + c] = samples[p * channels + c] ?? 0;
  }
  return out;
}
