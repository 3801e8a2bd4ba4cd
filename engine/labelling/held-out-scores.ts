/**
 * Dice of several trainings on held-out images, so that they can be compared though later ones have more of these: an image
 * that is hard is hard for all, so what a training was not scored on is filled in from how the others did there.
 */
import type { Interval } from '../../shared/analysis.ts';
import { mean as meanOf } from '../study/statistics/statistics.ts';
import { tQuantile } from '../study/statistics/student-t.ts';

/** Dice by image. */
export type HeldOutScores = ReadonlyMap<number, number>;

export interface TrainingScore {
  /** Over all held-out images. */
  readonly mean: number;
  /** 95 %, over images like those that it was scored on; null of fewer than three. */
  readonly interval: Interval | null;
  /** Standard error of the mean as against those of the others, without the luck of a training. */
  readonly error: number;
  /** That it was scored on. */
  readonly images: number;
}

interface ScoresTogether {
  readonly scores: readonly TrainingScore[];
  /** Images that any was scored on. */
  readonly heldOut: number;
  /** How all are compared: on the same images, with what is missing filled in, or each on its own images alone. */
  readonly on: 'same' | 'filled' | 'own';
}

const IMAGES_FOR_INTERVAL = 3;
/** Passes over the table; each takes the error down by the share of cells that are missing, or faster. */
const PASSES = 500;
const CLOSE_ENOUGH = 1e-9;
/** What training and image add together, before anything is known of it: an SD of Dice that counts as so many images. */
const USUAL = { sd: 0.05, freedom: 2 };

/** Half the width of the 95 % interval of a mean; null of too few. */
function halfWidth(values: readonly number[]): number | null {
  const n = values.length;
  if (n < IMAGES_FOR_INTERVAL) return null;
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return tQuantile(0.975, n - 1) * Math.sqrt(squares / (n - 1) / n);
}

/** Whether images lead from every training to every other. */
function areConnected(all: readonly HeldOutScores[]): boolean {
  const left = new Set(all);
  const [first] = all;
  const reached = first === undefined ? [] : [first];
  for (const one of reached) {
    left.delete(one);
    for (const other of left) {
      if (reached.includes(other)) continue;
      if ([...other.keys()].some((id) => one.has(id))) reached.push(other);
    }
  }
  return left.size === 0;
}

/** Least squares of Dice = training + image over the cells that there are; images have a mean of 0. */
function additive(all: readonly HeldOutScores[]) {
  const ids = [...new Set(all.flatMap((one) => [...one.keys()]))];
  let image = new Map(ids.map((id) => [id, 0]));
  let training: number[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    const before = training;
    training = all.map((one) => meanOf([...one].map(([id, dice]) => dice - (image.get(id) ?? 0))));
    const raw = ids.map((id) =>
      meanOf(
        all.flatMap((one, i) => {
          const dice = one.get(id);
          return dice === undefined ? [] : [dice - (training[i] ?? 0)];
        }),
      ),
    );
    const shift = meanOf(raw);
    image = new Map(ids.map((id, k) => [id, (raw[k] ?? 0) - shift]));
    training = training.map((one) => one + shift);
    const change = Math.max(...training.map((one, i) => Math.abs(one - (before[i] ?? 0))));
    if (change < CLOSE_ENOUGH) break;
  }
  const left = all.flatMap((one, i) =>
    [...one].map(([id, dice]) => dice - (training[i] ?? 0) - (image.get(id) ?? 0)),
  );
  const freedom = Math.max(0, left.length - all.length - ids.length + 1);
  return { ids, training, freedom, squares: left.reduce((sum, one) => sum + one * one, 0) };
}

/** Each training has an image at least. */
export function scoresTogether(all: readonly HeldOutScores[]): ScoresTogether {
  if (all.length < 2 || !areConnected(all)) {
    const scores = all.map((one): TrainingScore => {
      const values = [...one.values()];
      const mean = meanOf(values);
      const half = halfWidth(values);
      const error = half === null ? 2 * USUAL.sd : half / 2;
      return { mean, interval: around(mean, half), error, images: one.size };
    });
    return { scores, heldOut: all[0]?.size ?? 0, on: all.length < 2 ? 'same' : 'own' };
  }
  const { ids, training, freedom, squares } = additive(all);
  const variance = (squares + USUAL.freedom * USUAL.sd ** 2) / (freedom + USUAL.freedom);
  const scores = all.map((one, i): TrainingScore => {
    const mean = training[i] ?? 0;
    const interval = around(mean, halfWidth([...one.values()]));
    return { mean, interval, error: Math.sqrt(variance / one.size), images: one.size };
  });
  const on = all.every((one) => one.size === ids.length) ? 'same' : 'filled';
  return { scores, heldOut: ids.length, on };
}

const around = (mean: number, half: number | null): Interval | null =>
  half === null ? null : [Math.max(0, mean - half), Math.min(1, mean + half)];
