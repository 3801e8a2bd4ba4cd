/** How long a run still takes. */
import type { Run } from '../../shared/entities.ts';
import { duration } from '../../shared/number-format.ts';

/** Of the steps that it needs the fewest to tell their pace: the first ones pay for the start. */
const STEPS_TO_TELL = 5;

/** Seconds of training that are left at the pace so far; null where it is not known yet. Testing comes after. */
export function secondsLeft({
  status,
  step,
  steps,
  trainedSeconds,
}: Pick<Run, 'status' | 'step' | 'steps' | 'trainedSeconds'>): number | null {
  if (status !== 'running' || step < STEPS_TO_TELL || trainedSeconds <= 0) return null;
  return (trainedSeconds / step) * (steps - step);
}

/** About how long, for an estimate: 40 s, 10 min, 2 h 10 min. */
export function roughly(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return duration(seconds);
}
