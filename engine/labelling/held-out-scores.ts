/** Dice of several trainings on held-out images, so that they can be compared: on those that all of them were scored on. */
import type { Interval } from '../../shared/analysis.ts';
import { tQuantile } from '../study/statistics/student-t.ts';

/** Dice by image. */
export type HeldOutScores = ReadonlyMap<number, number>;

export interface TrainingScore {
  readonly mean: number;
  /** 95 %, over images; null of a single one. */
  readonly interval: Interval | null;
  /** Standard error of the mean as against those of the others. */
  readonly error: number;
  readonly images: number;
}

const meanOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const squares = (values: readonly number[]) => {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
};

function intervalOf(values: readonly number[]): Interval | null {
  const n = values.length;
  if (n < 2) return null;
  const half = tQuantile(0.975, n - 1) * Math.sqrt(squares(values) / (n - 1) / n);
  const mean = meanOf(values);
  return [Math.max(0, mean - half), Math.min(1, mean + half)];
}

/**
 * Means over the images that all share, and the error of each as against the others: what is left of the two-way table, training
 * × image, when both are taken out, since a hard image is hard for all. Where fewer than two are shared, each mean is over the
 * training's own images, with its own error.
 */
export function scoresTogether(all: readonly HeldOutScores[]): {
  readonly scores: readonly TrainingScore[];
  readonly heldOut: number;
  readonly isShared: boolean;
} {
  const [first, ...others] = all;
  const shared = [...(first?.keys() ?? [])].filter((id) => others.every((one) => one.has(id)));
  const isShared = shared.length >= 2;
  const table = all.map((one) =>
    isShared ? shared.map((id) => one.get(id) ?? 0) : [...one.values()],
  );
  const n = shared.length;
  const means = table.map(meanOf);
  const ofImage = shared.map((_, k) => meanOf(table.map((row) => row[k] ?? 0)));
  const grand = meanOf(means);
  const left = table.flatMap((row, i) =>
    row.map((value, k) => value - (means[i] ?? 0) - (ofImage[k] ?? 0) + grand),
  );
  const together = Math.sqrt(
    left.reduce((sum, value) => sum + value * value, 0) / Math.max(1, (n - 1) * others.length) / n,
  );
  return {
    scores: table.map((row) => {
      const own = row.length < 2 ? 0.1 : Math.sqrt(squares(row) / (row.length - 1) / row.length);
      return {
        mean: meanOf(row),
        interval: intervalOf(row),
        error: isShared && others.length > 0 ? together : own,
        images: row.length,
      };
    }),
    heldOut: isShared ? n : 0,
    isShared,
  };
}
