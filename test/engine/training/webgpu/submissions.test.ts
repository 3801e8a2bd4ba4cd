import { describe, expect, it } from 'vitest';
import {
  createSubmissions,
  estimatedMs,
  LONGEST_SUBMISSION_MS,
  type Work,
} from '../../../../engine/training/webgpu/submissions.ts';

const work = (bytes: number, operations = 0): Work => ({ bytes, operations });
/** Of a network: much at its full resolution, little at its bottleneck, and copies in between. */
const row = Array.from({ length: 60 }, (_, i) =>
  work(4e6 / 2 ** (i % 7), i % 3 === 0 ? 3e8 / 2 ** (i % 5) : 0),
);
const total = row.reduce((sum, one) => sum + estimatedMs(one), 0);

/** Milliseconds of each submission, on a card that is so much slower than estimated. */
function submissionsOf(ends: readonly number[], slowness: number): number[] {
  let at = 0;
  return ends.map((end) => {
    const ms = row.slice(at, end).reduce((sum, one) => sum + estimatedMs(one) * slowness, 0);
    at = end;
    return ms;
  });
}

describe('a row of commands', () => {
  it('is given one by one until it is known how long it takes', () => {
    const submissions = createSubmissions(row);
    expect(submissions.ends()).toEqual(row.map((_, i) => i + 1));
    expect(submissions.isMeasured).toBe(true);
  });

  it.each([0.1, 1, 20, 1000])(
    'is cut by its work, so that none takes longer than the screen can wait: %s times as slow as estimated',
    (slowness) => {
      const submissions = createSubmissions(row);
      submissions.took(total * slowness);
      const ends = submissions.ends();
      expect(ends.at(-1)).toBe(row.length);
      const starts = [0, ...ends.slice(0, -1)];
      const times = submissionsOf(ends, slowness);
      times.forEach((ms, i) => {
        // One command is never divided.
        const isSingle = (ends[i] ?? 0) - (starts[i] ?? 0) === 1;
        if (!isSingle) expect(ms).toBeLessThanOrEqual(LONGEST_SUBMISSION_MS * (1 + 1e-9));
      });
      // As few as can be: two that follow each other are too long together.
      for (let i = 1; i < times.length; i++) {
        expect((times[i - 1] ?? 0) + (times[i] ?? 0)).toBeGreaterThan(LONGEST_SUBMISSION_MS);
      }
    },
  );

  it('is cut by the slowest time that was seen, and measured a few times only', () => {
    const submissions = createSubmissions(row);
    submissions.took(total * 50);
    const ends = submissions.ends();
    for (let i = 0; i < 4; i++) submissions.took(total);
    expect(submissions.ends()).toEqual(ends);
    expect(submissions.isMeasured).toBe(false);
  });
});
