import { describe, expect, it } from 'vitest';
import { alikeGroups, alikeLeaks, groupingOf } from '../../shared/alike.ts';

const pair = (imageId: number, otherId: number, similarity: number) => ({
  imageId,
  otherId,
  similarity,
});
const PAIRS = [pair(1, 2, 0.9), pair(2, 3, 0.7), pair(7, 8, 0.95), pair(4, 9, 0.5)];
const image = (id: number, groupName: string | null = null) => ({
  id,
  name: `${id}.png`,
  groupName,
});

describe('alike images', () => {
  it('are of one set with what is alike to one of it, and of fewer the more alike they must be', () => {
    expect(alikeGroups(PAIRS, 0.6)).toEqual([
      [1, 2, 3],
      [7, 8],
    ]);
    expect(alikeGroups(PAIRS, 0.8)).toEqual([
      [1, 2],
      [7, 8],
    ]);
    expect(alikeGroups([pair(5, 9, 1), pair(3, 9, 1), pair(3, 4, 1)], 1)).toEqual([[3, 4, 5, 9]]);
  });

  it('become a new group, or join the one that some are in; several groups are told apart', () => {
    const taken = new Set(['like 1.png']);
    expect(groupingOf([image(1), image(2)], taken)).toEqual({
      group: 'like 1.png (2)',
      join: [1, 2],
      apart: [],
    });
    expect(groupingOf([image(1), image(2, 'slide'), image(3, 'slide')], taken)).toEqual({
      group: 'slide',
      join: [1],
      apart: [],
    });
    expect(groupingOf([image(1, 'a'), image(2, 'b'), image(3)], taken)).toEqual({
      group: 'a',
      join: [3],
      apart: ['a', 'b'],
    });
  });

  it('leak where one is trained on and the other is not; pretraining is training', () => {
    const leaks = (...placed: [number, string][]) =>
      alikeLeaks(
        placed.map(([id, side]) => ({ image: image(id), side })),
        PAIRS,
      ).map(({ images, sides }) => [...images.map(({ id }) => id), ...sides]);
    expect(leaks([1, 'train'], [2, 'test'], [3, 'train'])).toEqual([
      [1, 2, 'train', 'test'],
      [2, 3, 'test', 'train'],
    ]);
    expect(leaks([1, 'train'], [2, 'pretraining'], [7, 'val'])).toEqual([]);
    expect(leaks([7, 'pretraining'], [7, 'train'], [8, 'val'])).toEqual([
      [7, 8, 'pretraining', 'val'],
    ]);
    expect(leaks([4, 'train'], [9, 'test'])).toEqual([]);
  });
});
