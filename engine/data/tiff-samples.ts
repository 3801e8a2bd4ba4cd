/**
 * Samples of a TIFF's decoded strips and tiles as numbers: integers of 1 to 32 and of 64 bits, floating point of 16, 24,
 * 32 and 64. Those of 8, 16, 32 and 64 bits stand in a file as in memory, but for the order of their bytes; all others
 * are packed, the high bits first, and each row begins at a byte.
 */
import { endianness } from 'node:os';
import { SMALL_FLOATS, smallFloat } from './small-floats.ts';

export type PlainSamples =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

export type SampleFormat = 'unsigned' | 'signed' | 'float';

export interface SampleKind {
  readonly format: SampleFormat;
  /** Of each sample of a pixel. */
  readonly bits: readonly number[];
}

/** Kinds of samples that are copied as they stand. */
const AS_THEY_STAND: Readonly<Record<string, new (buffer: ArrayBuffer) => PlainSamples>> = {
  unsigned8: Uint8Array,
  unsigned16: Uint16Array,
  unsigned32: Uint32Array,
  signed8: Int8Array,
  signed16: Int16Array,
  signed32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Why samples of this kind cannot be read; undefined where they can. */
export function unreadableKind({ format, bits }: SampleKind): string | undefined {
  const fits = (n: number) =>
    format === 'float' ? [16, 24, 32, 64].includes(n) : (n >= 1 && n <= 32) || n === 64;
  const odd = bits.find((n) => !Number.isInteger(n) || !fits(n));
  if (odd !== undefined) return `it has ${format} samples of ${odd} bits`;
  const mixed = bits.some((n) => n !== bits[0]);
  if (mixed && (format !== 'unsigned' || bits.some((n) => n > 16))) {
    return `its channels have ${bits.join(', ')} bits`;
  }
  return undefined;
}

/** Zeros for samples of a kind. */
export function plainSamples({ format, bits }: SampleKind, length: number): PlainSamples {
  const most = Math.max(...bits);
  if (most > 32) return new Float64Array(length);
  if (format === 'float') return new Float32Array(length);
  if (format === 'signed') {
    return new (most <= 8 ? Int8Array : most <= 16 ? Int16Array : Int32Array)(length);
  }
  return new (most <= 8 ? Uint8Array : most <= 16 ? Uint16Array : Uint32Array)(length);
}

/** Bytes of a row of so many pixels. */
export const rowBytes = (bits: readonly number[], pixels: number): number =>
  Math.ceil((pixels * bits.reduce((sum, n) => sum + n, 0)) / 8);

/** Turns the bytes of each sample round, in place. */
export function swapBytes(block: ArrayBuffer, sampleBytes: number): void {
  const bytes = Buffer.from(block, 0, block.byteLength - (block.byteLength % sampleBytes));
  if (sampleBytes === 2) bytes.swap16();
  if (sampleBytes === 4) bytes.swap32();
  if (sampleBytes === 8) bytes.swap64();
}

/**
 * All whole rows of a block, as numbers. `kind.bits`: of the samples that the block holds of a pixel; `pixels`: of a row.
 * Changes the block.
 */
export function unpackBlock(
  block: ArrayBuffer,
  kind: SampleKind,
  { pixels, isLittle }: { readonly pixels: number; readonly isLittle: boolean },
): PlainSamples {
  const { format, bits } = kind;
  const [first = 8] = bits;
  const isUniform = bits.every((n) => n === first);
  const Kind = isUniform ? AS_THEY_STAND[`${format}${first}`] : undefined;
  if (Kind !== undefined) {
    const sampleBytes = first / 8;
    if (isLittle !== (endianness() === 'LE')) swapBytes(block, sampleBytes);
    const whole = block.byteLength - (block.byteLength % sampleBytes);
    return new Kind(whole === block.byteLength ? block : block.slice(0, whole));
  }
  if (isUniform && first === 64)
    return wholeOf64(block, { isSigned: format === 'signed', isLittle });
  const bytes = new Uint8Array(block);
  const length = rowBytes(bits, pixels);
  const rows = Math.floor(bytes.length / length);
  const samples = pixels * bits.length;
  const out = plainSamples(kind, rows * samples);
  const read = bits.every((n) => n % 8 === 0) && isLittle ? littleEndianBits : highBitsFirst;
  const meaning = bits.map((n) => meaningOf(format, n));
  for (let row = 0; row < rows; row++) {
    let at = row * length * 8;
    for (let i = 0; i < samples; i++) {
      const channel = i % bits.length;
      const n = bits[channel] ?? first;
      const value = read(bytes, at, n);
      out[row * samples + i] = meaning[channel]?.(value) ?? value;
      at += n;
    }
  }
  return out;
}

/** Whole numbers whose bits are too many for a number, so that their sign is read before they are rounded. */
function wholeOf64(
  block: ArrayBuffer,
  { isSigned, isLittle }: { readonly isSigned: boolean; readonly isLittle: boolean },
): Float64Array {
  const view = new DataView(block);
  return Float64Array.from({ length: Math.floor(block.byteLength / 8) }, (_, i) =>
    Number(isSigned ? view.getBigInt64(8 * i, isLittle) : view.getBigUint64(8 * i, isLittle)),
  );
}

/** `count` bits from bit `at` on. */
function highBitsFirst(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  let byte = Math.floor(at / 8);
  let rest = 8 - (at % 8);
  for (let missing = count; missing > 0;) {
    const taken = Math.min(rest, missing);
    const part = ((bytes[byte] ?? 0) >> (rest - taken)) & ((1 << taken) - 1);
    value = value * 2 ** taken + part; // no shift: values may have more than 31 bits
    missing -= taken;
    byte++;
    rest = 8;
  }
  return value;
}

function littleEndianBits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count / 8 - 1; i >= 0; i--) value = value * 256 + (bytes[at / 8 + i] ?? 0);
  return value;
}

/** From the bits of a sample as an unsigned number to what it stands for. */
function meaningOf(format: SampleFormat, bits: number): (value: number) => number {
  if (format === 'unsigned') return (value) => value;
  const sign = 2 ** (bits - 1);
  if (format === 'signed') return (value) => (value < sign ? value : value - 2 * sign);
  return smallFloat(SMALL_FLOATS[bits === 24 ? 24 : 16]);
}
