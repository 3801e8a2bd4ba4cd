import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { squaredDistances } from '../../../../engine/training/scoring/distance-transform.ts';
import {
  squaredDistancesBetween,
  surfacesOf,
} from '../../../../engine/training/scoring/surfaces.ts';
import type { LabelMap } from '../../../../shared/label-map.ts';

const label = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(255));
const maps = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) => {
    const data = fc.array(label, { minLength: width * height, maxLength: width * height });
    return fc.tuple(data, data).map(([predicted, truth]): [LabelMap, LabelMap] => [
      { width, height, data: Uint8Array.from(predicted, (value) => value % 4) },
      { width, height, data: Uint8Array.from(truth) },
    ]);
  });

describe('the outlines of a label map', () => {
  it('are the pixels of a class with a neighbour that is none of it, ignored pixels being of no class', () => {
    fc.assert(
      fc.property(maps, ([map, truth]) => {
        const { width, height } = map;
        const at = (x: number, y: number) => {
          const i = y * width + x;
          const inside = x >= 0 && x < width && y >= 0 && y < height;
          return inside && truth.data[i] !== 255 ? map.data[i] : undefined;
        };
        const surfaces = surfacesOf(map, truth);
        for (let c = 0; c < 4; c++) {
          const wanted = [...map.data.keys()].filter((i) => {
            const [x, y] = [i % width, Math.floor(i / width)];
            const around = [at(x - 1, y), at(x + 1, y), at(x, y - 1), at(x, y + 1)];
            return at(x, y) === c && around.some((other) => other !== c);
          });
          expect([...(surfaces[c] ?? [])]).toEqual(wanted);
        }
      }),
    );
  });
});

describe('distances between outlines', () => {
  const pixels = (width: number, height: number, keep: (x: number, y: number) => boolean) =>
    Int32Array.from(
      Array.from({ length: width * height }, (_, i) => i).filter((i) =>
        keep(i % width, Math.floor(i / width)),
      ),
    );
  const transformed = (from: Int32Array, to: Int32Array, width: number, height: number) => {
    const mask = (surface: Int32Array) => {
      const out = new Uint8Array(width * height);
      for (const i of surface) out[i] = 1;
      return out;
    };
    return squaredDistances(mask(to), mask(from), { width, height });
  };

  it('are those of the distance transform, whatever lies where', () => {
    const places = fc.uniqueArray(fc.nat(), {
      minLength: 1,
      maxLength: 40,
      selector: (n) => n % 300,
    });
    fc.assert(
      fc.property(places, places, fc.constantFrom(1, 5, 20, 60, 300), (from, to, width) => {
        const surface = (all: number[]) => Int32Array.from(all, (n) => n % 300).sort();
        const [a, b] = [surface(from), surface(to)];
        const height = Math.ceil(300 / width);
        expect(squaredDistancesBetween(a, b, width)).toEqual(transformed(a, b, width, height));
      }),
    );
  });

  it('are the same where outlines are so long and far apart that the transform is quicker', () => {
    const [width, height] = [120, 160];
    const board = pixels(width, height, (x, y) => y < 60 && (x + y) % 2 === 0);
    const line = pixels(width, height, (_, y) => y === height - 1);
    for (const [from, to] of [
      [board, line],
      [line, board],
    ] as const) {
      expect(squaredDistancesBetween(from, to, width)).toEqual(
        transformed(from, to, width, height),
      );
    }
  });
});
