import { expect, test } from 'vitest';
import { GESTURES } from '../../../renderer/keys/actions.ts';

test('no gesture is told of twice', () => {
  const told = GESTURES.map(({ what, how }) => `${what} ${how}`);
  expect(new Set(told).size).toBe(told.length);
});
