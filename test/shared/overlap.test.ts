import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRunWriter, encodeLabelMap } from '../../shared/label-map.ts';
import { classOverlaps, codeOverlaps } from '../../shared/overlap.ts';

const values = (pixels: number) =>
  fc.uint8Array({ minLength: pixels, maxLength: pixels }).map((data) =>
    // Few classes, so that runs occur, and ignored pixels among them.
    data.map((value) => [0, 1, 1, 1, 7, 255][value % 6] ?? 0),
  );

it('counts of two codes are those of what they unpack to', () => {
  fc.assert(
    fc.property(
      fc
        .record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }) })
        .chain((size) => {
          const map = values(size.width * size.height).map((data) => ({ ...size, data }));
          return fc.tuple(map, map);
        }),
      ([prediction, truth]) => {
        const counts = codeOverlaps(encodeLabelMap(prediction), encodeLabelMap(truth));
        expect(counts).toEqual(classOverlaps(prediction, truth));
      },
    ),
  );
});

it('counts a gigapixel of few runs without unpacking it', () => {
  const side = 32_768;
  const writer = createRunWriter({ width: side, height: side });
  writer.append(1, side * side - 5);
  writer.append(2, 5);
  const code = writer.bytes();
  const before = process.memoryUsage().arrayBuffers;
  expect(codeOverlaps(code, code)).toEqual([
    {
      classIndex: 1,
      predictedPx: side * side - 5,
      truePx: side * side - 5,
      bothPx: side * side - 5,
    },
    { classIndex: 2, predictedPx: 5, truePx: 5, bothPx: 5 },
  ]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});

it('counts a prediction that is shorter than the truth as far as it goes', () => {
  const row = (...data: number[]) =>
    encodeLabelMap({ width: data.length, height: 1, data: Uint8Array.from(data) });
  expect(codeOverlaps(row(1, 1), row(1, 0, 0, 1))).toEqual([
    { classIndex: 0, predictedPx: 0, truePx: 1, bothPx: 0 },
    { classIndex: 1, predictedPx: 2, truePx: 1, bothPx: 1 },
  ]);
});
