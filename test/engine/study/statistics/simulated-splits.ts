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
}

/** A number, or all of the train part. */
export type SimulatedLabels = number | 'all';

export interface TrainingSpread extends Spread {
  /** What the choice of training images adds to all seeds and test images alike. */
  readonly train: number;
}

export interface SimulatedSplit {
  readonly tested: readonly number[];
  /** The train part in the order in which each seed takes its labels. */
  readonly orders: readonly (readonly number[])[];
}

/** Share of what is not tested on that chooses checkpoints. */
const VALIDATION = 0.25;

export function dividedImages(design: SplitDesign, random: Random): SimulatedSplit[] {
  const { images, folds, repeats, splits, seeds } = design;
  const all = Array.from({ length: images }, (_, i) => i);
  return Array.from({ length: repeats }, () => random.shuffled(all))
    .flatMap((order) =>
      Array.from({ length: folds }, (_, k) => {
        const tested = order.slice((k * images) / folds, ((k + 1) * images) / folds);
        const rest = order.filter((i) => !tested.includes(i));
        const pool = random.shuffled(rest).slice(Math.round(VALIDATION * rest.length));
        return {
          tested,
          orders: Array.from({ length: seeds }, () => random.shuffled(pool)),
        };
      }),
    )
    .slice(0, splits);
}

const seen = (order: readonly number[], labels: SimulatedLabels) =>
  labels === 'all' ? order : order.slice(0, labels);

/** Of one arm or difference, on images that are divided so. */
export function measuredOn(
  divided: readonly SimulatedSplit[],
  spread: TrainingSpread,
  { labels, random }: { readonly labels: SimulatedLabels; readonly random: Random },
): SplitTable[] {
  const images = Math.max(
    ...divided.flatMap(({ tested, orders }) => [...tested, ...orders.flat()]),
  );
  const values = (sd: number) => Array.from({ length: images + 1 }, () => sd * random.normal());
  const [toTrainOn, toTestOn] = [values(spread.train), values(spread.image)];
  return divided.map(({ tested, orders }) => {
    const trainedOn = orders.map((order) => seen(order, labels));
    const rows = trainedOn.map((some) => {
      const training = some.reduce((sum, i) => sum + (toTrainOn[i] ?? 0), 0);
      const ofRun = training / Math.sqrt(some.length) + spread.seed * random.normal();
      return tested.map((i) => ofRun + (toTestOn[i] ?? 0) + spread.rest * random.normal());
    });
    return {
      seeds: orders.length,
      images: tested.length,
      values: Float64Array.from(rows.flat()),
      imageIds: tested,
      trainImages: orders[0]?.length ?? 0,
      trainedOn,
    };
  });
}

export const simulatedSplits = (
  design: SplitDesign & { readonly labels: SimulatedLabels },
  spread: TrainingSpread,
  random: Random,
): SplitTable[] =>
  measuredOn(dividedImages(design, random), spread, { labels: design.labels, random });
