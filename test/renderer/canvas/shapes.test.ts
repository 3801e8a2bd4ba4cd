import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  boxOf,
  growRegion,
  ringArea,
  snapToPixels,
  sweptDisc,
} from '../../../renderer/canvas/shapes.ts';
import { imagePoint, type ImagePoint } from '../../../renderer/canvas/viewport.ts';
import { traceRings } from '../../fixtures/trace-rings.ts';

const SIDE = 40;

/** Paints spans into [SIDE, SIDE], and fails where a pixel is visited twice. */
function mask(draw: (visit: (y: number, x0: number, x1: number) => void) => void): Uint8Array {
  const data = new Uint8Array(SIDE * SIDE);
  draw((y, x0, x1) => {
    for (let x = Math.max(0, x0); x < Math.min(SIDE, x1); x++) {
      if (y < 0 || y >= SIDE) continue;
      expect(data[y * SIDE + x]).toBe(0);
      data[y * SIDE + x] = 1;
    }
  });
  return data;
}

const point = fc
  .tuple(
    fc.double({ min: -8, max: SIDE + 8, noNaN: true }),
    fc.double({ min: -8, max: SIDE + 8, noNaN: true }),
  )
  .map(([x, y]) => imagePoint(x, y));

function distanceToSegment(x: number, y: number, a: ImagePoint, b: ImagePoint): number {
  const squared = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
  const along = squared === 0 ? 0 : ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / squared;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - a.x - t * (b.x - a.x), y - a.y - t * (b.y - a.y));
}

describe('a swept disc', () => {
  test('covers exactly the pixels whose centres are within the radius of the way', () => {
    fc.assert(
      fc.property(point, point, fc.double({ min: 0.3, max: 15, noNaN: true }), (a, b, radius) => {
        const swept = mask((visit) => sweptDisc(a, b, { radius, visit }));
        for (let y = 0; y < SIDE; y++) {
          for (let x = 0; x < SIDE; x++) {
            const distance = distanceToSegment(x + 0.5, y + 0.5, a, b);
            // On the rim itself rounding decides.
            if (Math.abs(distance - radius) < 1e-6) continue;
            expect(swept[y * SIDE + x]).toBe(distance < radius ? 1 : 0);
          }
        }
      }),
      // A way of so few digits that it has no direction.
      { examples: [[imagePoint(5e-324, -4e-323), imagePoint(-5e-324, -2e-323), 7]] },
    );
  });

  test.each([
    [1, ['#']],
    [2, ['##', '##']],
    [3, ['###', '###', '###']],
    [4, ['.##.', '####', '####', '.##.']],
    [5, ['.###.', '#####', '#####', '#####', '.###.']],
  ])('of %i px is symmetric', (sizePx, rows) => {
    const at = snapToPixels(imagePoint(10.3, 10.6), sizePx);
    const data = mask((visit) => sweptDisc(at, at, { radius: sizePx / 2, visit }));
    const first = data.indexOf(1);
    const top = Math.floor(first / SIDE);
    const left = Math.min(...[...data.keys()].filter((i) => data[i] === 1).map((i) => i % SIDE));
    const drawn = rows.map((row, y) =>
      Array.from(row, (_, x) => (data[(top + y) * SIDE + left + x] === 1 ? '#' : '.')).join(''),
    );
    expect(drawn).toEqual(rows);
    expect(data.reduce((sum, value) => sum + value, 0)).toBe(rows.join('').split('#').length - 1);
  });

  test('of one pixel leaves no gap in any direction', () => {
    fc.assert(
      fc.property(point, point, (from, to) => {
        const a = snapToPixels(from, 1);
        const b = snapToPixels(to, 1);
        const painted = new Set<string>();
        sweptDisc(a, b, {
          radius: 0.5,
          visit: (y, x0, x1) => {
            for (let x = x0; x < x1; x++) painted.add(`${x},${y}`);
          },
        });
        // A walk over 8-neighbours from one end reaches the other.
        const reached = new Set([`${a.x - 0.5},${a.y - 0.5}`]);
        for (const key of reached) {
          const [x = 0, y = 0] = key.split(',').map(Number);
          for (const dx of [-1, 0, 1])
            for (const dy of [-1, 0, 1]) {
              const next = `${x + dx},${y + dy}`;
              if (painted.has(next)) reached.add(next);
            }
        }
        expect(reached).toContain(`${b.x - 0.5},${b.y - 0.5}`);
      }),
    );
  });
});

describe('the area of rings', () => {
  test('mask → rings → mask is the identity, holes included', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            x: fc.integer({ min: 0, max: SIDE - 1 }),
            y: fc.integer({ min: 0, max: SIDE - 1 }),
            width: fc.integer({ min: 1, max: 20 }),
            height: fc.integer({ min: 1, max: 20 }),
            value: fc.constantFrom(0, 1),
          }),
          { minLength: 1, maxLength: 10 },
        ),
        (boxes) => {
          const data = new Uint8Array(SIDE * SIDE);
          for (const { x, y, width, height, value } of boxes) {
            for (let row = y; row < Math.min(SIDE, y + height); row++) {
              data.fill(value, row * SIDE + x, row * SIDE + Math.min(SIDE, x + width));
            }
          }
          const rings = traceRings(data, [SIDE, SIDE]).map((ring) =>
            Array.from({ length: ring.length / 2 }, (_, i) =>
              imagePoint(ring[2 * i] ?? 0, ring[2 * i + 1] ?? 0),
            ),
          );
          const again = mask((visit) => ringArea(rings, { width: SIDE, height: SIDE }, visit));
          expect(Buffer.compare(again, data)).toBe(0);
        },
      ),
    );
  });

  test('is clipped to the image and empty beyond it', () => {
    const ring = [imagePoint(-10, -10), imagePoint(5, -10), imagePoint(5, 5), imagePoint(-10, 5)];
    const inside = mask((visit) => ringArea([ring], { width: SIDE, height: SIDE }, visit));
    expect(inside.reduce((sum, value) => sum + value, 0)).toBe(25);
    const beyond = ring.map(({ x, y }) => imagePoint(x - 100, y));
    const nothing = mask((visit) => ringArea([beyond], { width: SIDE, height: SIDE }, visit));
    expect(nothing).not.toContain(1);
  });
});

test('a box covers every pixel it touches', () => {
  expect(boxOf(imagePoint(5.2, 3), imagePoint(2.7, 9.1))).toEqual({ x0: 2, y0: 3, x1: 6, y1: 10 });
});

test('a region grows over exactly what a naive search reaches', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: SIDE * SIDE, maxLength: SIDE * SIDE, max: 2 }),
      fc.integer({ min: 0, max: SIDE - 1 }),
      fc.integer({ min: 0, max: SIDE - 1 }),
      (values, x, y) => {
        const target = values[y * SIDE + x];
        const inside = (px: number, py: number) => values[py * SIDE + px] === target;
        const grown = mask((visit) =>
          growRegion({ x, y }, { size: { width: SIDE, height: SIDE }, inside, visit }),
        );
        const naive = new Uint8Array(SIDE * SIDE);
        const queue: [number, number][] = [[x, y]];
        for (const [px, py] of queue) {
          if (px < 0 || py < 0 || px >= SIDE || py >= SIDE) continue;
          if (naive[py * SIDE + px] === 1 || !inside(px, py)) continue;
          naive[py * SIDE + px] = 1;
          queue.push([px + 1, py], [px - 1, py], [px, py + 1], [px, py - 1]);
        }
        expect(Buffer.compare(grown, naive)).toBe(0);
      },
    ),
  );
});
