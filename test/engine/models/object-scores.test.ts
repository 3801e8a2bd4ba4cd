import { expect, it } from 'vitest';
import { comparedObjects, comparedWords } from '../../../engine/models/object-scores.ts';
import type { ObjectCounts } from '../../../shared/entities.ts';

/** An image with ten objects, so many of which are found, and none too many. */
const found = (matched: number): readonly ObjectCounts[] => [
  {
    ...{ classIndex: 1, predicted: matched, actual: 10, iouSum: 0.8 * matched },
    matched: Array.from({ length: 10 }, () => matched),
  },
];

it('compares objects by image, says by how much, and how many images have none', () => {
  const pairs = [9, 8, 10, 9].map((n) => [found(n), found(n - 3)] as const);
  const objects = comparedObjects(pairs);
  const f1 = objects.find(({ measure }) => measure === 'f1');
  expect(f1?.images).toBe(4);
  expect(f1?.effect).toBeCloseTo((f1?.means[0] ?? 0) - (f1?.means[1] ?? 0), 12);
  expect(f1?.ci95?.[0]).toBeGreaterThan(0);
  expect(objects.find(({ measure }) => measure === 'countError')?.effect).toBe(-3);
  const [words] = comparedWords(objects, 1);
  expect(words).toMatch(
    /^Objects, on 4 images where they were told apart: F1 at IoU \.5 \+0\.\d+ \[/,
  );
  expect(words).toMatch(/Count error −3\.0 .*1 image is not compared by objects/);
  expect(comparedWords(comparedObjects([]), 4)).toEqual([]);
});

it('gives no interval over two images, and no measure that one of both has nowhere', () => {
  const two = comparedObjects([
    [found(5), found(4)],
    [found(6), found(4)],
  ]);
  expect(two.map(({ ci95 }) => ci95)).toEqual(two.map(() => null));
  expect(comparedObjects([[found(5), []]]).map(({ measure }) => measure)).toEqual(['countError']);
});
