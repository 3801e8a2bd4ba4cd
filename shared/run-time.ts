/** How long runs take on this machine, from what their records say. */
import type { Run } from './entities.ts';

/** Seconds from start to end, start-up and testing included; of training alone where it was interrupted. */
function secondsOf(run: Run): number {
  if (run.startedAt === null) return run.trainedSeconds;
  const end = run.endedAt === null ? Date.now() : Date.parse(run.endedAt);
  const wall = (end - Date.parse(run.startedAt)) / 1000;
  // A run that was paused or survived a restart was not running all the while.
  return run.status === 'done' && wall < 2 * run.trainedSeconds + 30 ? wall : run.trainedSeconds;
}

/**
 * Seconds that one more seed of a study takes: every pretraining, arm and label count once, as long as its
 * finished runs took on average, shared among the runs side by side. null where one of them has not finished.
 */
export function secondsPerSeed(runs: readonly Run[], parallel: number): number | null {
  const groups = Map.groupBy(
    runs,
    (run) => `${run.kind} ${run.pretraining ?? ''} ${run.transfer ?? ''} ${run.labels ?? ''}`,
  );
  let total = 0;
  for (const group of groups.values()) {
    const done = group.filter((run) => run.status === 'done');
    if (done.length === 0) return null;
    total += done.reduce((sum, run) => sum + secondsOf(run), 0) / done.length;
  }
  return groups.size === 0 ? null : total / parallel;
}

/** The first step takes a second, whatever its size: only after so many does a running run tell its pace. */
const TELLING_STEPS = 20;

/** Training alone: what it took for every image that went through, whatever the batch. */
interface Pace {
  readonly seconds: number;
  readonly images: number;
}

const paceOf = (runs: readonly Run[]): Pace => ({
  seconds: runs.reduce((sum, run) => sum + run.trainedSeconds, 0),
  images: runs.reduce((sum, run) => sum + run.step * run.config.optimisation.batch, 0),
});

/**
 * Seconds until all of these runs are done, by what those that have begun took for an image: of the same pretraining
 * or fine-tuning where there are such, else of the same kind, else of any. Starting and testing count as the finished
 * runs of the kind show; before a fine-tuning has finished, as pretrainings show and as `testSeconds` says, which is what
 * testing one network takes by measurement. null before the first steps.
 */
export function secondsLeft(
  runs: readonly Run[],
  {
    parallel,
    testSeconds = 0,
  }: { readonly parallel: number; readonly testSeconds?: number | undefined },
): number | null {
  const task = (run: Run) =>
    `${run.kind} ${run.kind === 'pretrain' ? (run.pretraining ?? '') : ''}`;
  const telling = runs.filter((run) => run.status !== 'running' || run.step >= TELLING_STEPS);
  const paces = [task, (run: Run) => run.kind, () => 'any'].map((group) => {
    const found = new Map(
      [...Map.groupBy(telling, group)].map(([name, own]) => [name, paceOf(own)]),
    );
    return (run: Run) => found.get(group(run));
  });
  const asideOf = (kind: Run['kind']): number | null => {
    const done = runs.filter((run) => run.status === 'done' && run.kind === kind);
    if (done.length === 0) return null;
    const each = done.map((run) => Math.max(0, secondsOf(run) - run.trainedSeconds));
    return each.reduce((sum, one) => sum + one, 0) / done.length;
  };
  const [pretraining, finetuning] = [asideOf('pretrain'), asideOf('finetune')];
  const aside = {
    pretrain: pretraining ?? 0,
    finetune: finetuning ?? (pretraining ?? 0) + testSeconds,
  };

  let seconds = 0;
  for (const run of runs) {
    if (run.status !== 'queued' && run.status !== 'running') continue;
    const pace = paces.map((of) => of(run)).find((one) => one !== undefined && one.images > 0);
    if (pace === undefined) return null;
    const images = (run.steps - run.step) * run.config.optimisation.batch;
    seconds += aside[run.kind] + (images * pace.seconds) / pace.images;
  }
  return seconds / parallel;
}
