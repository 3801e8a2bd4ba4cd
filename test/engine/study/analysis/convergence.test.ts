import { describe, expect, it } from 'vitest';
import { seedsAtTarget, stepsToTarget } from '../../../../shared/charts/study-words.ts';
import { analyseStudy } from '../../../../engine/study/analysis/analyse.ts';
import { armsOf } from '../../../../engine/study/analysis/arms.ts';
import type { AnalysedRun } from '../../../../shared/analysis.ts';
import {
  censoredMedian,
  earlyArea,
  smoothed,
  stepsToReach,
  unconvergedBaselines,
} from '../../../../engine/study/analysis/convergence.ts';
import { handMadeRuns, type HandMadeArm, pretrainingsIn } from './hand-made-study.ts';

const curve = (...dice: readonly number[]) =>
  dice.map((value, i) => ({ step: 10 * (i + 1), dice: value }));

const pairs = (...dice: readonly number[]) =>
  dice.map((value, i) => [10 * (i + 1), value] as const);

describe('a learning curve', () => {
  it('is smoothed over three evaluations, over two at its ends', () => {
    const dice = smoothed(curve(0, 0.3, 0.9, 0.6)).map((point) => point.dice);
    [0.15, 0.4, 0.6, 0.75].forEach((value, i) => {
      expect(dice[i]).toBeCloseTo(value, 12);
    });
    expect(smoothed(curve(0.5))).toEqual(curve(0.5));
    expect(smoothed([])).toEqual([]);
  });

  it('reaches a target at its first smoothed evaluation there, however it goes on, or never', () => {
    expect(stepsToReach(curve(0.1, 0.5, 0.9, 0.1, 0.1), 0.5)).toBe(20);
    expect(stepsToReach(curve(0.1, 0.9, 0.1), 0.6)).toBe(Infinity); // one lucky evaluation
    expect(stepsToReach([], 0.1)).toBe(Infinity);
  });

  it('has an early area: its mean over the first 30 % of the budget', () => {
    // 100 steps: .2 up to step 10, then a line to .4 at step 20 and .8 at step 30.
    expect(earlyArea(curve(0.2, 0.4, 0.8, 1), 100)).toBeCloseTo((0.2 + 0.3 + 0.6) / 3, 12);
    // A budget between two evaluations ends on the line between them.
    expect(earlyArea(curve(0, 0.4), 50)).toBeCloseTo((0 + 0.1 * 5) / 15, 12);
    // Before the first and after the last evaluation it is as these.
    expect(earlyArea(curve(0.2, 0.4), 100)).toBeCloseTo((0.2 + 0.3 + 0.4) / 3, 12);
    // The only evaluation comes later: nothing better is known.
    expect(earlyArea([{ step: 90, dice: 0.7 }], 100)).toBeCloseTo(0.7, 12);
  });
});

describe('the median of censored steps', () => {
  it('is known as long as half of the seeds arrive', () => {
    expect(censoredMedian([30, 10, 20])).toBe(20);
    expect(censoredMedian([10, 20, 30, 40])).toBe(25);
    expect(censoredMedian([10, 20, Infinity, Infinity])).toBe(20);
    expect(censoredMedian([10, Infinity, Infinity])).toBeNull();
    expect(censoredMedian([])).toBeNull();
  });
});

describe('a random start', () => {
  /** Ten evaluations of runs whose smoothed Dice rises by so much over the last fifth; one run a rise. */
  const starts = (rises: readonly number[], changes: Partial<AnalysedRun> = {}) =>
    armsOf(
      handMadeRuns({
        seeds: rises.map((_, seed) => seed),
        arms: [{ pretraining: null, transfer: 'random', dice: 0.8 }],
      }).map((run) => {
        // From the mean of evaluations 7, 8 and 9 to that of 9 and 10: 1.5 times the rise of one evaluation.
        const each = (rises[run.seed] ?? 0) / 1.5;
        return {
          ...run,
          validation: Array.from({ length: 10 }, (_, i) => ({
            step: 10 * (i + 1),
            dice: 0.5 + each * i,
          })),
          ...changes,
        };
      }),
    );
  const rising = (arms: ReturnType<typeof armsOf>, delta = 0.02) =>
    unconvergedBaselines(arms, { budgetSteps: 100, delta });

  it('has plateaued where its Dice rose by no more than half of δ over the last fifth', () => {
    expect(rising(starts([0.0099]))).toEqual([]);
    expect(rising(starts([0.0101]))).toEqual([8]);
    expect(rising(starts([0.0101]), 0.03)).toEqual([]);
    expect(rising(starts([0.0149]), 0.03)).toEqual([]);
    expect(rising(starts([0.0151]), 0.03)).toEqual([8]);
    expect(rising(starts([-0.5]))).toEqual([]);
    // Numbers without rounding: exactly half of δ is no more than half.
    expect(rising(starts([0.375]), 0.75)).toEqual([]);
    expect(rising(starts([0.375]), 0.749)).toEqual([8]);
  });

  it('is judged on average over its seeds', () => {
    expect(rising(starts([0, 0, 0.029]))).toEqual([]);
    expect(rising(starts([0, 0, 0.031]))).toEqual([8]);
  });

  it('is judged by the budget that its runs had', () => {
    // Of a budget of 50 steps the last fifth is from step 40 to 50, which rises by a step of the curve.
    const arms = starts([0.0149], { steps: 50 });
    expect(rising(arms)).toEqual([]);
    expect(rising(starts([0.0151], { steps: 50 }))).toEqual([8]);
  });

  it('is what is judged, not the other arms', () => {
    const others = starts([0.5]).map((arm) => ({ ...arm, transfer: 'encoder' as const }));
    expect(rising(others)).toEqual([]);
  });
});

describe('convergence in a study', () => {
  const analyseRuns = (runs: readonly AnalysedRun[]) =>
    analyseStudy({
      runs,
      pretrainings: pretrainingsIn(runs),
      delta: 0.02,
      seedForBootstrap: 0,
      budgetSteps: 100,
    });
  const analyse = (arms: readonly HandMadeArm[]) => analyseRuns(handMadeRuns({ arms }));
  const flat = pairs(0.1, 0.3, 0.5, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8);
  const random = { pretraining: null, transfer: 'random', dice: 0.8, validation: flat } as const;
  const encoder = { pretraining: 'segmentation', transfer: 'encoder', dice: 0.8 } as const;

  it('is measured against the random arm of the same seed', () => {
    const fast = pairs(0.5, 0.78, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8);
    const { convergence, curves } = analyse([random, { ...encoder, validation: fast }]);
    // 95 % of .8 is .76: the random arm's smoothed curve is .767 at step 50, the encoder's .793 at 30.
    expect(convergence.map((c) => c.medianStep)).toEqual([50, 30]);
    expect(convergence.map((c) => [c.reached, c.seeds])).toEqual([
      [5, 5],
      [5, 5],
    ]);
    expect(convergence[1]?.earlyArea).toBeGreaterThan(convergence[0]?.earlyArea ?? NaN);
    expect(curves[0]?.points).toHaveLength(10);
    expect(curves[0]?.points[3]).toMatchObject({ step: 40, low: 0.7, high: 0.7 });
    expect(curves[0]?.points[3]?.mean).toBeCloseTo(0.7, 12);
  });

  it('takes the best smoothed value for the best, and shows where the best single one is another target', () => {
    // A lucky evaluation of .92: smoothed .84, so that the targets are .798 and .874, which nothing reaches smoothed.
    const lucky = pairs(0.1, 0.3, 0.5, 0.7, 0.8, 0.8, 0.92, 0.8, 0.8, 0.8);
    const { convergence } = analyse([{ ...random, validation: lucky }]);
    expect(convergence[0]).toMatchObject({
      ...{ medianStep: 60, reached: 5 },
      ofSingleBest: { medianStep: null, reached: 0 },
    });
    const [first] = convergence;
    if (first === undefined) throw new Error('no arm');
    expect(stepsToTarget(first)).toBe('60 (not reached)');
    expect(seedsAtTarget(first)).toBe('5 (0) of 5');
    expect(stepsToTarget({ ...first, ofSingleBest: first })).toBe('60');
  });

  it('asks of each seed what its own random start reached', () => {
    const half = (run: AnalysedRun) =>
      run.validation.map(({ step, dice }) => ({ step, dice: dice / 2 }));
    const runs = handMadeRuns({ seeds: [0, 1], arms: [random, { ...encoder, validation: flat }] });
    const { convergence } = analyseRuns(
      runs.map((run) => (run.seed === 1 ? { ...run, validation: half(run) } : run)),
    );
    expect(convergence[1]).toMatchObject({ medianStep: 50, reached: 2, seeds: 2 });
  });

  it('is censored where an arm never gets there, and unknown without a random arm', () => {
    const slow = pairs(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6);
    const { convergence } = analyse([random, { ...encoder, validation: slow }]);
    expect(convergence[1]).toMatchObject({ medianStep: null, reached: 0, seeds: 5 });
    expect(analyse([{ ...encoder, validation: slow }]).convergence[0]).toMatchObject({
      medianStep: null,
      reached: 0,
      seeds: 0,
    });
  });

  it('sets no target where the random arm never found anything', () => {
    const nothing = pairs(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const { convergence } = analyse([
      { ...random, validation: nothing },
      { ...encoder, validation: flat },
    ]);
    expect(convergence.map((c) => c.seeds)).toEqual([0, 0]);
  });

  it('tells a baseline that has plateaued from one that still rises', () => {
    expect(analyse([random]).baselineNotConverged).toEqual([]);
    const rising = pairs(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8);
    const study = analyse([
      random,
      { ...random, labels: 32, validation: rising },
      { ...encoder, labels: 32, validation: flat },
    ]);
    expect(study.baselineNotConverged).toEqual([32]);
    expect(study.comparisons[0]?.words).toContain('the random start was still improving');
  });

  it('lists only the steps that every seed has', () => {
    const runs = handMadeRuns({ arms: [random] }).map((run) =>
      run.seed === 0 ? { ...run, validation: run.validation.slice(0, 4) } : run,
    );
    const { curves } = analyseRuns(runs);
    expect(curves[0]?.points.map((p) => p.step)).toEqual([10, 20, 30, 40]);
  });
});
