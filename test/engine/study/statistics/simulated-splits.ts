/**
 * Paired differences of studies over several splits whose truth is 0: for what intervals promise. Every image has a value
 * of its own as one to train on. What a training set of n images adds is their sum over √n: of the same variance whatever
 * n, and shared by two sets as far as they have images in common. Seeds, test images and the rest are as in
 * simulated-studies.ts.
 */
import type { SplitTable } from '../../../../engine/study/statistics/split-interval.ts';
import type { Random } from '../../../../shared/random.ts';
import type { Spread } from './simulated-studies.ts';

export interface SplitDesign {
  /** All labelled images of the target. */
  readonly images: number;
  readonly folds: number;
  readonly repeats: number;
  /** Splits that are run: all, or the first alone, which is a study of one fixed split. */
  readonly splits: number;
  /** In each split. */
  readonly seeds: number;
  /** A number, or all of the train part. */
  readonly labels: number | 'all';
}

export interface TrainingSpread extends Spread {
  /** What the choice of training images adds to all seeds and test images alike. */
  readonly train: number;
}

/** Share of what is not tested on that chooses checkpoints. */
const VALIDATION = 0.25;

export function simulatedSplits(
  design: SplitDesign,
  spread: TrainingSpread,
  random: Random,
): SplitTable[] {
  const { images, folds, repeats, splits, seeds, labels } = design;
  const all = Array.from({ length: images }, (_, i) => i);
  const toTrainOn = all.map(() => random.normal());
  const toTestOn = all.map(() => spread.image * random.normal());
  const tables: SplitTable[] = [];
  for (let r = 0; r < repeats; r++) {
    const order = random.shuffled(all);
    for (let k = 0; k < folds && tables.length < splits; k++) {
      const tested = order.slice((k * images) / folds, ((k + 1) * images) / folds);
      const rest = order.filter((i) => !tested.includes(i));
      const pool = random.shuffled(rest).slice(Math.round(VALIDATION * rest.length));
      const trainedOn: number[][] = [];
      const values = new Float64Array(seeds * tested.length);
      for (let s = 0; s < seeds; s++) {
        const seen = labels === 'all' ? pool : random.shuffled(pool).slice(0, labels);
        trainedOn.push(seen);
        const training = seen.reduce((sum, i) => sum + (toTrainOn[i] ?? 0), 0);
        const ofRun =
          (spread.train * training) / Math.sqrt(seen.length) + spread.seed * random.normal();
        tested.forEach((image, i) => {
          values[s * tested.length + i] =
            ofRun + (toTestOn[image] ?? 0) + spread.rest * random.normal();
        });
      }
      tables.push({
        seeds,
        images: tested.length,
        values,
        imageIds: tested,
        trainImages: pool.length,
        trainedOn,
      });
    }
  }
  return tables;
}
