/** Scores of objects of a study: means, intervals and paired differences beside Dice. */
import { describe, expect, test } from 'vitest';
import { objectFindings } from '../../../../engine/study/analysis/object-findings.ts';
import { objectSentences } from '../../../../shared/charts/object-words.ts';
import type { AnalysedRun } from '../../../../shared/analysis.ts';
import type { ObjectScores } from '../../../../shared/objects/object-scores.ts';

const scores = (f1: number | null, countError = 0): ObjectScores => ({
  ...{ f1, ap50: f1, ap: f1, pq: f1, countError },
});

function run(
  transfer: 'random' | 'encoder',
  seed: number,
  objects: readonly ObjectScores[] | null,
): AnalysedRun {
  return {
    ...{ runId: seed, transfer, labels: 4, seed, status: 'done', validation: [], images: [] },
    pretraining: transfer === 'random' ? null : 'classification',
    diceLast: null,
    ...(objects === null
      ? {}
      : { objects: objects.map((own, i) => ({ imageId: i + 1, scores: own })) }),
  };
}
const pretrainings = [
  { key: 'classification', task: 'classification', trains: ['encoder'] },
] as const;

describe('objects of a study', () => {
  test('have means over images and seeds, and paired differences with intervals', () => {
    const runs = [
      run('random', 1, [scores(0.4, 2), scores(0.6, 4)]),
      run('random', 2, [scores(0.5, 2), scores(0.5, 4)]),
      run('encoder', 1, [scores(0.6, 1), scores(0.8, 3)]),
      run('encoder', 2, [scores(0.7, 1), scores(0.7, 3)]),
    ];
    const found = objectFindings(runs, pretrainings);
    const arm = found?.arms.find((one) => one.transfer === 'random' && one.measure === 'f1');
    expect(arm).toMatchObject({ labels: 4, testImages: 2 });
    expect(arm?.mean).toBeCloseTo(0.5, 12);
    const [low = 0, high = 0] = arm?.ci95 ?? [];
    expect(low).toBeLessThanOrEqual(0.5);
    expect(high).toBeGreaterThanOrEqual(0.5);
    expect(low).toBeGreaterThanOrEqual(0);
    const encoder = found?.differences.filter((one) => one.comparison === 'encoder − random');
    expect(encoder?.find(({ measure }) => measure === 'ap')?.effect).toBeCloseTo(0.2, 12);
    expect(encoder?.find(({ measure }) => measure === 'countError')?.effect).toBeCloseTo(-1, 12);
  });

  test('leave out no image that one run scores and another has nothing on', () => {
    const runs = [
      run('random', 1, [scores(0.5), scores(null)]),
      run('random', 2, [scores(0.5), scores(0)]),
    ];
    const [f1] = objectFindings(runs, [])?.arms ?? [];
    expect(f1).toMatchObject({ measure: 'f1', testImages: 2 });
    // The first run has .5 on the one image that it has a score of, the second .25 on two.
    expect(f1?.mean).toBeCloseTo(0.375, 12);
  });

  test('are none where nobody told objects apart; a run without them hides none, and is counted', () => {
    expect(objectFindings([run('random', 1, null)], [])).toBeNull();
    const runs = [
      run('random', 1, [scores(0.4), scores(0.6)]),
      run('random', 2, [scores(0.5), scores(0.5)]),
      run('random', 3, null),
      run('encoder', 1, [scores(0.7), scores(0.9)]),
      run('encoder', 2, [scores(0.8), scores(0.8)]),
      run('encoder', 3, [scores(0.1), scores(0.1)]),
    ];
    const found = objectFindings(runs, pretrainings);
    expect(found).toMatchObject({ runs: 6, missing: 1 });
    const f1 = found?.differences.find(({ measure }) => measure === 'f1');
    expect(f1?.seeds).toEqual([1, 2]);
    expect(f1?.effect).toBeCloseTo(0.3, 12);
    const [first, last] = found === null ? [] : objectSentences(found);
    expect(first).toMatch(
      /^Objects, F1 at IoU \.5 on 2 test images .*encoder − random.*: \+0\.300/,
    );
    expect(last).toMatch(/^1 of 6 finished runs has no scores of objects/);
  });
});
