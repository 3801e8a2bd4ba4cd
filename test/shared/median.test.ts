import { expect, it } from 'vitest';
import { median, upperMedian } from '../../shared/median.ts';

it.each([
  [[], null, null],
  [[7], 7, 7],
  [[10, 9, 1], 9, 9],
  [[4, 10, 1, 3], 3.5, 4],
] as const)('the middle of %j is %s, and %s of them', (values, middle, upper) => {
  expect([median(values), upperMedian(values)]).toEqual([middle, upper]);
});
