import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { squaredDistances } from '../../../shared/objects/distance.ts';
import type { ObjectMap } from '../../../shared/objects/object-map.ts';
import { DEFAULT_SPLIT, splitTouching } from '../../../shared/objects/split-touching.ts';

/** Discs [x, y, radius, number] on a map; later ones lie over earlier ones. */
function discs(width: number, height: number, all: readonly (readonly number[])[]): ObjectMap {
  const data = new Uint32Array(width * height);
  for (const [cx = 0, cy = 0, radius = 0, number = 0] of all) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if ((x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2) data[y * width + x] = number;
      }
    }
  }
  return { width, height, data };
}

const at = ({ width, data }: ObjectMap, x: number, y: number) => data[y * width + x];

describe('the distance inside an object', () => {
  test('is that to the nearest other pixel, looked up one by one, touching objects bounding each other', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.constantFrom(0, 1, 1, 1, 1, 2, 2), { minLength: 9, maxLength: 81 }),
        (width, values) => {
          const height = Math.floor(values.length / width);
          const data = Uint32Array.from(values.slice(0, width * height));
          const found = squaredDistances({ width, height, data });
          const isBounded = new Set(data).size > 1;
          if (!isBounded) return;
          data.forEach((object, i) => {
            let nearest = object === 0 ? 0 : Infinity;
            data.forEach((other, j) => {
              if (other === object || object === 0) return;
              const dx = (i % width) - (j % width);
              const dy = Math.floor(i / width) - Math.floor(j / width);
              nearest = Math.min(nearest, dx * dx + dy * dy);
            });
            expect(found[i]).toBe(nearest);
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('splitting touching objects', () => {
  test('a neck of just the share that splits does split', () => {
    // Two squares of three pixels, whose middles are 2 from the boundary, and a line between, which is 1.
    const rows = ['1110111', '1111111', '1110111'].map((row) => Array.from(row, Number));
    const framed = { width: 9, height: 5, data: new Uint32Array(45) };
    rows.forEach((row, y) => framed.data.set(row, (y + 1) * 9 + 1));
    const addedBy = (neck: number) => splitTouching(framed, { neck, smallestPx: 1 }).added;
    expect([0.49, 0.5].map(addedBy)).toEqual([0, 1]);
  });

  test('two discs that touch come apart, the larger keeps the number, others are left alone', () => {
    const map = discs(60, 40, [
      [15, 20, 12, 7],
      [35, 20, 9, 7],
      [52, 8, 5, 3],
    ]);
    const { objects, split, added } = splitTouching(map, DEFAULT_SPLIT);
    expect([split, added]).toEqual([[7], 1]);
    expect([at(objects, 10, 20), at(objects, 38, 20), at(objects, 52, 8)]).toEqual([7, 8, 3]);
    // Every pixel of an object is still of one.
    objects.data.forEach((object, i) => expect(object > 0).toBe((map.data[i] ?? 0) > 0));
  });

  test('the slider decides: a wide neck is split only where it may be wide', () => {
    const map = discs(60, 40, [
      [20, 20, 12, 1],
      [32, 20, 12, 1],
    ]);
    const parts = (neck: number) => splitTouching(map, { neck, smallestPx: 20 }).added;
    expect([parts(0), parts(0.75), parts(0.95)]).toEqual([0, 0, 1]);
  });

  test('a single disc, a ring of pixels and thin lines stay whole', () => {
    const map = discs(40, 40, [[20, 20, 15, 1]]);
    expect(splitTouching(map, DEFAULT_SPLIT).added).toBe(0);
    const line = { width: 30, height: 3, data: new Uint32Array(90).fill(4, 30, 60) };
    expect(splitTouching(line, DEFAULT_SPLIT).objects.data).toEqual(line.data);
  });

  test('parts that are too small for an object stay with their neighbour', () => {
    const map = discs(50, 40, [
      [15, 20, 12, 1],
      [31, 20, 4, 1],
    ]);
    expect(splitTouching(map, { neck: 0.9, smallestPx: 1 }).added).toBe(1);
    expect(splitTouching(map, { neck: 0.9, smallestPx: 60 }).added).toBe(0);
  });

  test('pieces that lie apart become objects, and only those that are asked for', () => {
    const map = discs(40, 20, [
      [8, 10, 6, 1],
      [30, 10, 5, 1],
    ]);
    expect(splitTouching(map, DEFAULT_SPLIT).added).toBe(1);
    expect(splitTouching(map, { ...DEFAULT_SPLIT, only: new Set([2]) }).added).toBe(0);
  });

  test('numbers end: where the largest is taken, free ones below it are', () => {
    const largest = 2 ** 32 - 1;
    const map = discs(40, 20, [
      [8, 10, 6, largest],
      [30, 10, 5, largest],
      [20, 2, 1, 1],
    ]);
    const { objects } = splitTouching(map, DEFAULT_SPLIT);
    expect([at(objects, 8, 10), at(objects, 30, 10)]).toEqual([largest, 2]);
  });

  test('objects of many pieces and of no bound stay what they are, and how far it is is told up to the end', () => {
    // Distances beyond 2²⁴ px², which are no whole numbers of 32-bit floats any more.
    const long = { width: 12_000, height: 3, data: new Uint32Array(36_000).fill(5) };
    long.data.fill(0, 0, 1);
    const shares: number[] = [];
    const { added } = splitTouching(long, { ...DEFAULT_SPLIT, onShare: (one) => shares.push(one) });
    expect([added, shares.at(-1)]).toEqual([0, 1]);
    const specks = discs(90, 60, [
      [10, 10, 6, 2],
      [40, 10, 8, 2],
      [70, 40, 8, 2],
      [20, 40, 5, 9],
    ]);
    const { objects, split } = splitTouching(specks, DEFAULT_SPLIT);
    // Of the two largest the first that rows meet keeps the number.
    expect([at(objects, 40, 10), at(objects, 10, 10), at(objects, 70, 40)]).toEqual([2, 10, 11]);
    expect([at(objects, 20, 40), split]).toEqual([9, [2]]);
  });
});
