/** Tensors as weight files hold them: numbers of several widths, and how many of them a file may claim. */
import { fromHalf } from '../../data/small-floats.ts';

/** A tensor of a weight file, as float32, row-major. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const bfloatBits = new Uint32Array(1);
const bfloatValue = new Float32Array(bfloatBits.buffer);
/** The upper half of a float32. */
function fromBfloat(bits: number): number {
  bfloatBits[0] = bits << 16;
  return bfloatValue[0] ?? 0;
}

export interface FloatReader {
  readonly bytes: number;
  read(view: DataView, at: number): number;
}

/** Little-endian, by the names of safetensors. */
export const FLOAT_READERS: Readonly<Record<string, FloatReader>> = {
  F64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  F32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  F16: { bytes: 2, read: (view, at) => fromHalf(view.getUint16(at, true)) },
  BF16: { bytes: 2, read: (view, at) => fromBfloat(view.getUint16(at, true)) },
};

/** Weights are noise, which no compression makes much smaller: what claims to hold more than this is not unpacked. */
export const mostBytesOf = (storedBytes: number): number => 16 * storedBytes + 2 ** 26;
