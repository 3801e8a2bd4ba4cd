import { describe, expect, it } from 'vitest';
import type { PredictionMeasurement } from '../../shared/api.ts';
import { AS_DRAWN, type PostProcessing } from '../../shared/post-processing.ts';
import {
  advisedLooks,
  gainsInText,
  type MeasuredLooks,
  measurementInText,
} from '../../shared/post-processing-words.ts';

/** `dice`: alone, averaged, cleaned up. */
function measured(
  dice: readonly [number, number, number],
  { seconds, rule = AS_DRAWN }: { seconds: number; rule?: PostProcessing },
): PredictionMeasurement {
  const [plain, averaged, chosen] = dice;
  return {
    ...{ images: 12, left: 0 },
    plain: { dice: plain, classes: [], secondsPerImage: 0.1 },
    averaged: { dice: averaged, classes: [], secondsPerImage: seconds },
    chosen: { dice: chosen, classes: [], postProcessing: rule },
  };
}
const rule = { threshold: 0.4, minObjectPx: 25, fillHolesPx: 0 };
const one: MeasuredLooks = {
  ...{ flips: false, members: 1 },
  found: measured([0.8, 0.8, 0.81], { seconds: 0.1, rule }),
};
const flips: MeasuredLooks = {
  ...{ flips: true, members: 1 },
  found: measured([0.8, 0.801, 0.811], { seconds: 0.75 }),
};
const both: MeasuredLooks = {
  ...{ flips: true, members: 3 },
  found: measured([0.8, 0.83, 0.84], { seconds: 2.4 }),
};

describe('what helps a network, in words', () => {
  it('says what each way gains over one look as drawn, and what it costs', () => {
    expect(gainsInText([one, flips, both])).toEqual([
      'Cleaning up (threshold 0.40 and objects of 25 px and more) gains 0.010 Dice and takes no time.',
      'Flips gain nothing here and take 7.5 times as long.',
      'Flips and 3 seeds gain 0.030 Dice and take 24.0 times as long.',
    ]);
    expect(gainsInText([{ ...one, found: measured([0.8, 0.8, 0.8], { seconds: 0.1 }) }])).toEqual([
      'No threshold, smallest object or filling of holes gains anything.',
    ]);
  });

  it('advises the quickest of those that are nearly as good as the best', () => {
    expect(advisedLooks([one, flips, both])).toBe(both);
    expect(advisedLooks([one, flips])).toBe(one);
    expect(advisedLooks([])).toBeUndefined();
  });

  it('says on the command line what was measured, and of how many', () => {
    expect(measurementInText(flips.found)).toBe(
      'Dice on 12 validation images: 0.800 alone, 0.801 averaged (7.5 times as long), and no threshold or size gains anything.',
    );
    expect(measurementInText({ ...one.found, left: 2 })).toMatch(
      /0\.800 alone, 0\.810 with threshold 0\.40 and objects of 25 px and more\. 2 validation images more did not fit in memory\.$/,
    );
  });
});
