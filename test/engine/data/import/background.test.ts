import { expect, it } from 'vitest';
import { isBackground } from '../../../../engine/data/import/background.ts';
import { foregroundObstacle, absentClasses, scoredClasses } from '../../../../shared/foreground.ts';

const classes = (...names: readonly string[]) =>
  names.map((name, index) => ({ index, name, color: '#000000' }));

it('class 0 is the background unless it is named as something else, or somebody says so', () => {
  for (const name of [
    'background',
    'Background',
    '_background_',
    'bg',
    'unlabeled',
    'unlabelled',
    'other',
    'class 0',
  ]) {
    expect(isBackground(classes(name, 'cell'), { choice: 'auto' })).toBe(true);
  }
  for (const name of ['Sky', 'membrane', 'building']) {
    expect(isBackground(classes(name, 'cell'), { choice: 'auto' })).toBe(false);
    expect(isBackground(classes(name, 'cell'), { choice: 'yes' })).toBe(true);
  }
  expect(isBackground(classes('background', 'cell'), { choice: 'no' })).toBe(false);
  expect(isBackground([], { choice: 'auto' })).toBe(true);
});

it('without a background class 0 is scored, missed and learned as the others are', () => {
  const sky = classes('sky', 'building');
  expect(scoredClasses({ classes: sky, hasBackground: true })).toEqual([1]);
  expect(scoredClasses({ classes: sky, hasBackground: false })).toEqual([0, 1]);
  const labels = [
    { part: 'train' as const, values: [0, 1] },
    { part: 'val' as const, values: [0] },
    { part: 'test' as const, values: [0, 255] },
  ];
  expect(foregroundObstacle('d', labels, true)).toMatch(/validation label map /);
  expect(foregroundObstacle('d', labels, false)).toBeNull();
  expect(absentClasses(sky, labels, false)).toEqual([
    'Class 1 (building) occurs in no validation and no test label map: its scores say little.',
  ]);
});
