import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createObjectRunWriter,
  decodeObjectMap,
  encodeObjectMap,
  MAX_OBJECT,
  objectMapSize,
  objectNumbers,
  readObjectMapRuns,
} from '../../../shared/objects/object-map.ts';

const HEADER_3X2 = [0x47, 0x4f, 0x4d, 0x31, 3, 0, 0, 0, 2, 0, 0, 0];

describe('run-length code of object maps', () => {
  test('is the documented bytes', () => {
    const map = { width: 3, height: 2, data: Uint32Array.of(0, 0, 300, 300, MAX_OBJECT, 7) };
    const code = encodeObjectMap(map);
    expect([...code]).toEqual([
      ...HEADER_3X2,
      ...[0, 2],
      ...[0b1010_1100, 0b10, 2],
      ...[0xff, 0xff, 0xff, 0xff, 0x0f, 1],
      ...[7, 1],
    ]);
    expect(objectMapSize(code)).toEqual({ width: 3, height: 2 });
    expect(objectNumbers(code)).toEqual([7, 300, MAX_OBJECT]);
  });

  test('every map survives', () => {
    const run = fc.tuple(
      fc.oneof(fc.constant(0), fc.integer({ min: 0, max: MAX_OBJECT })),
      fc.integer({ min: 1, max: 400 }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(run, { minLength: 1, maxLength: 30 }),
        (width, runs) => {
          const values = runs.flatMap(([number, length]) => new Array<number>(length).fill(number));
          const height = Math.ceil(values.length / width);
          const data = new Uint32Array(width * height);
          data.set(values);
          const map = { width, height, data };
          expect(decodeObjectMap(encodeObjectMap(map))).toEqual(map);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('grows over many short runs, and says whether anything is in it', () => {
    const writer = createObjectRunWriter({ width: 5000, height: 1 });
    writer.append(0, 1);
    expect(writer.isEmpty).toBe(true);
    for (let i = 1; i < 5000; i++) writer.append(MAX_OBJECT - i, 1);
    expect(writer.isEmpty).toBe(false);
    expect(decodeObjectMap(writer.bytes()).data[4999]).toBe(MAX_OBJECT - 4999);
  });

  test.each([
    [[], 'no header'],
    [[...HEADER_3X2].with(0, 0), 'no header'],
    [[...HEADER_3X2].with(7, 255), 'too large'],
    [[...HEADER_3X2, 1, 5], 'fall short'],
    [[...HEADER_3X2, 1, 7], 'overflow'],
    [[...HEADER_3X2, 1, 0], 'overflow'],
    [[...HEADER_3X2, 1, 6, 2], 'cut off'],
    [[...HEADER_3X2, 0xff, 0xff, 0xff, 0xff, 0x1f, 6], 'no object'],
    [[...HEADER_3X2, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 6], 'cut off'],
  ])('damage %# is named: %s', (bytes, reason) => {
    expect(() => readObjectMapRuns(Uint8Array.from(bytes), () => undefined)).toThrow(reason);
    expect(() => decodeObjectMap(Uint8Array.from(bytes))).toThrow(reason);
  });
});
