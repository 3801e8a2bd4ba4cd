import { expect, it } from 'vitest';
import { classWeights } from '../../../../engine/training/objectives/class-weights.ts';
import { IGNORE } from '../../../../shared/entities.ts';
import { createRunWriter } from '../../../../shared/label-map.ts';

/** The code of a label map of one row. */
function map(...runs: readonly (readonly [label: number, count: number])[]): Uint8Array {
  const width = runs.reduce((sum, [, count]) => sum + count, 0);
  const writer = createRunWriter({ width, height: 1 });
  for (const [label, count] of runs) writer.append(label, count);
  return writer.bytes();
}

it('weighs a class by the median frequency over its own, without ignored pixels', () => {
  const maps = [map([0, 60], [1, 20]), map([0, 20], [2, 10], [IGNORE, 500])];
  expect(classWeights(maps, { classes: 3, cap: 10 })).toEqual([0.25, 1, 2]);
});

it('caps the weight of a rare class, and leaves a class that never occurs at 1', () => {
  expect(classWeights([map([0, 1000], [1, 10])], { classes: 3, cap: 4 })).toEqual([0.505, 4, 1]);
});

it('takes the median of the classes that occur, in whatever order they come, single pixels included', () => {
  const maps = [map([0, 60], [1, 1], [3, 20])];
  expect(classWeights(maps, { classes: 5, cap: 50 })).toEqual([20 / 60, 20, 1, 1, 1]);
});
