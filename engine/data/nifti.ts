/**
 * NIfTI-1 and NIfTI-2 in one file (`.nii`, `.nii.gz`): its slices along the third axis, and further ones, are images. The
 * first axis runs along x, the second along y, as the array is stored: voxel (i, j, k) is the pixel x = i, y = j of slice k.
 * Orientations of the patient turn nothing. https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
 */
import { gunzipSync, gzipSync, constants } from 'node:zlib';
import { AppError } from '../../shared/errors.ts';
import { type LengthUnit, type PixelSize, sizeIn } from '../../shared/pixel-size.ts';
import { unreadableImage } from './decoded-image.ts';
import type { ImageFile } from './image-file.ts';
import { type FoundPixelSize, squarePixel } from './found-pixel-size.ts';
import {
  ELEMENT_TYPES,
  type ElementTypeName,
  type Side,
  type StoredArray,
} from './stored-array.ts';

const HEADER_BYTES = 348;
const HEADER_2_BYTES = 540;
const HEADER_SIZES: readonly number[] = [HEADER_BYTES, HEADER_2_BYTES];
/** Where voxels begin in a file of ours. */
const DATA_AT = 352;
/** Compressed bytes that hold the header for certain, and what becomes of them at most. */
const HEAD_BYTES = 4096;
const MOST_RATIO = 1100;
/** Zeros and other padding behind the voxels. */
const PADDING_BYTES = 2 ** 16;

const TYPES: Readonly<Record<number, ElementTypeName>> = {
  2: 'u1',
  4: 'i2',
  8: 'i4',
  16: 'f4',
  64: 'f8',
  256: 'i1',
  512: 'u2',
  768: 'u4',
  1024: 'i8',
  1280: 'u8',
};
const TYPE_WORDS: Readonly<Record<number, string>> = {
  1: 'bits',
  32: 'complex numbers',
  128: 'colours',
  1792: 'complex numbers',
};

interface Header {
  readonly little: boolean;
  /** NIfTI-2. */
  readonly is2: boolean;
  readonly dims: readonly number[];
  readonly datatype: number;
  /** Of a voxel, as it says beside the type. */
  readonly bits: number;
  readonly dataAt: number;
  readonly slope: number;
  readonly intercept: number;
}

const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** How a header says what it is, and where. */
const MARKS = [
  { mark: /^n[i+]1/, at: 344 },
  { mark: /^n[i+]2/, at: 4 },
];

const markOf = (bytes: Buffer): string | null =>
  MARKS.map(({ mark, at }) => mark.exec(bytes.toString('latin1', at, at + 3))?.[0]).find(
    (found) => found !== undefined,
  ) ?? null;

/** Whether this is the beginning of a file of NIfTI, packed or not: it says so by the size of its header, or by its mark. */
export function isNifti(head: Uint8Array): boolean {
  const start = isGzip(head)
    ? unpackedHead(head)
    : Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (start === null || start.length < 4) return false;
  const sizes = [start.readInt32LE(0), start.readInt32BE(0)];
  return sizes.some((size) => HEADER_SIZES.includes(size)) || markOf(start) !== null;
}

export const isNiftiName = (name: string): boolean => /\.nii(\.gz)?$/i.test(name);

function unpackedHead(bytes: Uint8Array): Buffer | null {
  try {
    return gunzipSync(bytes.subarray(0, HEAD_BYTES), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: MOST_RATIO * HEAD_BYTES,
    });
  } catch {
    return null; // no gzip after all
  }
}

/** Errors: Error, in words, where a field cannot be. */
function headerOf(bytes: Buffer): Header {
  if (bytes.length < HEADER_BYTES) throw new Error('its header is cut off');
  const little = HEADER_SIZES.includes(bytes.readInt32LE(0));
  const size = little ? bytes.readInt32LE(0) : bytes.readInt32BE(0);
  if (!HEADER_SIZES.includes(size)) {
    throw new Error(
      `its header says that it has ${bytes.readInt32LE(0)} bytes; those of NIfTI have ${HEADER_BYTES} or ${HEADER_2_BYTES}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const is2 = size === HEADER_2_BYTES;
  if (is2 && bytes.length < HEADER_2_BYTES) throw new Error('its header is cut off');
  const i16 = (at: number) => view.getInt16(at, little);
  const i64 = (at: number) => Number(view.getBigInt64(at, little));
  const f32 = (at: number) => view.getFloat32(at, little);
  const f64 = (at: number) => view.getFloat64(at, little);
  const magic = bytes.toString('latin1', is2 ? 4 : 344, is2 ? 7 : 347);
  if (magic === 'ni1' || magic === 'ni2') {
    throw new Error('it is a header whose voxels stand in a file of their own (.hdr and .img)');
  }
  if (magic !== 'n+1' && magic !== 'n+2')
    throw new Error('its header does not say that it is NIfTI');
  const count = is2 ? i64(16) : i16(40);
  if (!(count >= 1 && count <= 7)) throw new Error(`its header speaks of ${count} axes`);
  const dims = Array.from({ length: count }, (_, i) => (is2 ? i64(24 + 8 * i) : i16(42 + 2 * i)));
  if (dims.some((side) => !(side >= 1))) throw new Error(`its axes have ${dims.join('×')} voxels`);
  return {
    ...{ little, is2, dims },
    datatype: i16(is2 ? 12 : 70),
    bits: i16(is2 ? 14 : 72),
    dataAt: is2 ? i64(168) : f32(108),
    slope: is2 ? f64(176) : f32(112),
    intercept: is2 ? f64(184) : f32(116),
  };
}

/** Errors: unreadable (damaged, cut off, a header that cannot be), unsupported (complex numbers, colours). */
export function readNifti(file: Uint8Array, subject: string): StoredArray {
  try {
    const packed = isGzip(file);
    const start = packed
      ? unpackedHead(file)
      : Buffer.from(file.buffer, file.byteOffset, file.byteLength);
    const header = headerOf(start ?? Buffer.alloc(0));
    const { dims, datatype, bits, dataAt, little, slope, intercept } = header;
    const type = TYPES[datatype];
    if (type === undefined) {
      const what = TYPE_WORDS[datatype] ?? `numbers of type ${datatype}`;
      throw new AppError(
        'unsupported',
        `${subject} holds ${what}, which Graft does not read. Save it as uint8, int16, uint16 or float32.`,
        { subject },
      );
    }
    const elements = dims.reduce((product, side) => product * side, 1);
    const needed = elements * ELEMENT_TYPES[type].bytes;
    const end = dataAt + needed;
    if (!Number.isSafeInteger(end) || dataAt < HEADER_BYTES) {
      throw new Error(`its voxels would begin at byte ${dataAt}`);
    }
    const most = MOST_RATIO * file.length;
    if (packed && end > most)
      throw new Error(`its ${dims.join('×')} voxels are more than it can hold`);
    const whole = packed ? gunzipSync(file, { maxOutputLength: end + PADDING_BYTES }) : file;
    if (whole.length < end) {
      throw new Error(
        `its ${dims.join('×')} voxels need ${end} bytes, and ${whole.length} are there`,
      );
    }
    const strides = dims.map((_, i) =>
      dims.slice(0, i).reduce((product, side) => product * side, 1),
    );
    const sides = dims.map((length, i): Side => ({ length, stride: strides[i] ?? 1 }));
    const [x = { length: 1, stride: 1 }, y = { length: 1, stride: 1 }, ...further] = sides;
    const isPlain = !Number.isFinite(slope) || slope === 0 || (slope === 1 && intercept === 0);
    return {
      ...{ bytes: whole.subarray(dataAt, end), type, little, x, y },
      pages: further.toReversed(),
      channel: { length: 1, stride: 0 },
      scaled: isPlain ? null : { scale: slope, offset: Number.isFinite(intercept) ? intercept : 0 },
      notes: [
        ...(bits === 8 * ELEMENT_TYPES[type].bytes
          ? []
          : [
              `its header says ${bits} bits a voxel, and its type has ${8 * ELEMENT_TYPES[type].bytes}: the type is taken`,
            ]),
        ...(isPlain || Number.isFinite(intercept)
          ? []
          : [`its header says that ${intercept} is added to each value: nothing is added`]),
      ],
    };
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

const DATATYPES = new Map([
  ['u1', 2],
  ['u2', 512],
  ['u4', 768],
]);

/** Codes of the units of lengths. */
const METRE = 1;
const MILLIMETRE = 2;
const MICROMETRE = 3;
const UNIT_NAMES: Readonly<Record<number, string>> = {
  [METRE]: 'm',
  [MILLIMETRE]: 'mm',
  [MICROMETRE]: 'µm',
};
const UNIT_OF: Readonly<Record<LengthUnit, readonly [number, LengthUnit]>> = {
  nm: [MICROMETRE, 'um'],
  um: [MICROMETRE, 'um'],
  mm: [MILLIMETRE, 'mm'],
  cm: [MILLIMETRE, 'mm'],
  m: [METRE, 'm'],
};

/** What the header says of the size of a pixel; null: nothing. Errors: unreadable. */
export async function pixelSizeOfNifti(
  file: ImageFile,
  subject: string,
): Promise<FoundPixelSize | null> {
  try {
    const packed = await file.read(0, Math.min(HEAD_BYTES, file.sizeBytes));
    const head = isGzip(packed) ? unpackedHead(packed) : Buffer.from(packed);
    if (head === null) return null;
    const { little, is2 } = headerOf(head);
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const unit = UNIT_NAMES[(is2 ? view.getInt32(500, little) : view.getUint8(123)) & 7];
    if (unit === undefined) return null;
    const side = (axis: number) =>
      is2 ? view.getFloat64(104 + 8 * axis, little) : view.getFloat32(76 + 4 * axis, little);
    // Seven digits are what 32 bits hold: 0.65 µm is not 0.6499999761581421.
    const [x = 0, y = 0] = [1, 2].map((axis) => Number(Math.abs(side(axis)).toPrecision(7)));
    return squarePixel({ x, y, unitX: unit, unitY: unit, where: 'its NIfTI header' });
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

/** One slice, packed. `data`: [height, width]. `pixelSize` null: it is not known. */
export function encodeNifti(
  {
    width,
    height,
    data,
  }: {
    readonly width: number;
    readonly height: number;
    readonly data: Uint8Array | Uint16Array | Uint32Array;
  },
  pixelSize: PixelSize | null,
): Buffer {
  const bytes = data.BYTES_PER_ELEMENT;
  const header = Buffer.alloc(DATA_AT);
  header.writeInt32LE(HEADER_BYTES, 0);
  [3, width, height, 1, 1, 1, 1, 1].forEach((side, i) => header.writeInt16LE(side, 40 + 2 * i));
  header.writeInt16LE(DATATYPES.get(`u${bytes}`) ?? 0, 70);
  header.writeInt16LE(8 * bytes, 72);
  for (let i = 0; i < 8; i++) header.writeFloatLE(1, 76 + 4 * i);
  if (pixelSize !== null) {
    const [code, unit] = UNIT_OF[pixelSize.unit];
    for (const axis of [1, 2]) header.writeFloatLE(sizeIn(pixelSize, unit), 76 + 4 * axis);
    header.writeUInt8(code, 123);
  }
  header.writeFloatLE(DATA_AT, 108);
  header.writeFloatLE(1, 112);
  header.write('n+1\0', 344, 'latin1');
  const values = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return gzipSync(Buffer.concat([header, values]));
}
