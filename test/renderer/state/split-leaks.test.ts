import { describe, expect, it } from 'vitest';
import { findLeaks, groupsByName } from '../../../renderer/state/split-leaks.ts';
import type { ImageRecord, Part } from '../../../shared/entities.ts';

function image(id: number, changes: Partial<ImageRecord> = {}): ImageRecord {
  return {
    id,
    datasetId: 1,
    name: `${id}.png`,
    widthPx: 2,
    heightPx: 2,
    channels: 1,
    bitDepth: 8,
    hash: String(id).padStart(64, '0'),
    page: 0,
    channelPages: null,
    storage: 'embedded',
    linkPath: null,
    linkBeside: null,
    groupName: null,
    imageClass: null,
    labelMapId: null,
    ...changes,
  };
}
const parts = (...pairs: [number, Part][]) => new Map(pairs);

describe('leaks of a split', () => {
  it('are groups and copies on both sides', () => {
    const images = [
      image(1, { groupName: 'slide 7' }),
      image(2, { groupName: 'slide 7' }),
      image(3, { groupName: 'slide 8' }),
      image(4, { hash: image(5).hash, name: 'copy.png' }),
      image(5),
    ];
    const split = parts([1, 'train'], [2, 'test'], [3, 'test'], [4, 'val'], [5, 'train']);
    const found = findLeaks(images, split).map(({ kind, name, parts: sides }) => [
      kind,
      name,
      sides,
    ]);
    expect(found).toEqual([
      ['group', 'slide 7', ['train', 'test']],
      ['copy', 'copy.png', ['val', 'train']],
    ]);
  });

  it('are not pages of one file, images of one part, or images outside of the split', () => {
    const { hash } = image(1);
    const images = [
      image(1, { page: 0 }),
      image(2, { hash, page: 1 }),
      image(3, { groupName: 'a' }),
      image(4, { groupName: 'a' }),
      image(5, { groupName: 'a' }),
    ];
    const split = parts([1, 'train'], [2, 'test'], [3, 'val'], [4, 'val']);
    expect(findLeaks(images, split)).toEqual([]);
  });
});

describe('groups by name', () => {
  it('are what names have before their last part', () => {
    const names = ['p1_01.png', 'p1_02.png', 'p2-01.tif', 'alone.png', 'a_b_1.png', 'a_b_2.png'];
    const images = names.map((name, i) => image(i + 1, { name }));
    expect([...groupsByName(images)]).toEqual([
      ['p1', [1, 2]],
      ['p2', [3]],
      ['a_b', [5, 6]],
    ]);
  });
});
