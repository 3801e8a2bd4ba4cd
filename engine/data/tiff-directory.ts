/** The directories of a TIFF, each with the few fields that tell what its pages are. No pixel is read. */
import type { ImageFile } from './image-file.ts';
import { unreadableImage } from './decoded-image.ts';

export interface TiffDirectory {
  /** Of an image of its own, of a smaller copy of another, or of what is transparent in another. */
  readonly kind: 'image' | 'reduced' | 'transparency';
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  /** What a sample is, as OME calls it: 'uint16', 'float', 'bit'; null: of a kind that OME has no word for, or not looked up. */
  readonly sampleType: string | null;
  /** ImageDescription; of the first directory only, else ''. */
  readonly description: string;
  /** Pixels a unit; of the first directory only, else null. `unit` null: of none that TIFF knows. */
  readonly resolution: {
    readonly x: number;
    readonly y: number;
    readonly unit: 'inch' | 'cm' | null;
  } | null;
  /** Directories that hang on this one. */
  readonly subDirectories: number;
  /** Planes that MetaMorph's tag counts, else 1. */
  readonly planes: number;
}

const LITTLE_ENDIAN = 0x4949; // 'II'
const BIG_TIFF = 43;

// TIFF 6.0 tags, and one of MetaMorph.
const NEW_SUBFILE_TYPE = 254;
const SUBFILE_TYPE = 255;
const IMAGE_WIDTH = 256;
const IMAGE_LENGTH = 257;
const BITS_PER_SAMPLE = 258;
const IMAGE_DESCRIPTION = 270;
const SAMPLES_PER_PIXEL = 277;
const X_RESOLUTION = 282;
const Y_RESOLUTION = 283;
const RESOLUTION_UNIT = 296;
const SUB_IFDS = 330;
const SAMPLE_FORMAT = 339;
const UIC2 = 33_629;

/** Bits of NewSubfileType, and the one value of the old tag that says the same. */
const REDUCED = 1;
const TRANSPARENCY = 4;
const OLD_REDUCED = 2;

/** Fields that are read as a whole: nothing is reserved for more of them than the file can hold. */
const NEEDED: ReadonlySet<number> = new Set([
  ...[
    IMAGE_WIDTH,
    IMAGE_LENGTH,
    BITS_PER_SAMPLE,
    259,
    262,
    266,
    273,
    274,
    SAMPLES_PER_PIXEL,
    278,
    279,
  ],
  ...[284, 317, 320, 322, 323, 324, 325, 338, SAMPLE_FORMAT],
]);

const SHORT = 3;
/** By type; 1 of those that are not known. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  ...{ [SHORT]: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8 },
};
/** An OME description of a large screen has some MB. */
const MOST_TEXT_BYTES = 2 ** 25;

interface Entry {
  readonly type: number;
  readonly count: number;
  /** Of the value, where it is one small number. */
  readonly value: number;
  /** Of the value in the file. */
  readonly at: number;
}

async function viewOf(file: ImageFile, at: number, length: number): Promise<DataView> {
  const bytes = await file.read(at, length);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * In the order of their chain. Walked here, because a damaged or hostile file may lead in circles.
 * Errors: unreadable.
 */
export async function readDirectories(file: ImageFile, subject: string): Promise<TiffDirectory[]> {
  try {
    const head = await viewOf(file, 0, 16);
    const little = head.getUint16(0) === LITTLE_ENDIAN;
    const big = head.getUint16(2, little) === BIG_TIFF;
    const offsetIn = (view: DataView, at: number) =>
      big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
    const [countBytes, entryBytes, offsetBytes] = big ? [8, 20, 8] : [2, 12, 4];
    const directories: TiffDirectory[] = [];
    const seen = new Set<number>();
    let walked = 0;
    let at = offsetIn(head, big ? 8 : 4);
    while (at !== 0) {
      if (seen.has(at)) throw new RangeError('its pages lead in a circle');
      seen.add(at);
      const counted = await viewOf(file, at, countBytes);
      const count = big ? Number(counted.getBigUint64(0, little)) : counted.getUint16(0, little);
      const length = count * entryBytes + offsetBytes;
      walked += length;
      if (at + length > file.sizeBytes) throw new RangeError('a directory is cut off');
      if (walked > file.sizeBytes) throw new RangeError('its directories lie in one another');
      const view = await viewOf(file, at + countBytes, length);
      const entries = new Map<number, Entry>();
      for (let i = 0; i < count; i++) {
        const from = i * entryBytes;
        const type = view.getUint16(from + 2, little);
        const valueAt = from + (big ? 12 : 8);
        const value =
          type === SHORT ? view.getUint16(valueAt, little) : view.getUint32(valueAt, little);
        const number = big
          ? Number(view.getBigUint64(from + 4, little))
          : view.getUint32(from + 4, little);
        const inPlace = number * (TYPE_BYTES[type] ?? 1) <= offsetBytes;
        const tag = view.getUint16(from, little);
        const entry = {
          ...{ type, value },
          count: number,
          at: inPlace ? at + countBytes + valueAt : offsetIn(view, valueAt),
        };
        if (NEEDED.has(tag) && number * (TYPE_BYTES[type] ?? 1) > file.sizeBytes) {
          throw new RangeError(`its field ${tag} is larger than the file`);
        }
        // Of two values some readers take the first and others the last: which is meant is nobody's to guess.
        const other = entries.get(tag);
        if (
          other !== undefined &&
          NEEDED.has(tag) &&
          (entry.count > 1 || other.count > 1 || other.value !== entry.value)
        ) {
          throw new RangeError(`its field ${tag} stands there twice, with two values`);
        }
        entries.set(tag, entry);
      }
      const isFirst = directories.length === 0;
      directories.push(await directoryOf(file, entries, { isFirst, little }));
      at = offsetIn(view, count * entryBytes);
    }
    return directories;
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

async function directoryOf(
  file: ImageFile,
  entries: ReadonlyMap<number, Entry>,
  { isFirst, little }: { readonly isFirst: boolean; readonly little: boolean },
): Promise<TiffDirectory> {
  const valueOf = (tag: number, otherwise: number) => entries.get(tag)?.value ?? otherwise;
  const type = valueOf(NEW_SUBFILE_TYPE, 0);
  const isReduced = (type & REDUCED) !== 0 || valueOf(SUBFILE_TYPE, 0) === OLD_REDUCED;
  const text = isFirst ? entries.get(IMAGE_DESCRIPTION) : undefined;
  return {
    kind: (type & TRANSPARENCY) !== 0 ? 'transparency' : isReduced ? 'reduced' : 'image',
    width: valueOf(IMAGE_WIDTH, 0),
    height: valueOf(IMAGE_LENGTH, 0),
    samples: valueOf(SAMPLES_PER_PIXEL, 1),
    sampleType: sampleTypeOf(entries),
    description: text === undefined ? '' : await textOf(file, text),
    resolution: isFirst ? await resolutionOf(file, entries, little) : null,
    subDirectories: entries.get(SUB_IFDS)?.count ?? 0,
    planes: Math.max(1, entries.get(UIC2)?.count ?? 1),
  };
}

/** OME's words by SampleFormat; with sizes in bits where the word has one. */
const SAMPLE_WORDS: Readonly<Record<number, readonly [number, string][]>> = {
  1: [
    [1, 'bit'],
    [8, 'uint8'],
    [16, 'uint16'],
    [32, 'uint32'],
  ],
  2: [
    [8, 'int8'],
    [16, 'int16'],
    [32, 'int32'],
  ],
  3: [
    [32, 'float'],
    [64, 'double'],
  ],
};

/** 12 bits are uint16: OME calls what is stored by what holds it. */
function sampleTypeOf(entries: ReadonlyMap<number, Entry>): string | null {
  const [bits, format] = [entries.get(BITS_PER_SAMPLE), entries.get(SAMPLE_FORMAT)];
  // Of more samples than two the values stand elsewhere; they are of one type in all but odd files.
  if (bits === undefined || bits.count > 2 || (format?.count ?? 1) > 2) return null;
  const words = SAMPLE_WORDS[format?.value ?? 1] ?? [];
  return words.find(([most]) => bits.value <= most)?.[1] ?? null;
}

const RATIONAL = 5;
const INCH = 2;
const CENTIMETRE = 3;

/** null where it is not said, or is no number of pixels. */
async function resolutionOf(
  file: ImageFile,
  entries: ReadonlyMap<number, Entry>,
  little: boolean,
): Promise<TiffDirectory['resolution']> {
  const ratio = async (tag: number) => {
    const entry = entries.get(tag);
    if (entry?.type !== RATIONAL || entry.count !== 1 || entry.at + 8 > file.sizeBytes) return 0;
    const view = await viewOf(file, entry.at, 8);
    return view.getUint32(0, little) / view.getUint32(4, little);
  };
  const [x, y] = [await ratio(X_RESOLUTION), await ratio(Y_RESOLUTION)];
  const isOne = (value: number) => value > 0 && Number.isFinite(value);
  if (!isOne(x) || !isOne(y)) return null;
  // Where the unit is left out, TIFF 6.0 means inches.
  const unit = entries.get(RESOLUTION_UNIT)?.value ?? INCH;
  return { x, y, unit: unit === INCH ? 'inch' : unit === CENTIMETRE ? 'cm' : null };
}

async function textOf(file: ImageFile, { at, count }: Entry): Promise<string> {
  const bytes = await file.read(at, Math.min(count, MOST_TEXT_BYTES));
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, '');
}
