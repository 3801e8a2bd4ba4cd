/** Scores of objects by hand, and against another way to match. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  IOU_THRESHOLDS,
  objectCounts,
  objectScores,
} from '../../../shared/objects/object-scores.ts';

/** Rows of letters: each an object of class 1, but for capitals, of class 2; '.' none, '#' ignored by the truth. */
function drawn(rows: readonly string[]) {
  const [height, width] = [rows.length, rows[0]?.length ?? 0];
  const letters = rows.join('').split('');
  const isObject = (letter: string) => /[a-z]/i.test(letter);
  return {
    objects: {
      ...{ width, height },
      data: Uint32Array.from(letters, (one) => (isObject(one) ? one.charCodeAt(0) : 0)),
    },
    classes: {
      ...{ width, height },
      data: Uint8Array.from(letters, (one) =>
        one === '#' ? 255 : !isObject(one) ? 0 : one === one.toUpperCase() ? 2 : 1,
      ),
    },
  };
}
const scored = [1, 2];
const counts = (prediction: readonly string[], truth: readonly string[]) =>
  objectCounts(drawn(prediction), drawn(truth), scored);

describe('scores of objects', () => {
  test('count matches at every threshold, class by class', () => {
    // a: 4 of 5 pixels, IoU .8; b: missed; c: invented; A of class 2 is not matched by class 1.
    const found = counts(['aaaa.ccc', '........'], ['aaaaa...', 'bbb.....']);
    expect(found).toEqual([
      {
        classIndex: 1,
        predicted: 2,
        actual: 2,
        matched: [1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
        iouSum: 0.8,
      },
    ]);
    const { f1, ap50, ap, pq, countError } = objectScores(found);
    expect(f1).toBe(0.5);
    expect(ap50).toBe(1 / 3);
    expect(ap).toBeCloseTo((7 * (1 / 3)) / 10, 12);
    expect(pq).toBeCloseTo(0.8 / (1 + 0.5 + 0.5), 12);
    expect(countError).toBe(0);
    expect(counts(['aaaa'], ['AAAA']).map((one) => one.matched[0])).toEqual([0, 0]);
  });

  test('merge and split: both halves of one object cannot be it twice', () => {
    const [halves] = counts(['aabb'], ['cccc']);
    expect(halves).toMatchObject({ predicted: 2, actual: 1, iouSum: 0.5 });
    expect(halves?.matched.slice(0, 2)).toEqual([1, 0]);
    expect(objectScores(halves === undefined ? [] : [halves]).countError).toBe(1);
  });

  test('leave out pixels that the truth ignores, and objects that lie there alone', () => {
    const [own] = counts(['aaabb', 'ccccc'], ['ddd##', '#####']);
    expect(own).toMatchObject({ predicted: 1, actual: 1, iouSum: 1 });
  });

  test('have none where there is nothing to find and nothing was found', () => {
    expect(counts(['....'], ['....'])).toEqual([]);
    expect(objectScores([])).toEqual({ f1: null, ap50: null, ap: null, pq: null, countError: 0 });
  });

  test('are averaged over the classes that objects of either side have', () => {
    expect(objectScores(counts(['aa.BB'], ['aa...'])).f1).toBe(0.5);
  });

  test('match as many as the best assignment does, whatever the order', () => {
    const map = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(map, map, (prediction, truth) => {
        const side = (data: readonly number[]) => ({
          objects: { width: 6, height: 4, data: Uint32Array.from(data) },
          classes: { width: 6, height: 4, data: Uint8Array.from(data, (n) => (n === 0 ? 0 : 1)) },
        });
        const [own] = objectCounts(side(prediction), side(truth), [1]);
        const iou = (p: number, t: number) => {
          const both = prediction.filter((n, i) => n === p && truth[i] === t).length;
          const either = prediction.filter((n, i) => n === p || truth[i] === t).length;
          return both / either;
        };
        /** Most pairs that can be made at once, by trying all. */
        const most = (p: number, threshold: number, taken: readonly number[]): number => {
          if (p > 4) return 0;
          const without = most(p + 1, threshold, taken);
          const partners = [1, 2, 3, 4].filter((t) => !taken.includes(t) && iou(p, t) >= threshold);
          return Math.max(
            without,
            ...partners.map((t) => 1 + most(p + 1, threshold, [...taken, t])),
          );
        };
        const best = IOU_THRESHOLDS.map((threshold) => most(1, threshold, []));
        expect(own?.matched ?? IOU_THRESHOLDS.map(() => 0)).toEqual(best);
      }),
      { numRuns: 60 },
    );
  });
});
