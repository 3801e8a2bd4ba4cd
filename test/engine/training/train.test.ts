import { describe, expect, it } from 'vitest';
import {
  NOT_STARTED,
  train,
  type TrainingHooks,
  type TrainingProgress,
} from '../../../engine/training/train.ts';
import type { TrainingStep } from '../../../engine/training/training-step.ts';
import { type MetricPoint, OptimisationConfig } from '../../../shared/entities.ts';

const config = OptimisationConfig.parse({
  steps: 10,
  batch: 1,
  schedule: 'constant',
  evaluateEvery: 4,
});

/** A step whose weights are the number of steps it has run. */
function countingStep(loss: (step: number) => number, from = 0, lossesAhead = 0): TrainingStep {
  let steps = from;
  const read = () => {
    const array = Float32Array.of(steps);
    return Promise.resolve({ theta: array, statistics: array, m: array, v: array });
  };
  return {
    lossesAhead,
    run: () => Promise.resolve(loss(++steps)),
    read,
    tensors: () => {
      throw new Error('not used');
    },
    dispose: () => undefined,
  };
}

function recorder(stopAt = Infinity, finishAt = Infinity) {
  const points: MetricPoint[] = [];
  const checkpoints: TrainingProgress[] = [];
  /** Losses on disk when a checkpoint is: reported before, or sent with it. */
  const stored: number[][] = [];
  let seen = 0;
  let asked = 0;
  const hooks: TrainingHooks = {
    metrics: (more) => void points.push(...more),
    progress: () => undefined,
    checkpoint(_, progress, unreported) {
      points.push(...unreported);
      checkpoints.push(progress);
      stored.push(steps('loss'));
    },
    stopRequested: () => ++seen >= stopAt,
    finishRequested: () => ++asked >= finishAt,
  };
  const steps = (name: MetricPoint['name']) =>
    points.filter((p) => p.name === name).map((p) => p.step);
  return { hooks, checkpoints, steps, stored };
}

const run = (options: {
  hooks: TrainingHooks;
  loss?: (step: number) => number;
  /** Losses that may be to come while the next step is begun. */
  ahead?: number;
  scores?: number[];
  from?: TrainingProgress;
  checkpointInterval?: number;
  patience?: number;
}) => {
  const scores = [...(options.scores ?? [])];
  return train({
    step: countingStep(options.loss ?? (() => 1), options.from?.step, options.ahead),
    config,
    makeBatch: (step) => ({ size: step, inputs: new Map() }),
    evaluate: options.scores === undefined ? null : () => scores.shift() ?? NaN,
    from: options.from ?? NOT_STARTED,
    checkpointInterval: options.checkpointInterval ?? 1e9,
    patience: options.patience ?? null,
    hooks: options.hooks,
  });
};

describe('the training loop', () => {
  it('reports every loss, validates every k steps and at the end, and keeps the best weights', async () => {
    const { hooks, checkpoints, steps } = recorder();
    const { outcome, progress } = await run({ hooks, scores: [0.5, 0.9, 0.7] });
    expect(outcome).toBe('done');
    expect(steps('loss')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(steps('valDice')).toEqual([4, 8, 10]);
    expect(progress.best).toMatchObject({ step: 8, score: 0.9 });
    expect(progress.best?.weights.theta[0]).toBe(8);
    expect(checkpoints.map((c) => c.step)).toEqual([10]);
  });

  it('reads losses late where a card computes, in order, and all of them before what counts on them', async () => {
    const { hooks, checkpoints, steps, stored } = recorder();
    const { progress } = await run({
      ...{ hooks, ahead: 3, scores: [0.5, 0.9, 0.7], checkpointInterval: 0 },
    });
    expect(steps('loss')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(progress.best).toMatchObject({ step: 8, score: 0.9 });
    // No checkpoint is ahead of its curve.
    checkpoints.forEach(({ step }, i) => expect(stored[i]?.at(-1)).toBe(step));
  });

  it('names the step that diverged although its loss is read late, and saves nothing after it', async () => {
    const { hooks, checkpoints } = recorder();
    const diverging = run({ hooks, ahead: 3, loss: (step) => (step === 6 ? NaN : 1) });
    await expect(diverging).rejects.toThrow('The loss became NaN at step 6');
    expect(checkpoints).toEqual([]);
  });

  it('keeps the earlier of two equal scores', async () => {
    const { progress } = await run({ hooks: recorder().hooks, scores: [0.9, 0.9, 0.9] });
    expect(progress.best?.step).toBe(4);
  });

  it('ends at the next step with a checkpoint when it is asked to stop', async () => {
    const { hooks, checkpoints, steps } = recorder(3);
    expect((await run({ hooks })).outcome).toBe('stopped');
    expect(checkpoints.map((c) => c.step)).toEqual([3]);
    expect(steps('loss')).toEqual([1, 2, 3]);
  });

  it('ends where nothing was gained for as many steps as it has patience, and says so', async () => {
    const { hooks, checkpoints } = recorder();
    const { outcome, early, progress } = await run({ hooks, scores: [0.9, 0.7, 0.7], patience: 4 });
    expect({ outcome, early }).toEqual({ outcome: 'done', early: 'no gain' });
    expect(progress).toMatchObject({ step: 8, best: { step: 4 } });
    expect(checkpoints.map((c) => c.step)).toEqual([8]);
  });

  it('is as patient after a resume as without one', async () => {
    const first = recorder(6);
    const { progress } = await run({ hooks: first.hooks, scores: [0.9], patience: 4 });
    const { early, progress: end } = await run({
      hooks: recorder().hooks,
      scores: [0.7, 0.7],
      patience: 4,
      from: progress,
    });
    expect(early).toBe('no gain');
    expect(end).toMatchObject({ step: 8, best: { step: 4 } });
  });

  it('validates once more and is done where it is asked to end with what it has', async () => {
    const { hooks, checkpoints, steps } = recorder(Infinity, 6);
    const { outcome, early, progress } = await run({ hooks, scores: [0.5, 0.9] });
    expect({ outcome, early }).toEqual({ outcome: 'done', early: 'by hand' });
    expect(steps('valDice')).toEqual([4, 6]);
    expect(progress.best).toMatchObject({ step: 6, score: 0.9 });
    expect(checkpoints.map((c) => c.step)).toEqual([6]);
  });

  it('sends with every checkpoint the points up to it that were not reported before', async () => {
    const { hooks, checkpoints, stored, steps } = recorder();
    await run({ hooks, checkpointInterval: 0.001 });
    expect(checkpoints.length).toBeGreaterThan(1);
    for (const [i, { step }] of checkpoints.entries()) {
      expect(stored[i]).toEqual(Array.from({ length: step }, (_, at) => at + 1));
    }
    expect(steps('loss')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('goes on where it stopped, with the best of before', async () => {
    const weights = { theta: Float32Array.of(3), statistics: Float32Array.of(3) };
    const best = { step: 4, score: 0.95, weights };
    const { hooks, steps } = recorder();
    const { progress } = await run({
      hooks,
      scores: [0.9, 0.7],
      from: { step: 7, trainedSeconds: 100, best },
    });
    expect(steps('loss')).toEqual([8, 9, 10]);
    expect(progress.best).toEqual(best);
    expect(progress.trainedSeconds).toBeGreaterThanOrEqual(100);
  });

  it.each([NaN, Infinity])(
    'fails when the loss becomes %s, with the step and advice',
    async (bad) => {
      const { hooks } = recorder();
      await expect(run({ hooks, loss: (step) => (step === 5 ? bad : 1) })).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringMatching(/at step 5.*Lower the learning rate/) as string,
      });
    },
  );
});
