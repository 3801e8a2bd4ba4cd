import { expect, test } from 'vitest';
import { gateAfter } from '../../../renderer/views/objects/gate-keys.ts';

const ARROWS = { whole: [0, 48], up: 'ArrowRight', down: 'ArrowLeft' } as const;

test('arrows move the end of a range, with Shift its beginning, within the column and never past each other', () => {
  const after = (key: string, gate: readonly [number, number] | null, shiftKey = false) =>
    gateAfter({ key, shiftKey }, { ...ARROWS, gate });
  expect(after('ArrowLeft', null)).toEqual([0, 47]);
  expect(after('ArrowRight', [0, 47])).toEqual([0, 48]);
  expect(after('ArrowRight', [0, 48])).toEqual([0, 48]);
  expect(after('ArrowRight', [10, 10.5], true)).toEqual([10.5, 10.5]);
  expect(after('ArrowLeft', [10, 10], false)).toEqual([10, 10]);
  expect([after('Escape', [1, 2]), after('Escape', null), after('a', [1, 2])]).toEqual([
    null,
    undefined,
    undefined,
  ]);
});
