/**
 * Arrays as scientific files hold them (npy.ts, nifti.ts): numbers of any type with a stride a side, read as rows of images.
 * Unsigned integers of up to 16 bits stay as they are; everything else becomes float32, in which whole numbers are exact up
 * to 2^24.
 */
import {
  assertWithinLimits,
  type DecodedImage,
  type PixelLimits,
  type RowReader,
  samplesOf,
} from './decoded-image.ts';
import { AppError } from '../../shared/errors.ts';
import { FloatChanges, wholeNumbers } from './float-changes.ts';
import { fromHalf } from './small-floats.ts';

interface ElementType {
  readonly bytes: number;
  readonly depth: DecodedImage['bitDepth'];
  read(view: DataView, at: number, little: boolean): number;
}

const u8 = (view: DataView, at: number) => view.getUint8(at);

/** By NumPy's letters without the order of bytes. */
export const ELEMENT_TYPES = {
  b1: { bytes: 1, depth: 8, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  u1: { bytes: 1, depth: 8, read: u8 },
  i1: { bytes: 1, depth: 32, read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, depth: 16, read: (view, at, little) => view.getUint16(at, little) },
  i2: { bytes: 2, depth: 32, read: (view, at, little) => view.getInt16(at, little) },
  u4: { bytes: 4, depth: 32, read: (view, at, little) => view.getUint32(at, little) },
  i4: { bytes: 4, depth: 32, read: (view, at, little) => view.getInt32(at, little) },
  u8: { bytes: 8, depth: 32, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  i8: { bytes: 8, depth: 32, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  f2: {
    bytes: 2,
    depth: 32,
    read: (view, at, little) => fromHalf(view.getUint16(at, little)),
  },
  f4: { bytes: 4, depth: 32, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, depth: 32, read: (view, at, little) => view.getFloat64(at, little) },
} as const satisfies Readonly<Record<string, ElementType>>;
export type ElementTypeName = keyof typeof ELEMENT_TYPES;

/** A side of an array: how long it is, and how far its neighbours lie apart, in elements. */
export interface Side {
  readonly length: number;
  readonly stride: number;
}

export interface StoredArray {
  /** The elements and nothing else. */
  readonly bytes: Uint8Array;
  readonly type: ElementTypeName;
  readonly little: boolean;
  /** Images of the file, one after the other: sides that run along them, the slowest first. */
  readonly pages: readonly Side[];
  readonly y: Side;
  readonly x: Side;
  readonly channel: Side;
  /** value = scale · stored + offset; null: as stored. */
  readonly scaled: { readonly scale: number; readonly offset: number } | null;
  readonly notes: readonly string[];
}

export const pagesOf = ({ pages }: StoredArray): number =>
  pages.reduce((product, { length }) => product * length, 1);

/** Errors: unsupported (size); invalid-input (a page that is not there). */
export function arrayRows(
  array: StoredArray,
  { subject, page, limits }: { subject: string; page: number; limits: PixelLimits },
): RowReader {
  const { x, y, channel, pages, scaled, little } = array;
  const size = { width: x.length, height: y.length };
  assertWithinLimits(size, subject, limits);
  const count = pagesOf(array);
  if (page >= count) {
    throw new AppError('invalid-input', `${subject} has ${count} page(s), not ${page + 1}.`, {
      subject,
    });
  }
  const type: ElementType = ELEMENT_TYPES[array.type];
  const bitDepth = scaled === null ? type.depth : 32;
  const view = new DataView(array.bytes.buffer, array.bytes.byteOffset, array.bytes.byteLength);
  let start = 0;
  let rest = page;
  for (const { length, stride } of pages.toReversed()) {
    start += (rest % length) * stride;
    rest = Math.floor(rest / length);
  }
  const changes = new FloatChanges();
  changes.isInteger = scaled === null && bitDepth === 32 && !array.type.startsWith('f');
  return {
    ...{ ...size, channels: channel.length, bitDepth, wholeOnly: false },
    notes: () => [...array.notes, ...changes.notes()],
    transparentPx: () => null,
    ...(changes.isInteger && channel.length === 1
      ? {
          numbers: () => {
            const values = Array.from({ length: y.length * x.length }, (_, i) => {
              const at = Math.floor(i / x.length) * y.stride + (i % x.length) * x.stride;
              return type.read(view, (start + at) * type.bytes, little);
            });
            return Promise.resolve(wholeNumbers(values));
          },
        }
      : {}),
    read(top, rows) {
      const out = samplesOf(bitDepth, rows * x.length * channel.length);
      let to = 0;
      for (let row = top; row < top + rows; row++) {
        for (let column = 0; column < x.length; column++) {
          const at = start + row * y.stride + column * x.stride;
          for (let c = 0; c < channel.length; c++) {
            const stored = type.read(view, (at + c * channel.stride) * type.bytes, little);
            // What scaling adds in digits was never in the file.
            const value =
              scaled === null ? stored : Math.fround(stored * scaled.scale + scaled.offset);
            out[to++] = bitDepth === 32 ? changes.toFloat(value) : value;
          }
        }
      }
      return Promise.resolve(out);
    },
  };
}
