/** How long runs take on this machine, from what their records say. */
import type { Run } from '../../shared/entities.ts';

/** Seconds from start to end, start-up and testing included; of training alone where it was interrupted. */
export function secondsOf(run: Run): number {
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
