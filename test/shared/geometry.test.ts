import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cocoArea, compressCocoCounts } from '../../shared/coco-rle.ts';
import { cocoPolygonRuns, crossesItself, fillRings } from '../../shared/geometry.ts';
import { traceRings } from '../fixtures/trace-rings.ts';

/**
 * Made with pycocotools 2.0.11: mask.frPyObjects([polygon], height, width) of random polygons with 3 – 8
 * vertices inside and outside the image: whole numbers, halves, hundredths, clipped, with repeated vertices.
 */
const recorded = z
  .array(
    z.object({
      size: z.tuple([z.number(), z.number()]),
      polygon: z.array(z.number()),
      counts: z.string(),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('./pycocotools-polygons.json', import.meta.url), 'utf8')));

function runsOf(polygon: number[], size: [number, number]): readonly number[] {
  const runs = cocoPolygonRuns(polygon, size);
  if (!runs.ok) throw new Error(runs.reason);
  return runs.counts;
}

describe('COCO polygons', () => {
  test('the square (2,2)–(5,5) is 9 pixels, as in pycocotools', () => {
    const counts = runsOf([2, 2, 5, 2, 5, 5, 2, 5], [8, 8]);
    expect(cocoArea(counts)).toBe(9);
    expect(compressCocoCounts(counts)).toBe('b035000f0');
  });

  test('agrees with pycocotools on every recorded polygon', () => {
    expect(recorded.length).toBe(240);
    for (const { size, polygon, counts } of recorded) {
      expect({ polygon, counts: compressCocoCounts(runsOf(polygon, size)) }).toEqual({
        polygon,
        counts,
      });
    }
  });

  test('runs always fill the image exactly', () => {
    const coordinate = fc.double({ min: -30, max: 60, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 10 }),
        (corners) => {
          const counts = runsOf(corners.flat(), [20, 30]);
          expect(counts.reduce((sum, run) => sum + run, 0)).toBe(600);
          expect(counts.every((run, i) => run > 0 || i === 0)).toBe(true);
        },
      ),
    );
  });

  test.each<[string, number[], RegExp]>([
    ['two corners', [0, 0, 1, 1], /has 4 numbers/],
    ['an odd count', [0, 0, 1, 1, 2, 2, 3], /has 7 numbers/],
    ['not a number', [0, 0, 1, Number.NaN, 2, 2], /not numbers or far outside/],
    ['far outside', [0, 0, 1e9, 0, 1e9, 1e9], /not numbers or far outside/],
  ])('%s: refused with a reason', (_, polygon, reason) => {
    const runs = cocoPolygonRuns(polygon, [10, 10]);
    expect(runs.ok ? 'accepted' : runs.reason).toMatch(reason);
  });
});

describe('rings along pixel edges', () => {
  test('a ring of pixels is traced as its outline and its hole', () => {
    // oxfmt-ignore
    const data = Uint8Array.of(
      1, 1, 1, 0,
      1, 0, 1, 0,
      1, 1, 1, 0,
    );
    const rings = traceRings(data, [3, 4]);
    expect(rings.map((ring) => ring.length / 2)).toEqual([4, 4]);
    expect(rings[0]).toEqual([3, 0, 3, 3, 0, 3, 0, 0]);
    expect([...fillRings(rings, [3, 4])]).toEqual([...data]);
  });

  test('pixels that touch at a corner keep rings of their own', () => {
    expect(traceRings(Uint8Array.of(1, 0, 0, 1), [2, 2]).length).toBe(2);
  });

  test('mask → rings → mask is the identity, holes and islands included', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }).chain((width) =>
          fc.tuple(
            fc.constant(width),
            fc.array(fc.array(fc.boolean(), { minLength: width, maxLength: width }), {
              minLength: 1,
              maxLength: 16,
            }),
          ),
        ),
        ([width, rows]) => {
          const data = Uint8Array.from(rows.flat(), Number);
          const size: [number, number] = [rows.length, width];
          expect(fillRings(traceRings(data, size), size)).toEqual(data);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('fractions are filled by pixel centres and cut off at the border', () => {
    // A triangle under the diagonal of a 4 × 4 image, its corners outside.
    const filled = fillRings([[-1, -1, 5, 5, -1, 5]], [4, 4]);
    // oxfmt-ignore
    expect([...filled]).toEqual([
      0, 0, 0, 0,
      1, 0, 0, 0,
      1, 1, 0, 0,
      1, 1, 1, 0,
    ]);
    expect([...fillRings([[0.6, 0, 2.6, 0, 2.6, 1, 0.6, 1]], [1, 4])]).toEqual([0, 1, 1, 0]);
  });
});

describe('what a polygon may be', () => {
  test('has vertices within 100,000 px of the image on either side', () => {
    const size: [number, number] = [4, 4];
    const reach = (x: number) => cocoPolygonRuns([0, 0, x, 0, 0, 4], size).ok;
    expect([100_000, -100_000, 100_001, -100_001].map(reach)).toEqual([true, true, false, false]);
  });
});

describe('rings at and beyond the border', () => {
  const box = (left: number, top: number, right: number, bottom: number) => [
    ...[left, top, right, top],
    ...[right, bottom, left, bottom],
  ];
  const rows = (ring: readonly number[]) => {
    const mask = fillRings([ring], [3, 4]);
    return [0, 1, 2].map((y) => [...mask.subarray(4 * y, 4 * y + 4)].join(''));
  };

  test.each<[string, readonly number[], string[]]>([
    ['to the right, rows stay apart', box(2, 0, 9, 1), ['0011', '0000', '0000']],
    ['wholly to the left, nothing is filled', box(-9, 0, -5, 3), ['0000', '0000', '0000']],
    [
      'a centre on the upper edge is inside, one on the lower is not',
      box(0, 0.5, 4, 1.5),
      ['1111', '0000', '0000'],
    ],
    ['the centre counts, not the corner', box(0, 0.4, 4, 1.4), ['1111', '0000', '0000']],
    ['and so it does from left to right', box(0.4, 0, 1.4, 3), ['1000', '1000', '1000']],
  ])('%s', (_, ring, expected) => {
    expect(rows(ring)).toEqual(expected);
  });
});

describe('an outline that crosses itself', () => {
  const circle = (corners: number): number[] =>
    Array.from({ length: corners }, (_, i) => {
      const angle = (2 * Math.PI * i) / corners;
      return [500 + 400 * Math.cos(angle), 500 + 400 * Math.sin(angle)];
    }).flat();

  test.each([40, 400, 40_000])(
    'is told among %i corners, and no other is taken for one',
    (corners) => {
      expect(crossesItself(circle(corners))).toBe(false);
      // The first corner goes right across, and out on the other side.
      expect(crossesItself([50, 503, ...circle(corners).slice(2)])).toBe(true);
    },
  );

  test('is not looked for longer than is reasonable, which is said', () => {
    // Bars one above the other, none of which crosses another: every pair of sides lies above one another.
    const comb = Array.from({ length: 20_000 }, (_, i) => {
      const y = i >> 1;
      return i % 4 === 0 || i % 4 === 3 ? [0, y] : [1000, y];
    });
    expect(crossesItself([...comb, [-1, 9_999.5], [-1, 0]].flat())).toBe(null);
  });
});
