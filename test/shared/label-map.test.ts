import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createRunWriter,
  decodeLabelMap,
  encodeLabelMap,
  forEachRun,
  labelValues,
  readLabelMapRuns,
} from '../../shared/label-map.ts';

const HEADER_3X2 = [0x47, 0x4c, 0x4d, 0x31, 3, 0, 0, 0, 2, 0, 0, 0];

describe('run-length code of label maps', () => {
  test('is the documented bytes', () => {
    const map = { width: 3, height: 2, data: Uint8Array.of(0, 0, 0, 0, 255, 7) };
    expect([...encodeLabelMap(map)]).toEqual([...HEADER_3X2, 0, 4, 255, 1, 7, 1]);
    const wide = { width: 300, height: 1, data: new Uint8Array(300).fill(9) };
    expect([...encodeLabelMap(wide).subarray(12)]).toEqual([9, 0b1010_1100, 0b10]);
  });

  test('every map survives', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 400 })), {
          minLength: 1,
          maxLength: 40,
        }),
        (width, runs) => {
          const values = runs.flatMap(([value, length]) => new Array<number>(length).fill(value));
          const height = Math.ceil(values.length / width);
          const data = new Uint8Array(width * height);
          data.set(values);
          expect(decodeLabelMap(encodeLabelMap({ width, height, data }))).toEqual({
            width,
            height,
            data,
          });
        },
      ),
    );
  });

  test('grows over many short runs', () => {
    const data = Uint8Array.from({ length: 10_000 }, (_, i) => i & 1);
    const map = { width: 100, height: 100, data };
    expect(decodeLabelMap(encodeLabelMap(map))).toEqual(map);
  });

  test('runs reach up to the largest map there may be, in five groups of seven bits', () => {
    const writer = createRunWriter({ width: 2 ** 15, height: 2 ** 15 });
    writer.append(3, 2 ** 28 - 1);
    writer.append(4, 2 ** 30 - 2 ** 28 + 1);
    const bytes = writer.bytes();
    // 2^28 − 1 still takes four groups.
    expect([...bytes.subarray(12)]).toEqual([
      ...[3, 0xff, 0xff, 0xff, 0x7f],
      ...[4, 0x81, 0x80, 0x80, 0x80, 0x03],
    ]);
    const runs: number[][] = [];
    readLabelMapRuns(bytes, (...run) => runs.push(run));
    expect(runs).toEqual([
      [3, 0, 2 ** 28 - 1],
      [4, 2 ** 28 - 1, 2 ** 30],
    ]);
  });

  test('neighbouring runs of one class become one, and runs alone have no header', () => {
    const writer = createRunWriter();
    for (const [value, run] of [
      [5, 2],
      [5, 3],
      [5, 1],
      [6, 4],
    ] as const) {
      writer.append(value, run);
    }
    expect([...writer.bytes()]).toEqual([5, 6, 6, 4]);
    const piece = createRunWriter({ width: 3, height: 2 });
    piece.append(1, 3);
    piece.append(1, 3);
    expect([...piece.bytes()]).toEqual([...HEADER_3X2, 1, 6]);
  });

  test('a piece of code ends where it is said to end', () => {
    const code = Uint8Array.from([9, 9, 1, 0x82, 0x01, 2, 0x83, 0x01]);
    const read = (from: number, to: number) => {
      const runs: number[][] = [];
      forEachRun(code, (...run) => runs.push(run), { from, to });
      return runs;
    };
    expect(read(2, 5)).toEqual([[1, 130]]);
    expect(read(5, 8)).toEqual([[2, 131]]);
    expect(read(5, 5)).toEqual([]);
    expect(() => read(2, 4)).toThrow(/cut off/);
    expect(() => read(2, 3)).toThrow(/cut off/);
  });

  test('the values of a code are named once each, ascending', () => {
    const data = Uint8Array.of(7, 0, 255, 7, 3, 0);
    expect(labelValues(encodeLabelMap({ width: 3, height: 2, data }))).toEqual([0, 3, 7, 255]);
  });

  test('a fifth group counts beyond 32 bits, so that no run is taken for a shorter one', () => {
    const lengths: number[] = [];
    const fifth = (group: number) => [0, 0x80, 0x80, 0x80, 0x80, group];
    const code = Uint8Array.from([...fifth(0x01), ...fifth(0x08), ...fifth(0x7f)]);
    forEachRun(code, (_, run) => lengths.push(run), { from: 0, to: code.length });
    expect(lengths).toEqual([2 ** 28, 2 ** 31, 127 * 2 ** 28]);
    // 2^32 and 6 more would fit a map of six pixels, if only 32 bits counted.
    const wrapped = Uint8Array.from([...HEADER_3X2, 0, 0x86, 0x80, 0x80, 0x80, 0x10]);
    expect(() => decodeLabelMap(wrapped)).toThrow(/overflow/);
  });

  test('a map whose pixels do not fit its size is refused', () => {
    expect(() => encodeLabelMap({ width: 2, height: 2, data: new Uint8Array(3) })).toThrow(
      /2×2 label map has 3 pixels/,
    );
  });

  test.each<[string, number[], RegExp]>([
    ['nothing', [], /no header/],
    ['another file', [1, 2, 3, 4, 3, 0, 0, 0, 2, 0, 0, 0, 0, 6], /no header/],
    [
      'a file that begins much alike',
      [0x47, 0x4c, 0x4d, 0x32, ...HEADER_3X2.slice(4), 0, 6],
      /no header/,
    ],
    ['one pixel too many', [...HEADER_3X2.slice(0, 4), 1, 0, 0, 0x40, 1, 0, 0, 0], /too large/],
    ['a cut header', HEADER_3X2.slice(0, 8), /no header/],
    ['runs that fall short', [...HEADER_3X2, 0, 5], /fall short/],
    ['runs that overflow', [...HEADER_3X2, 0, 7], /overflow/],
    ['an empty run', [...HEADER_3X2, 0, 0, 0, 6], /overflow/],
    ['a cut run', [...HEADER_3X2, 0, 0x80], /cut off/],
    ['a run of six groups', [...HEADER_3X2, 0, 0x86, 0x80, 0x80, 0x80, 0x80, 0x00], /cut off/],
    ['a run of endless length', [...HEADER_3X2, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], /cut off/],
    ['too large a size', [...HEADER_3X2.slice(0, 4), 0, 0, 1, 0, 0, 0, 1, 0], /too large/],
  ])('%s is corrupt', (_, bytes, reason) => {
    let error: unknown;
    try {
      decodeLabelMap(Uint8Array.from(bytes));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'corrupt' });
    expect(String(error)).toMatch(reason);
  });
});
