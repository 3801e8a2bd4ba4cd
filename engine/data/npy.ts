/**
 * Arrays of NumPy: `.npy`, a header in Python's spelling and values, and `.npz`, a zip of such.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * [height, width]; [height, width, channels] where the last side is at most 4, or up to 16 and far shorter than the others;
 * else [pages, height, width]. What is a guess is said. Arrays of objects are pickles, and refused.
 */
import { unzipSync } from 'fflate';
import { AppError } from '../../shared/errors.ts';
import { unreadableImage } from './decoded-image.ts';
import { isSystemPath } from './system-files.ts';
import {
  ELEMENT_TYPES,
  type ElementTypeName,
  type Side,
  type StoredArray,
} from './stored-array.ts';
import { verbFor } from '../../shared/number-format.ts';

const MAGIC = '\u0093NUMPY';
const VERSION_1 = Buffer.from(`${MAGIC}\u0001\u0000`, 'latin1');
/** Header and values are aligned so. */
const ALIGNMENT = 64;
/** Sides as short as this, where they are the last, are channels. */
const SURELY_CHANNELS = 4;
/** And those as short as this where both others are so many times as long. */
const MOST_CHANNELS = 16;
const FAR_LONGER = 8;
/** A zip of masks, which compress well; beyond that nothing is unpacked. */
const mostUnpacked = (bytes: number): number => 200 * bytes + 2 ** 26;

export interface NpyArray {
  /** Row-major, the slowest first. */
  readonly shape: readonly number[];
  readonly data: Uint8Array | Uint16Array | Uint32Array | Float32Array;
}

function typeOf(data: NpyArray['data']): string {
  if (data instanceof Float32Array) return '<f4';
  if (data instanceof Uint32Array) return '<u4';
  return data instanceof Uint16Array ? '<u2' : '|u1';
}

/** Version 1.0, little-endian. */
export function encodeNpy({ shape, data }: NpyArray): Buffer {
  const sides = shape.length === 1 ? `${shape[0] ?? 0},` : shape.join(', ');
  const words = `{'descr': '${typeOf(data)}', 'fortran_order': False, 'shape': (${sides}), }`;
  const before = VERSION_1.length + 2;
  const padded = Math.ceil((before + words.length + 1) / ALIGNMENT) * ALIGNMENT - before;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded);
  const header = Buffer.from(`${words.padEnd(padded - 1)}\n`, 'latin1');
  const values = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([VERSION_1, length, header, values]);
}

const isTypeName = (name: string): name is ElementTypeName => Object.hasOwn(ELEMENT_TYPES, name);

interface Header {
  readonly type: ElementTypeName;
  readonly little: boolean;
  readonly shape: readonly number[];
  readonly isFortran: boolean;
  readonly dataAt: number;
}

/** Errors: Error, where it is damaged; unsupported, where it holds no numbers. */
function headerOf(bytes: Buffer, subject: string): Header {
  const isOld = bytes[6] === 1;
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC || bytes.length < 12) {
    throw new Error('it has no header of NumPy');
  }
  const begin = isOld ? 10 : 12;
  const dataAt = begin + (isOld ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  if (dataAt > bytes.length) throw new Error('its header is cut off');
  const text = bytes.toString('latin1', begin, dataAt);
  const [, order = '', name = ''] = /'descr':\s*'([<>|=]?)([a-zA-Z]\d*)'/.exec(text) ?? [];
  const [, fortran = ''] = /'fortran_order':\s*(True|False)/.exec(text) ?? [];
  const [, sides] = /'shape':\s*\(([\d,\s]*)\)/.exec(text) ?? [];
  if (name.startsWith('O')) {
    throw new AppError(
      'unsupported',
      `${subject} holds objects of Python, which is a pickle (Cellpose's _seg.npy is one): reading it would run whatever code it carries. Save its masks alone: numpy.save("masks.npy", masks).`,
      { subject },
    );
  }
  if (!isTypeName(name)) {
    throw new AppError(
      'unsupported',
      `${subject} holds no plain numbers that Graft reads (${/'descr':\s*([^,]{0,40})/.exec(text)?.[1] ?? 'unknown'}). Save it as uint8, uint16, uint32 or float32.`,
      { subject },
    );
  }
  if (sides === undefined || fortran === '') throw new Error('its header is not understood');
  const shape = sides.split(',').flatMap((side) => (side.trim() === '' ? [] : [Number(side)]));
  const little = order !== '>';
  return { type: name, little, shape, isFortran: fortran === 'True', dataAt };
}

const ONE: Side = { length: 1, stride: 0 };

const isFarShorter = (side: number, others: readonly number[]): boolean =>
  side <= MOST_CHANNELS && others.every((other) => other >= FAR_LONGER * side);

/** Whether the last of three or four sides is that of the channels; in other orders, all before the last two are pages. */
function isChannelsLast(shape: readonly number[]): boolean {
  const [height, width, last] = shape.slice(-3);
  if (height === undefined || width === undefined || last === undefined) return false;
  return last <= SURELY_CHANNELS || isFarShorter(last, [height, width]);
}

/** What of the sides is a guess, in words. */
function guessedOf(
  shape: readonly number[],
  { channels, pages }: { readonly channels: number; readonly pages: number },
): string[] {
  const numbers = `its ${shape.join('×')} numbers are read as`;
  if (channels > SURELY_CHANNELS) {
    return [`${numbers} ${pages === 0 ? 'an image' : 'images'} of ${channels} channels`];
  }
  return pages > 1 ? [`${numbers} ${shape.slice(0, pages).join('×')} images`] : [];
}

/** Errors: unsupported; Error, where it is damaged. */
function arrayOf(bytes: Buffer, subject: string): StoredArray {
  const { type, little, shape, isFortran, dataAt } = headerOf(bytes, subject);
  const elements = shape.reduce((product, side) => product * side, 1);
  const needed = elements * ELEMENT_TYPES[type].bytes;
  if (needed > bytes.length - dataAt) {
    throw new Error(
      `${shape.join('×')} numbers need ${needed} bytes, and ${bytes.length - dataAt} are there`,
    );
  }
  if (elements === 0 || shape.length < 2 || shape.length > 4) {
    throw new AppError(
      'unsupported',
      `${subject} is an array of shape (${shape.join(', ')}), which is no image. Give [height, width], [height, width, channels] or [pages, height, width].`,
      { subject },
    );
  }
  const strideOf = (side: number) =>
    (isFortran ? shape.slice(0, side) : shape.slice(side + 1)).reduce((a, b) => a * b, 1);
  const sides = shape.map((length, i): Side => ({ length, stride: strideOf(i) }));
  const hasChannels = isChannelsLast(shape);
  const plane = hasChannels ? sides.slice(-3) : sides.slice(-2);
  const [y = ONE, x = ONE, channel = ONE] = plane;
  const pages = sides.slice(0, sides.length - plane.length);
  return {
    ...{ bytes: bytes.subarray(dataAt, dataAt + needed), type, little },
    ...{ pages, y, x, channel, scaled: null },
    notes: guessedOf(shape, { channels: channel.length, pages: pages.length }),
  };
}

export const isNpy = (head: string): boolean => head.startsWith(MAGIC);

/** Errors: unreadable (damaged, cut off), unsupported (no numbers, no image). */
export function readNpy(bytes: Uint8Array, subject: string): StoredArray {
  try {
    return arrayOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), subject);
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

/** The first array of a `.npz` that is an image; others are named in its notes. Errors: as readNpy. */
export function readNpz(bytes: Uint8Array, subject: string): StoredArray {
  try {
    let claimed = 0;
    const entries = unzipSync(bytes, {
      filter({ name, size, originalSize }) {
        claimed += Math.max(size, originalSize);
        if (claimed > mostUnpacked(bytes.length))
          throw new Error('it claims more than it can hold');
        return name.endsWith('.npy') && !isSystemPath(name);
      },
    });
    const [first, ...others] = Object.entries(entries);
    if (first === undefined) {
      throw new AppError('unsupported', `${subject} is a zip without arrays of NumPy.`, {
        subject,
      });
    }
    const [name, content] = first;
    const array = arrayOf(Buffer.from(content), subject);
    if (others.length === 0) return array;
    const rest = others
      .map(([other]) => other)
      .slice(0, 10)
      .join(', ');
    return {
      ...array,
      notes: [
        ...array.notes,
        `${name} of it is read; ${rest} ${verbFor(others.length, 'are')} left out`,
      ],
    };
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}
