/** Files as damage and malice leave them: bytes turned, cut, moved, and fields of headers at the edge of something. */
import { crc32 } from 'node:zlib';
import type { Random } from '../../../shared/random.ts';

const EDGES = [0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 32_767, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31];
const MOST_FLIPS = 8;

const edge = (random: Random): number =>
  random.below(4) === 0 ? random.below(2 ** 31) : (EDGES[random.below(EDGES.length)] ?? 0);

/** A number of 1, 2, 4 or 8 bytes, in either order, in the place of what stands there. */
function withNumber(bytes: Buffer, at: number, random: Random): Buffer {
  const out = Buffer.from(bytes);
  const length = [1, 2, 4, 8][random.below(4)] ?? 4;
  const value = Buffer.alloc(8);
  value.writeUInt32LE(edge(random) >>> 0);
  if (random.below(8) === 0) value.fill(0xff);
  const own = value.subarray(0, length);
  if (random.below(2) === 0) own.reverse();
  own.copy(out, Math.min(at, Math.max(0, out.length - length)));
  return out;
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const out = Buffer.from(bytes);
  for (let n = random.below(MOST_FLIPS) + 1; n > 0 && out.length > 0; n--) {
    const at = random.below(out.length);
    out[at] = (out[at] ?? 0) ^ (1 << random.below(8));
  }
  return out;
}

function spliced(bytes: Buffer, random: Random): Buffer {
  const from = random.below(bytes.length + 1);
  const to = Math.min(bytes.length, from + random.below(64));
  const at = random.below(bytes.length + 1);
  const part = random.below(2) === 0 ? bytes.subarray(from, to) : Buffer.alloc(to - from);
  return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(random.below(2) ? at : to)]);
}

/** An entry of the first directory of a TIFF: its tag, type, count or value. */
function tiffField(bytes: Buffer, random: Random): Buffer | null {
  const mark = bytes.toString('latin1', 0, 2);
  if ((mark !== 'II' && mark !== 'MM') || bytes.length < 16) return null;
  const isLittle = mark === 'II';
  const at = isLittle ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  if (at + 2 > bytes.length) return null;
  const entries = isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  const field = [0, 2, 4, 8][random.below(4)] ?? 8;
  const place = at + 2 + 12 * random.below(entries + 1) + field;
  if (place + 4 > bytes.length) return null;
  const out = Buffer.from(bytes);
  const value = edge(random);
  if (field < 4) {
    if (isLittle) out.writeUInt16LE(value % 65_536, place);
    else out.writeUInt16BE(value % 65_536, place);
  } else if (isLittle) out.writeUInt32LE(value, place);
  else out.writeUInt32BE(value, place);
  return out;
}

/** A byte of a chunk of a PNG, with a checksum that fits. */
function pngField(bytes: Buffer, random: Random): Buffer | null {
  if (bytes.toString('latin1', 1, 4) !== 'PNG' || bytes.length < 57) return null;
  const out = Buffer.from(bytes);
  const starts: number[] = [];
  for (let at = 8; at + 12 <= out.length; at += 12 + out.readUInt32BE(at)) starts.push(at);
  const at = starts[random.below(starts.length)] ?? 8;
  const length = out.readUInt32BE(at);
  if (length === 0 || at + 12 + length > out.length) return null;
  const place = at + 8 + random.below(Math.min(length, 32));
  out[place] = edge(random) % 256;
  out.writeUInt32BE(crc32(out.subarray(at + 4, at + 8 + length)), at + 8 + length);
  return out;
}

/** A number of a text. */
function textNumber(bytes: Buffer, random: Random): Buffer | null {
  const text = bytes.toString('latin1', 0, Math.min(bytes.length, 4096));
  const numbers = [...text.matchAll(/\d+/g)];
  const one = numbers[random.below(Math.max(1, numbers.length))];
  if (one === undefined || !/[{[]/.test(text)) return null;
  const odd = ['-1', '1.5', '1e999', '"a"', 'null', '[]', '{}', '99999999999999999999'];
  const value = random.below(2) === 0 ? (odd[random.below(odd.length)] ?? '0') : `${edge(random)}`;
  const before = bytes.subarray(0, one.index);
  return Buffer.concat([before, Buffer.from(value), bytes.subarray(one.index + one[0].length)]);
}

const HEADER_BYTES = 300;

/** Every way of changing a file; null where it is not of that kind. */
const WAYS: Readonly<Record<string, (bytes: Buffer, random: Random) => Buffer | null>> = {
  'bytes flipped': flipped,
  cut: (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  'moved and doubled': spliced,
  'numbers in the header': (bytes, random) =>
    withNumber(bytes, random.below(Math.min(bytes.length, HEADER_BYTES)), random),
  'numbers anywhere': (bytes, random) => withNumber(bytes, random.below(bytes.length), random),
  'fields of its format': (bytes, random) =>
    tiffField(bytes, random) ?? pngField(bytes, random) ?? textNumber(bytes, random),
};
const NAMES = Object.keys(WAYS);

/** A changed file, sometimes in two ways at once, and how it was changed. */
export function mutated(bytes: Buffer, random: Random): { bytes: Buffer; way: string } {
  const way = NAMES[random.below(NAMES.length)] ?? 'cut';
  const out = WAYS[way]?.(bytes, random) ?? flipped(bytes, random);
  return { bytes: random.below(5) === 0 ? flipped(out, random) : out, way };
}
