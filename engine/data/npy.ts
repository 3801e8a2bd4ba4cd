/** Arrays of NumPy (`.npy`): a header in Python's spelling, and values. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */

const MAGIC = Buffer.from('\u0093NUMPY\u0001\u0000', 'latin1');
/** Header and values are aligned so. */
const ALIGNMENT = 64;

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
  const before = MAGIC.length + 2;
  const padded = Math.ceil((before + words.length + 1) / ALIGNMENT) * ALIGNMENT - before;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded);
  const header = Buffer.from(`${words.padEnd(padded - 1)}\n`, 'latin1');
  const values = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([MAGIC, length, header, values]);
}
