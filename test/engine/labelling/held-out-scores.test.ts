import { expect, it } from 'vitest';
import { scoresTogether } from '../../../engine/labelling/held-out-scores.ts';

const scores = (values: Readonly<Record<number, number>>) =>
  new Map(Object.entries(values).map(([id, dice]) => [Number(id), dice]));

it('compares means of the same images, and knows no error where trainings differ by the same everywhere', () => {
  const { scores: found, on } = scoresTogether([
    scores({ 1: 0.5, 2: 0.7, 3: 0.9 }),
    scores({ 1: 0.6, 2: 0.8, 3: 1 }),
  ]);
  expect(on).toBe('same');
  expect(found.map(({ mean }) => mean)).toEqual([expect.closeTo(0.7), expect.closeTo(0.8)]);
  // Only what is usual before anything is known: √(2·.05² / (2 + 2) / 3).
  expect(found[0]?.error).toBeCloseTo(Math.sqrt((2 * 0.05 ** 2) / 4 / 3));
});

it('fills in how hard images were that an earlier training was not scored on', () => {
  const {
    scores: found,
    heldOut,
    on,
  } = scoresTogether([
    scores({ 1: 0.8 }),
    // A hard image came in: the mean falls from .8 to .6 though this one is better.
    scores({ 1: 0.9, 2: 0.3 }),
  ]);
  expect([on, heldOut]).toEqual(['filled', 2]);
  expect(found.map(({ mean }) => mean)).toEqual([expect.closeTo(0.5), expect.closeTo(0.6)]);
  expect(found[0]?.error).toBeGreaterThan(found[1]?.error ?? 1);
});

it('says where trainings have no images in common, and scores each on its own', () => {
  const { scores: found, on } = scoresTogether([scores({ 1: 0.8, 2: 0.6 }), scores({ 3: 0.9 })]);
  expect(on).toBe('own');
  expect(found.map(({ mean }) => mean)).toEqual([expect.closeTo(0.7), 0.9]);
});
