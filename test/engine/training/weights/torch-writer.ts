/** Files of PyTorch by hand: pickles from instructions, and the zip and the stream around them. */
import { zipSync } from 'fflate';

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/** Instructions of a pickle, as bytes. */
export const op = {
  text: (text: string) =>
    Buffer.concat([Buffer.from('X'), u32(Buffer.byteLength(text)), Buffer.from(text)]),
  int: (value: number) => Buffer.concat([Buffer.from('J'), u32(value)]),
  name: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  raw: (text: string) => Buffer.from(text, 'latin1'),
};

type Code = Buffer | string;
/** Text is instructions of one byte: '(' is MARK, 't' TUPLE, 'R' REDUCE … */
export const code = (...parts: readonly Code[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? op.raw(part) : part)));

export const pickle = (...parts: readonly Code[]): Buffer => code('\u0080\u0002', ...parts, '.');

export interface TensorCode {
  readonly type?: string;
  readonly key?: string;
  readonly elements: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides?: readonly number[];
}

const tuple = (values: readonly number[]) => code('(', ...values.map(op.int), 't');

function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((product, n) => product * n, 1));
}

/** What leaves a tensor on the stack. */
export function tensor(of: TensorCode): Buffer {
  const { type = 'FloatStorage', key = '0', elements, offset = 0, shape } = of;
  return code(
    op.name('torch._utils', '_rebuild_tensor_v2'),
    '((',
    op.text('storage'),
    op.name('torch', type),
    op.text(key),
    op.text('cpu'),
    op.int(elements),
    'tQ',
    op.int(offset),
    tuple(shape),
    tuple(of.strides ?? rowMajor(shape)),
    '\u0089',
    op.name('collections', 'OrderedDict'),
    ')RtR',
  );
}

/** A dictionary with one entry. */
export const single = (name: string, value: Buffer): Buffer =>
  pickle('}', op.text(name), value, 's');

export function torchZip(
  data: Buffer,
  storages: Readonly<Record<string, Uint8Array>> = {},
): Buffer {
  const entries: Record<string, Uint8Array> = { 'archive/data.pkl': data };
  for (const [key, bytes] of Object.entries(storages)) entries[`archive/data/${key}`] = bytes;
  return Buffer.from(zipSync(entries, { level: 0 }));
}

const MAGIC = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');

export function torchStream(
  data: Buffer,
  storages: Readonly<Record<string, Float32Array>> = {},
): Buffer {
  const keys = Object.keys(storages);
  const lengths = Object.values(storages).map((values) => {
    const length = Buffer.alloc(8);
    length.writeBigInt64LE(BigInt(values.length));
    return Buffer.concat([length, Buffer.from(values.buffer.slice(0))]);
  });
  return Buffer.concat([
    pickle(MAGIC),
    pickle(op.raw('M'), Buffer.from([0xe9, 0x03])),
    pickle('}', op.text('little_endian'), '\u0088s'),
    data,
    pickle('](', ...keys.map(op.text), 'e'),
    ...lengths,
  ]);
}
