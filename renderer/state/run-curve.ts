/** One curve of a run: what was stored, and what has come in since. */
import type { MetricName, MetricPoint } from '../../shared/entities.ts';

/** (step, value), ascending in the step; a point that was measured again after a resume counts once, as it was last. */
export function runCurve(
  points: readonly MetricPoint[],
  wanted: MetricName,
): { readonly x: number; readonly y: number }[] {
  const byStep = new Map<number, number>();
  for (const { name, step, value } of points) if (name === wanted) byStep.set(step, value);
  return [...byStep].sort(([a], [b]) => a - b).map(([x, y]) => ({ x, y }));
}
