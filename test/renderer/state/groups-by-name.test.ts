import { expect, it } from 'vitest';
import { groupsByName } from '../../../renderer/state/groups-by-name.ts';
import { imageRecord } from '../../fixtures/image-records.ts';

it('groups by name are what names have before their last part', () => {
  const names = ['p1_01.png', 'p1_02.png', 'p2-01.tif', 'alone.png', 'a_b_1.png', 'a_b_2.png'];
  const images = names.map((name, i) => imageRecord(i + 1, { name }));
  expect([...groupsByName(images)]).toEqual([
    ['p1', [1, 2]],
    ['p2', [3]],
    ['a_b', [5, 6]],
  ]);
});
