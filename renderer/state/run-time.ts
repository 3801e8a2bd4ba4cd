/** How long a run still takes. */
import type { Run } from '../../shared/entities.ts';

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
