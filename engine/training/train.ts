/**
 * The training loop. Knows steps, schedules, evaluations, checkpoints and stopping; nothing of tasks, networks, data
 * or the database.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EarlyEnd, MetricPoint, OptimisationConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Batch } from './batches/batches.ts';
import { learningRateAt, stepScalars } from './optimiser.ts';
import type { FlatWeights } from './network/parameters.ts';
import { createLateReads } from './tensorflow/late-reads.ts';
import type { TrainingState, TrainingStep } from './training-step.ts';

/** Metrics and progress are reported about this often. */
const REPORT_INTERVAL_MS = 1000;
/** Checkpoints to resume from are sent about this often … */
export const CHECKPOINT_INTERVAL_MS = 10_000;
/** … but large ones less often, so that they take no more of the disk than this. */
const CHECKPOINT_BYTES_PER_MS = 1000;

/** How far a run has come, apart from its state. */
export interface TrainingProgress {
  readonly step: number;
  /** Resumes included. */
  readonly trainedSeconds: number;
  /** Highest validation score, its step and its weights. */
  readonly best: {
    readonly step: number;
    readonly score: number;
    readonly weights: FlatWeights;
  } | null;
}

export const NOT_STARTED: TrainingProgress = { step: 0, trainedSeconds: 0, best: null };

export interface TrainingHooks {
  metrics(points: readonly MetricPoint[]): void;
  progress(progress: TrainingProgress): void;
  /** A state to resume from, with the points of the curves up to it that were not reported before. */
  checkpoint(
    state: TrainingState,
    progress: TrainingProgress,
    points: readonly MetricPoint[],
  ): void;
  stopRequested(): boolean;
  /** Whether it is to end as if this step were the last. */
  finishRequested(): boolean;
}

export interface TrainingOptions {
  readonly step: TrainingStep;
  readonly config: OptimisationConfig;
  readonly makeBatch: (step: number) => Batch | Promise<Batch>;
  /** Validation score of the current weights, higher is better; null: no validation. */
  readonly evaluate: (() => number | null | Promise<number | null>) | null;
  readonly from: TrainingProgress;
  /** Milliseconds between checkpoints. */
  readonly checkpointInterval: number;
  /** Steps without a higher validation score after which it ends; null: it makes all of them. */
  readonly patience: number | null;
  readonly hooks: TrainingHooks;
}

function diverged(loss: number, step: number, config: OptimisationConfig): AppError {
  return new AppError(
    'invalid-input',
    `The loss became ${loss} at step ${step}: the training diverged. Lower the learning rate (it is ${config.learningRate}), lengthen the warm-up, ${config.precision === 'float16' ? 'train in float32, which holds larger numbers, ' : ''}or look for images with extreme values.`,
  );
}

const stateBytes = (state: TrainingState) =>
  4 * (state.theta.length + state.statistics.length + state.m.length + state.v.length);

/** Seconds that training stood still because a batch was not there yet. */
export interface DataWait {
  /** For the first batch: images are still being opened then. */
  readonly first: number;
  /** For all others together. */
  readonly others: number;
}

/**
 * Trains from `from` to the last step, until nothing is gained any more, or until a stop or an early end is requested;
 * all end with a checkpoint.
 * Errors: invalid-input, where the loss is no longer a number.
 */
export async function train(options: TrainingOptions): Promise<{
  readonly outcome: 'done' | 'stopped';
  /** Why it is done before its last step; null: it is not, or not done. */
  readonly early: EarlyEnd | null;
  readonly progress: TrainingProgress;
  readonly waited: DataWait;
}> {
  const { step, config, makeBatch, evaluate, from, patience, hooks } = options;
  const start = performance.now();
  let { best } = from;
  let points: MetricPoint[] = [];
  let reportedAt = start;
  let savedAt = start;
  let { checkpointInterval } = options;
  let waited: DataWait = { first: 0, others: 0 };

  const progressAt = (at: number): TrainingProgress => ({
    step: at,
    trainedSeconds: from.trainedSeconds + (performance.now() - start) / 1000,
    best,
  });
  const report = (at: number) => {
    hooks.metrics(points);
    hooks.progress(progressAt(at));
    points = [];
    reportedAt = performance.now();
  };
  const losses = createLateReads<{ readonly at: number; readonly loss: number }>(step.lossesAhead);
  const note = (read: readonly { readonly at: number; readonly loss: number }[]) => {
    for (const { at, loss } of read) {
      if (!Number.isFinite(loss)) throw diverged(loss, at, config);
      points.push({ step: at, name: 'loss', value: loss });
    }
  };
  const save = async (at: number) => {
    // What diverged is never saved: every loss up to here was a number.
    note(await losses.rest());
    const state = await step.read();
    hooks.checkpoint(state, progressAt(at), points);
    points = [];
    checkpointInterval = Math.max(
      options.checkpointInterval,
      stateBytes(state) / CHECKPOINT_BYTES_PER_MS,
    );
    savedAt = performance.now();
  };
  const validate = async (at: number) => {
    if (evaluate === null) return;
    const score = await evaluate();
    if (score === null) return;
    points.push({ step: at, name: 'valDice', value: score });
    if (best === null || score > best.score) {
      const { theta, statistics } = await step.read();
      best = { step: at, score, weights: { theta, statistics } };
    }
  };

  const hasNothingToGain = (at: number) =>
    patience !== null && best !== null && at - best.step >= patience;

  const nextBatch = async (at: number) => {
    const asked = performance.now();
    const batch = await makeBatch(at);
    const seconds = (performance.now() - asked) / 1000;
    const isFirst = at === from.step + 1;
    waited = isFirst
      ? { first: seconds, others: 0 }
      : { ...waited, others: waited.others + seconds };
    return batch;
  };

  for (let at = from.step + 1; at <= config.steps; at++) {
    const loss = step.run(await nextBatch(at), stepScalars(config, at));
    note(await losses.next(loss.then((value) => ({ at, loss: value }))));
    const isDue = at % config.evaluateEvery === 0 || at === config.steps;
    const evaluated = async () => {
      note(await losses.rest());
      points.push({ step: at, name: 'learningRate', value: learningRateAt(config, at) });
      await validate(at);
    };
    if (isDue) await evaluated();
    await nextTurn(); // lets a request to stop arrive
    if (at < config.steps) {
      const byHand = hooks.finishRequested();
      if (byHand && !isDue) await evaluated();
      if (byHand || hasNothingToGain(at)) {
        note(await losses.rest());
        report(at);
        await save(at);
        const early = byHand ? 'by hand' : 'no gain';
        return { outcome: 'done', early, progress: progressAt(at), waited };
      }
    }
    const now = performance.now();
    const stopping = hooks.stopRequested() && at < config.steps;
    if (stopping) note(await losses.rest());
    if (now - reportedAt >= REPORT_INTERVAL_MS || stopping) report(at);
    if (now - savedAt >= checkpointInterval || stopping) await save(at);
    if (stopping) return { outcome: 'stopped', early: null, progress: progressAt(at), waited };
  }
  report(config.steps);
  await save(config.steps);
  return { outcome: 'done', early: null, progress: progressAt(config.steps), waited };
}
