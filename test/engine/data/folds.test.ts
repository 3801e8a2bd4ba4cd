import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeFolds } from '../../../engine/data/folds.ts';
import type { SplittableImage } from '../../../engine/data/split.ts';
import type { SplitItem } from '../../../engine/db/splits.ts';
import { findLeaks } from '../../../shared/leaks.ts';

const images = (count: number, group?: (image: number) => string): SplittableImage[] =>
  Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    groupName: group?.(i) ?? null,
    imageClass: i % 2,
    hash: `file ${i}`,
    page: 0,
  }));

const sizes = { folds: 5, repeats: 1, validation: 0.25, seed: 3 };
const inPart = (split: readonly SplitItem[], part: SplitItem['part']) =>
  split.filter((item) => item.part === part).map(({ imageId }) => imageId);

describe('folds', () => {
  it('test every image once a repeat, and validate with a share of the rest', () => {
    const splits = makeFolds(images(41), { ...sizes, repeats: 2 });
    expect(splits).toHaveLength(10);
    for (const repeat of [splits.slice(0, 5), splits.slice(5)]) {
      const tested = repeat.flatMap((split) => inPart(split, 'test'));
      expect(tested.toSorted((a, b) => a - b)).toEqual(images(41).map(({ id }) => id));
    }
    for (const split of splits) {
      expect(split).toHaveLength(41);
      const [val, test] = [inPart(split, 'val').length, inPart(split, 'test').length];
      expect([8, 9]).toContain(test);
      expect(val).toBe(Math.round((41 - test) / 4));
    }
    expect(inPart(splits[0] ?? [], 'test')).not.toEqual(inPart(splits[5] ?? [], 'test'));
  });

  it('validate with another fold in each split: with folds as large as what validates, every image once', () => {
    const splits = makeFolds(images(40), sizes);
    const validated = splits.flatMap((split) => inPart(split, 'val'));
    expect(validated.toSorted((a, b) => a - b)).toEqual(images(40).map(({ id }) => id));
  });

  it('are the same for the same seed, and others for another', () => {
    expect(makeFolds(images(30), sizes)).toEqual(makeFolds(images(30), sizes));
    expect(makeFolds(images(30), sizes)).not.toEqual(makeFolds(images(30), { ...sizes, seed: 4 }));
  });

  it('hold the image classes in about equal proportion', () => {
    for (const split of makeFolds(images(40), sizes)) {
      const first = inPart(split, 'test').filter((id) => id % 2 === 1);
      expect(first).toHaveLength(4);
    }
  });

  it('keep groups and copies together in every split, and leave no part empty', () => {
    const grouped = fc.array(fc.nat(9), { minLength: 12, maxLength: 60 });
    fc.assert(
      fc.property(grouped, fc.integer({ min: 2, max: 4 }), (groups, folds) => {
        fc.pre(new Set(groups).size > folds + 2);
        const some = images(groups.length, (i) => `patient ${String(groups[i])}`);
        const byId = new Map(some.map((image) => [image.id, image]));
        for (const split of makeFolds(some, { ...sizes, folds })) {
          const placed = split.flatMap(({ imageId, part }) => {
            const image = byId.get(imageId);
            return image === undefined ? [] : [{ image: { ...image, name: '' }, side: part }];
          });
          expect(findLeaks(placed)).toEqual([]);
          for (const part of ['train', 'val', 'test'] as const) {
            expect(inPart(split, part)).not.toHaveLength(0);
          }
        }
      }),
      // One patient has half of the images.
      { examples: [[[1, 1, 1, 1, 3, 1, 1, 0, 0, 2, 4, 0], 2]] },
    );
  });

  it('are refused where groups are too few, with the remedy', () => {
    expect(() =>
      makeFolds(
        images(30, (i) => `patient ${i % 4}`),
        sizes,
      ),
    ).toThrow(
      '30 labelled images in 4 groups are too few for 5 folds, each of which is tested on while the others are trained on and validated with. Ask for fewer folds, or label more images or groups.',
    );
    expect(() => makeFolds(images(2), { ...sizes, folds: 2 })).toThrow(/too few for 2 folds/);
  });
});
