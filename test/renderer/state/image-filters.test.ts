import { describe, expect, it } from 'vitest';
import {
  type Filters,
  filterImages,
  type KnownOfImages,
  NO_FILTERS,
} from '../../../renderer/state/image-filters.ts';
import type { ImageRecord } from '../../../shared/entities.ts';

/** Only what filters look at. */
const image = (id: number, name: string, labelMapId: number | null = id) =>
  ({ id, name, labelMapId }) as ImageRecord;
const IMAGES = [
  image(1, 'b10.png'),
  image(2, 'b9.png'),
  image(3, 'a.png', null),
  image(4, 'c.png'),
];
const labels = (imageId: number, author: 'human' | 'model', uncertainty: number | null) =>
  [imageId, { imageId, author, classes: [0, imageId], uncertainty }] as const;
const KNOWN: KnownOfImages = {
  parts: new Map([
    [1, 'train'],
    [2, 'test'],
  ]),
  dice: new Map([
    [1, 0.9],
    [2, 0.4],
  ]),
  labels: new Map([labels(1, 'human', null), labels(2, 'model', 0.2), labels(4, 'model', 0.7)]),
};
const idsOf = (filters: Partial<Filters>) =>
  filterImages(IMAGES, { ...NO_FILTERS, ...filters }, KNOWN).map(({ id }) => id);

describe('the filters of the library', () => {
  it('leave everything in the order of its import where none is set', () => {
    expect(idsOf({})).toEqual([1, 2, 3, 4]);
  });

  it('find by name, labels, part, author and class, all at once', () => {
    expect(idsOf({ text: ' B' })).toEqual([1, 2]);
    expect(idsOf({ labelled: 'unlabelled' })).toEqual([3]);
    expect(idsOf({ part: 'test' })).toEqual([2]);
    expect(idsOf({ part: 'none' })).toEqual([3, 4]);
    expect(idsOf({ author: 'model' })).toEqual([2, 4]);
    expect(idsOf({ classIndex: 4 })).toEqual([4]);
    expect(idsOf({ author: 'model', part: 'none' })).toEqual([4]);
  });

  it('find what a run scored badly on, and nothing that it never scored', () => {
    expect(idsOf({ diceBelow: 0.5 })).toEqual([2]);
    expect(idsOf({ diceBelow: 0.95 })).toEqual([1, 2]);
    expect(idsOf({ diceBelow: 0.4 })).toEqual([]);
  });

  it('put names in the order that people count, and scores worst, best or least certain first', () => {
    expect(idsOf({ sort: 'name' })).toEqual([3, 2, 1, 4]);
    expect(idsOf({ sort: 'worst' })).toEqual([2, 1]);
    expect(idsOf({ sort: 'best' })).toEqual([1, 2]);
    expect(idsOf({ sort: 'uncertain' })).toEqual([4, 2]);
  });
});
