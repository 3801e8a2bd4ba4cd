import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeSplit, type SplittableImage } from '../../../engine/data/split.ts';
import { findLeaks } from '../../../shared/leaks.ts';

const plain = (count: number): SplittableImage[] =>
  Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    groupName: null,
    hash: `file ${i}`,
    page: 0,
  }));

const countOf = (items: readonly { part: string }[], part: string) =>
  items.filter((item) => item.part === part).length;

describe('makeSplit', () => {
  test('meets shares and counts exactly where there are no groups', () => {
    const shares = makeSplit(plain(60), { val: 0.2, test: 0.3, seed: 1 });
    expect(['train', 'val', 'test'].map((part) => countOf(shares, part))).toEqual([30, 12, 18]);
    const counts = makeSplit(plain(60), { val: 5, test: 1, seed: 1 });
    expect(['train', 'val', 'test'].map((part) => countOf(counts, part))).toEqual([54, 5, 1]);
    const noVal = makeSplit(plain(4), { val: 0, test: 0.5, seed: 1 });
    expect(['train', 'val', 'test'].map((part) => countOf(noVal, part))).toEqual([2, 0, 2]);
  });

  test('rounds shares to whole images, and leaves a single image to every part where there are no more', () => {
    const sizes = (count: number, val: number, testSize: number) => {
      const items = makeSplit(plain(count), { val, test: testSize, seed: 1 });
      return ['train', 'val', 'test'].map((part) => countOf(items, part));
    };
    expect(sizes(12, 0.3, 0.2)).toEqual([6, 4, 2]); // 3.6 and 2.4
    expect(sizes(12, 2.6, 1.4)).toEqual([8, 3, 1]);
    expect(sizes(3, 0.3, 0.3)).toEqual([1, 1, 1]);
    expect(sizes(2, 0, 0.5)).toEqual([1, 0, 1]);
  });

  test('takes a whole group more only where that comes nearer to the size', () => {
    const groups = (size: number, of: number) =>
      plain(size * of).map((image, i) => ({
        ...image,
        groupName: `group ${Math.floor(i / size)}`,
      }));
    const inTest = (images: readonly SplittableImage[], testSize: number) =>
      countOf(makeSplit(images, { val: 0, test: testSize, seed: 1 }), 'test');
    expect(inTest(groups(2, 6), 3)).toBe(2); // 4 is as far
    expect(inTest(groups(3, 6), 5)).toBe(6);
    expect(inTest(groups(3, 6), 4)).toBe(3);
    expect(inTest(groups(3, 6), 1)).toBe(3); // one group at least
  });

  test('the same seed gives the same split, another seed another', () => {
    const split = (seed: number) => makeSplit(plain(40), { val: 0.2, test: 0.2, seed });
    expect(split(7)).toEqual(split(7));
    expect(split(7)).not.toEqual(split(8));
  });

  test('every image lands in one part, no part is empty, no group or content is divided', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            group: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
            hash: fc.integer({ min: 0, max: 12 }),
            page: fc.nat(1),
          }),
          { minLength: 3, maxLength: 40 },
        ),
        fc.double({ min: 0.05, max: 0.4, noNaN: true }),
        fc.double({ min: 0.05, max: 0.4, noNaN: true }),
        fc.nat(1000),
        (rows, val, testShare, seed) => {
          const images = rows.map((row, i) => ({
            id: i + 1,
            groupName: row.group,
            hash: String(row.hash),
            page: row.page,
          }));
          let items;
          try {
            items = makeSplit(images, { val, test: testShare, seed });
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid-input' });
            return;
          }
          expect(items.map((item) => item.imageId).sort((a, b) => a - b)).toEqual(
            images.map((image) => image.id),
          );
          for (const part of ['train', 'val', 'test'])
            expect(countOf(items, part)).toBeGreaterThan(0);
          const partOf = new Map(items.map(({ imageId, part }) => [imageId, part]));
          const placed = images.map((image) => ({
            image: { ...image, name: `${image.id}.png` },
            side: partOf.get(image.id) ?? 'train',
          }));
          expect(findLeaks(placed)).toEqual([]);
        },
      ),
    );
  });

  test('classes are spread over the parts in proportion', () => {
    const images = plain(40).map((image, i) => ({ ...image, imageClass: i < 30 ? 0 : 1 }));
    const items = makeSplit(images, { val: 0.1, test: 0.2, seed: 3 });
    const rare = items.filter((item) => item.imageId > 30);
    expect(['train', 'val', 'test'].map((part) => countOf(rare, part))).toEqual([7, 1, 2]);
  });

  test('the only image of a class is as likely to be in the first half as in the second', () => {
    const images = plain(10).map((image, i) => ({ ...image, imageClass: i === 0 ? 1 : 0 }));
    for (let seed = 0; seed < 20; seed++) {
      const partOfRare = (testSize: number) =>
        makeSplit(images, { val: 0, test: testSize, seed }).find(({ imageId }) => imageId === 1)
          ?.part;
      expect([partOfRare(4), partOfRare(6)]).toEqual(['train', 'test']);
    }
  });

  test('pages of one file are images that can be separated, copies of a page are not', () => {
    const stack = (first: number) =>
      Array.from({ length: 6 }, (_, page) => ({
        id: first + page,
        groupName: null,
        hash: 'stack',
        page,
      }));
    const items = makeSplit([...stack(1), ...stack(11)], { val: 0.2, test: 0.3, seed: 1 });
    const partOf = new Map(items.map(({ imageId, part }) => [imageId, part]));
    expect(new Set(partOf.values())).toEqual(new Set(['train', 'val', 'test']));
    for (let id = 1; id <= 6; id++) expect(partOf.get(id)).toBe(partOf.get(id + 10));
  });

  test('too few images or groups are refused with what is needed', () => {
    expect(() => makeSplit(plain(2), { val: 0.2, test: 0.2, seed: 0 })).toThrow(
      /2 images are too few/,
    );
    const oneGroup = plain(10).map((image) => ({ ...image, groupName: 'slide 1' }));
    expect(() => makeSplit(oneGroup, { val: 0.2, test: 0.2, seed: 0 })).toThrow(
      /10 images in 1 group are too few.*At least 3/s,
    );
    expect(() => makeSplit(plain(10), { val: 5, test: 5, seed: 0 })).toThrow(/some to train on/);
    for (const size of [-1, NaN, Infinity]) {
      const wrong = { val: size, test: 0, seed: 0 };
      expect(() => makeSplit(plain(10), wrong)).toThrow(/0 or more/);
      const swapped = { val: 0, test: size, seed: 0 };
      expect(() => makeSplit(plain(10), swapped)).toThrow(/0 or more/);
    }
  });
});
