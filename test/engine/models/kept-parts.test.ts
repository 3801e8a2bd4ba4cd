import { describe, expect, it } from 'vitest';
import type { Part } from '../../../shared/entities.ts';
import { newParts } from '../../../engine/models/kept-parts.ts';

const image = (id: number, groupName: string | null = null) => ({
  id,
  groupName,
  hash: `${(id * 7919) % 1000}`.padStart(64, '0'),
  page: 0,
});
const images = (count: number) => Array.from({ length: count }, (_, i) => image(i + 1));
const asMap = (items: ReturnType<typeof newParts>) =>
  new Map<number, Part>(items.map(({ imageId, part }) => [imageId, part]));
const counts = (parts: Iterable<Part>) => {
  const sums = { train: 0, val: 0, test: 0 };
  for (const part of parts) sums[part]++;
  return sums;
};

describe('parts that images keep in the trainings of models', () => {
  it('learn from the first image and hold the second out', () => {
    expect(counts(asMap(newParts(images(1), new Map())).values())).toEqual({
      train: 1,
      val: 0,
      test: 0,
    });
    expect(counts(asMap(newParts(images(2), new Map())).values())).toEqual({
      train: 1,
      val: 0,
      test: 1,
    });
  });

  it('come near seven, one and two tenths', () => {
    expect(counts(asMap(newParts(images(100), new Map())).values())).toEqual({
      train: 70,
      val: 10,
      test: 20,
    });
  });

  it('are never changed as labels come one by one', () => {
    const kept = new Map<number, Part>();
    for (let count = 1; count <= 40; count++) {
      for (const { imageId, part } of newParts(images(count), kept)) {
        expect(kept.has(imageId)).toBe(false);
        kept.set(imageId, part);
      }
    }
    expect(counts(kept.values())).toEqual({ train: 28, val: 4, test: 8 });
  });

  it('put an image where its group is already', () => {
    const kept = new Map<number, Part>([[1, 'test']]);
    const items = newParts([image(1, 'slide'), image(2, 'slide'), image(3)], kept);
    expect(asMap(items)).toEqual(
      new Map<number, Part>([
        [2, 'test'],
        [3, 'train'],
      ]),
    );
  });

  it('do not depend on the order of the images', () => {
    const some = images(30);
    expect(asMap(newParts(some.toReversed(), new Map()))).toEqual(asMap(newParts(some, new Map())));
  });
});
