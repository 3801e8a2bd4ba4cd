import { describe, expect, it } from 'vitest';
import { meanInterval } from '../../../engine/models/score.ts';

describe('the interval of a held-out Dice', () => {
  it('is that of Student’s t: 0.5 ± 4.303 · 0.1 / √3', () => {
    const [low, high] = meanInterval([0.4, 0.5, 0.6]) ?? [NaN, NaN];
    expect(low).toBeCloseTo(0.2516, 4);
    expect(high).toBeCloseTo(0.7484, 4);
  });

  it('stays within what Dice can be', () => {
    expect(meanInterval([0, 1, 1])).toEqual([0, 1]);
  });

  it('is not given for one or two images', () => {
    expect(meanInterval([0.4, 0.5])).toBeNull();
  });
});
