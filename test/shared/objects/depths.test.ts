import { describe, expect, test } from 'vitest';
import { DEEPEST, objectsByDepth, relativeDepths } from '../../../shared/objects/depths.ts';
import type { ObjectMap } from '../../../shared/objects/object-map.ts';
import { DEFAULT_SPLIT, splitTouching } from '../../../shared/objects/split-touching.ts';

/** Rectangles [left, top, width, height], numbered from 1. */
function rectangles(
  width: number,
  height: number,
  all: readonly (readonly [number, number, number, number])[],
): ObjectMap {
  const data = new Uint32Array(width * height);
  all.forEach(([left, top, w, h], i) => {
    for (let y = top; y < top + h; y++) data.fill(i + 1, y * width + left, y * width + left + w);
  });
  return { width, height, data };
}

/** All objects of one class, touching or not. */
const united = ({ width, height, data }: ObjectMap) => ({
  ...{ width, height },
  data: Uint8Array.from(data, (object) => (object > 0 ? 1 : 0)),
});

const GROUND = { hasBackground: true };

describe('depths inside of objects', () => {
  test('are 0 outside, largest in the middle of every object however large, and small where objects touch', () => {
    const depths = relativeDepths(
      rectangles(40, 20, [
        [2, 2, 9, 9],
        [11, 2, 17, 17],
      ]),
    );
    const at = (x: number, y: number) => depths[y * 40 + x];
    expect([at(0, 0), at(6, 6), at(19, 10)]).toEqual([0, DEEPEST, DEEPEST]);
    expect([at(10, 6), at(11, 6)]).toEqual([Math.round(DEEPEST / 5), Math.round(DEEPEST / 9)]);
  });

  test('follow the object when it is mirrored or enlarged', () => {
    const map = rectangles(24, 24, [[3, 5, 8, 12]]);
    const { width, data } = map;
    const mirrored = {
      ...map,
      data: data.map((_, i) => data[i - (i % width) + width - 1 - (i % width)] ?? 0),
    };
    const depths = relativeDepths(map);
    relativeDepths(mirrored).forEach((depth, i) => {
      expect(depth).toBe(depths[i - (i % width) + width - 1 - (i % width)]);
    });
    const twice = relativeDepths(rectangles(48, 48, [[6, 10, 16, 24]]));
    depths.forEach((depth, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      // An enlarged boundary lies half a pixel nearer.
      expect(Math.abs((twice[2 * y * 48 + 2 * x] ?? 0) - depth)).toBeLessThan(0.2 * DEEPEST);
    });
  });
});

describe('objects by depth', () => {
  test('come apart where depths have a valley, though no neck is there', () => {
    const truth = rectangles(30, 16, [
      [2, 3, 12, 10],
      [14, 3, 12, 10],
    ]);
    const map = united(truth);
    const whole = { ...map, data: Uint32Array.from(map.data) };
    expect(splitTouching(whole, DEFAULT_SPLIT).added).toBe(0);
    expect(objectsByDepth(map, relativeDepths(truth), GROUND).data).toEqual(truth.data);
  });

  test('are the connected regions where depths say nothing, or only a little', () => {
    const truth = rectangles(30, 16, [
      [2, 3, 10, 10],
      [18, 3, 10, 10],
    ]);
    const map = united(truth);
    const size = map.data.length;
    expect(objectsByDepth(map, new Uint8Array(size), GROUND).data).toEqual(truth.data);
    const noise = Uint8Array.from({ length: size }, (_, i) => 220 + (i % 7) * 4);
    expect(objectsByDepth(map, noise, GROUND).data).toEqual(truth.data);
    // What is nowhere deep is no object of its own.
    const shallow = Uint8Array.from({ length: size }, (_, i) => (i % 3 === 0 ? 60 : 1));
    expect(objectsByDepth(map, shallow, GROUND).data).toEqual(truth.data);
  });

  test('are of one class each, and none is of the background or ignored', () => {
    const map = { width: 4, height: 1, data: Uint8Array.of(1, 2, 255, 0) };
    const depths = new Uint8Array(4).fill(DEEPEST);
    expect([...objectsByDepth(map, depths, GROUND).data]).toEqual([1, 2, 0, 0]);
    expect([...objectsByDepth(map, depths, { hasBackground: false }).data]).toEqual([1, 2, 0, 3]);
  });
});
