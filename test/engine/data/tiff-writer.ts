/** Writes small TIFF files of every kind that the tests ask for, from the numbers that they should be read as. */
import { deflateSync } from 'node:zlib';

export interface TiffPage {
  readonly width: number;
  readonly height: number;
  /** [height, width, channels] as they are to be stored. */
  readonly samples: readonly number[];
  /** Of each channel. */
  readonly bits: readonly number[];
  readonly format?: 'unsigned' | 'signed' | 'float';
  readonly photometric?: number;
  readonly planar?: boolean;
  /** Rows of a strip, or sides of a tile. */
  readonly strip?: number;
  readonly tile?: readonly [number, number];
  readonly compression?: 'none' | 'lzw' | 'deflate' | 'packbits';
  readonly predictor?: 1 | 2 | 3;
  readonly fillOrder?: 1 | 2;
  /** Further tags: numbers (as LONG), or text. */
  readonly tags?: Readonly<Record<number, readonly number[] | string>>;
}

export interface TiffOptions {
  readonly isBig?: boolean;
  /** Bytes behind everything else. */
  readonly tail?: Uint8Array;
}

const COMPRESSIONS = { none: 1, lzw: 5, deflate: 8, packbits: 32_773 } as const;
const FORMATS = { unsigned: 1, signed: 2, float: 3 } as const;

/** IEEE 754 halfs, and floats of 24 bits that a test needs: powers of two and their halves. */
function floatBits(value: number, bits: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  if (bits === 32) {
    view.setFloat32(0, value);
    return BigInt(view.getUint32(0));
  }
  view.setFloat64(0, value);
  const whole = view.getBigUint64(0);
  if (bits === 64) return whole;
  const [exponentBits, fractionBits] = bits === 16 ? [5, 10] : [7, 16];
  if (value === 0) return 0n;
  const exponent = Number((whole >> 52n) & 2047n) - 1023 + 2 ** (exponentBits - 1) - 1;
  const fraction = (whole & (2n ** 52n - 1n)) >> BigInt(52 - fractionBits);
  const sign = value < 0 ? 1n << BigInt(bits - 1) : 0n;
  return sign | (BigInt(exponent) << BigInt(fractionBits)) | fraction;
}

/** A row of pixels, each sample with its own number of bits, as bytes. */
function packRow(
  row: readonly number[],
  of: { bits: readonly number[]; format: 'unsigned' | 'signed' | 'float'; isBig: boolean },
): number[] {
  const { bits, format, isBig } = of;
  const inBytes = bits.every((n) => n % 8 === 0);
  const codes = row.map((value, i) => {
    const n = bits[i % bits.length] ?? 8;
    const code = format === 'float' ? floatBits(value, n) : BigInt.asUintN(n, BigInt(value));
    return code.toString(2).padStart(n, '0');
  });
  if (inBytes) {
    return codes.flatMap((code) => {
      const bytes = code.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [];
      return isBig ? bytes : bytes.reverse();
    });
  }
  const all = codes.join('');
  return (all.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
}

/** Differences of integers from the pixel before, wrapped. */
function differences(row: readonly number[], step: number, bits: number): number[] {
  return row.map((value, i) =>
    i < step ? value : Number(BigInt.asUintN(bits, BigInt(value) - BigInt(row[i - step] ?? 0))),
  );
}

/** TIFF Technical Note 3, for a row of big-endian samples. */
function floatingDifferences(row: readonly number[], step: number, sampleBytes: number): number[] {
  const samples = row.length / sampleBytes;
  const planes = Array.from(
    row,
    (_, i) => row[(i % samples) * sampleBytes + Math.floor(i / samples)] ?? 0,
  );
  return planes.map((byte, i) => (i < step ? byte : (byte - (planes[i - step] ?? 0)) & 255));
}

function lzw(bytes: readonly number[]): number[] {
  // A table that is cleared before its codes need ten bits.
  const codes = bytes.flatMap((byte, i) => (i % 250 === 0 ? [256, byte] : [byte]));
  const all = [...codes, 257].map((code) => code.toString(2).padStart(9, '0')).join('');
  return (all.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
}

/** Runs as runs, everything else as it is; with the code that stands for nothing in between. */
function packbits(bytes: readonly number[]): number[] {
  const out: number[] = [];
  for (let i = 0; i < bytes.length;) {
    let run = 1;
    while (run < 128 && bytes[i + run] === bytes[i]) run++;
    out.push(128);
    if (run > 1) out.push(257 - run, bytes[i] ?? 0);
    else out.push(0, bytes[i] ?? 0);
    i += run;
  }
  return out;
}

const turned = (byte: number) =>
  Number.parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2);

function blocksOf(page: TiffPage, isBig: boolean): number[][] {
  const { width, height, samples, bits, format = 'unsigned', planar = false } = page;
  const { compression = 'none', predictor = 1, fillOrder = 1 } = page;
  const channels = bits.length;
  const [blockWidth, blockHeight] = page.tile ?? [width, page.strip ?? height];
  const planes = planar ? bits.map((_, c) => [c]) : [bits.map((_, c) => c)];
  const blocks: number[][] = [];
  for (const plane of planes) {
    for (let top = 0; top < height; top += blockHeight) {
      const rows = page.tile === undefined ? Math.min(blockHeight, height - top) : blockHeight;
      for (let left = 0; left < width; left += blockWidth) {
        const bytes: number[] = [];
        for (let y = top; y < top + rows; y++) {
          const row: number[] = [];
          for (let x = left; x < left + blockWidth; x++) {
            for (const c of plane) row.push(samples[(y * width + x) * channels + c] ?? 0);
          }
          // What lies beside the image in a tile is nobody's: rows end where the image does.
          const shown = row.map((v, i) => (left + Math.floor(i / plane.length) < width ? v : 0));
          const own = plane.map((c) => bits[c] ?? 8);
          const [first = 8] = own;
          if (predictor === 3) {
            const big = packRow(shown, { bits: own, format, isBig: true });
            bytes.push(...floatingDifferences(big, plane.length, first / 8));
          } else if (predictor === 2) {
            const integers = shown.map((v) =>
              format === 'float' ? Number(floatBits(v, first)) : v,
            );
            const changed = differences(integers, plane.length, first);
            bytes.push(...packRow(changed, { bits: own, format: 'unsigned', isBig }));
          } else bytes.push(...packRow(shown, { bits: own, format, isBig }));
        }
        const packed =
          compression === 'deflate'
            ? [...deflateSync(Uint8Array.from(bytes))]
            : compression === 'lzw'
              ? lzw(bytes)
              : compression === 'packbits'
                ? packbits(bytes)
                : bytes;
        blocks.push(fillOrder === 2 ? packed.map(turned) : packed);
      }
    }
  }
  return blocks;
}

/** Pages, each with a directory of its own. */
export function writeTiff(pages: readonly TiffPage[], options: TiffOptions = {}): Uint8Array {
  const { isBig = false, tail = new Uint8Array() } = options;
  const bytes: number[] = isBig ? [0x4d, 0x4d, 0, 42] : [0x49, 0x49, 42, 0];
  const number = (value: number, length: number) => {
    const little = Array.from({ length }, (_, i) => Math.floor(value / 256 ** i) % 256);
    return isBig ? little.reverse() : little;
  };
  const put = (at: number, value: number, length: number) => {
    number(value, length).forEach((byte, i) => (bytes[at + i] = byte));
  };
  bytes.push(0, 0, 0, 0);
  let link = 4;
  for (const page of pages) {
    const {
      width,
      height,
      bits,
      planar = false,
      tile,
      photometric = bits.length >= 3 ? 2 : 1,
    } = page;
    const offsets: number[] = [];
    const counts: number[] = [];
    for (const block of blocksOf(page, isBig)) {
      if (bytes.length % 2 === 1) bytes.push(0);
      offsets.push(bytes.length);
      counts.push(block.length);
      for (const byte of block) bytes.push(byte);
    }
    const tags = new Map<number, readonly number[] | string>([
      [256, [width]],
      [257, [height]],
      [258, bits],
      [259, [COMPRESSIONS[page.compression ?? 'none']]],
      [262, [photometric]],
      [277, [bits.length]],
      [284, [planar ? 2 : 1]],
      ...(page.fillOrder === undefined ? [] : [[266, [page.fillOrder]] as const]),
      ...(page.predictor === undefined ? [] : [[317, [page.predictor]] as const]),
      ...(page.format === undefined
        ? []
        : [[339, bits.map(() => FORMATS[page.format ?? 'unsigned'])] as const]),
      ...(tile === undefined
        ? ([
            [273, offsets],
            [278, [page.strip ?? height]],
            [279, counts],
          ] as const)
        : ([
            [322, [tile[0]]],
            [323, [tile[1]]],
            [324, offsets],
            [325, counts],
          ] as const)),
      ...Object.entries(page.tags ?? {}).map(([tag, value]) => [Number(tag), value] as const),
    ]);
    const entries = [...tags]
      .sort(([a], [b]) => a - b)
      .map(([tag, value]) => {
        const isText = typeof value === 'string';
        const data = isText ? [...Buffer.from(`${value}\0`)] : value.flatMap((v) => number(v, 4));
        let place = data;
        if (data.length > 4) {
          if (bytes.length % 2 === 1) bytes.push(0);
          place = number(bytes.length, 4);
          for (const byte of data) bytes.push(byte);
        }
        const count = isText ? data.length : value.length;
        const filled = [...place, 0, 0, 0, 0].slice(0, 4);
        return [...number(tag, 2), ...number(isText ? 2 : 4, 2), ...number(count, 4), ...filled];
      });
    if (bytes.length % 2 === 1) bytes.push(0);
    put(link, bytes.length, 4);
    bytes.push(...number(entries.length, 2), ...entries.flat());
    link = bytes.length;
    bytes.push(0, 0, 0, 0);
  }
  return Uint8Array.from([...bytes, ...tail]);
}
