import { expect, it } from 'vitest';
import type { ImageRecord } from '../../shared/entities.ts';
import { findLeaks, type Side } from '../../shared/leaks.ts';
import { imageRecord as image } from '../fixtures/image-records.ts';

const leaksOf = (...placed: readonly (readonly [Side, ImageRecord])[]) =>
  findLeaks(placed.map(([side, one]) => ({ side, image: one }))).map((leak) => [
    leak.kind,
    leak.name,
    leak.sides.join(' '),
    leak.images.map(({ id }) => id).join(' '),
  ]);

it('groups and copies on both sides leak, under whatever name', () => {
  expect(
    leaksOf(
      ['train', image(1, { groupName: 'slide 7' })],
      ['test', image(2, { groupName: 'slide 7' })],
      ['test', image(3, { groupName: 'slide 8' })],
      ['val', image(4, { hash: image(5).hash, name: 'copy.png' })],
      ['train', image(5)],
    ),
  ).toEqual([
    ['group', 'slide 7', 'train test', '1 2'],
    ['copy', 'copy.png', 'train val', '4 5'],
  ]);
});

it('other pages of one file, and what lies in one part, do not leak', () => {
  const { hash } = image(1);
  expect(
    leaksOf(
      ['train', image(1, { page: 0 })],
      ['test', image(2, { hash, page: 1 })],
      ['val', image(3, { groupName: 'a' })],
      ['val', image(4, { groupName: 'a' })],
    ),
  ).toEqual([]);
});

it('an image of several pages leaks by any of them', () => {
  const { hash } = image(1);
  const joined = (id: number, ...channelPages: number[]) =>
    image(id, { hash, page: channelPages[0] ?? 0, channelPages });
  expect(leaksOf(['train', joined(1, 0, 1)], ['test', joined(2, 2, 1)])).toEqual([
    ['copy', '1.png', 'train test', '1 2'],
  ]);
  expect(leaksOf(['train', joined(1, 0, 1)], ['test', joined(2, 2, 3)])).toEqual([]);
});

it('what is pretrained on may be trained on, and neither validated with nor tested on', () => {
  const own = image(1, { groupName: 'p' });
  expect(leaksOf(['pretraining', own], ['train', own])).toEqual([]);
  const elsewhere = image(9, { datasetId: 2, hash: own.hash, groupName: 'q' });
  for (const part of ['val', 'test'] as const) {
    expect(leaksOf(['pretraining', elsewhere], [part, own])).toEqual([
      ['copy', '9.png', `pretraining ${part}`, '9 1'],
    ]);
  }
  expect(leaksOf(['val', own], ['test', elsewhere])).toEqual([
    ['copy', '1.png', 'val test', '1 9'],
  ]);
  // Each image once, on however many sides it lies.
  expect(leaksOf(['pretraining', own], ['train', own], ['test', elsewhere])).toEqual([
    ['copy', '1.png', 'pretraining train test', '1 9'],
  ]);
});
