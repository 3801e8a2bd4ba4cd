/**
 * How well predicted objects are those of the truth: which are matched at which overlap, and the scores that follow.
 * Sources, and what the words mean: docs/method.md §5.
 *
 * A predicted and a true object of one class match at a threshold where their IoU reaches it. No order and no optimisation
 * is needed for that: from .5 on, two matches of one object are possible only where it is exactly both halves of it, and
 * then each counts alike, so that greedy and optimal matching give the same counts (Kirillov et al. 2019, §4.1). The larger
 * IoU is taken, and of equal ones the one met first.
 */
import { IGNORE, type ObjectCounts } from '../entities.ts';
import { AppError } from '../errors.ts';
import type { LabelMap } from '../label-map.ts';
import type { ObjectMap } from './object-map.ts';

/** .5, .55 … .95 */
export const IOU_THRESHOLDS: readonly number[] = Array.from(
  { length: 10 },
  (_, i) => (50 + 5 * i) / 100,
);

/** Objects with the class map that they lie on. */
export interface ClassedObjects {
  readonly objects: ObjectMap;
  readonly classes: LabelMap;
}

interface Found {
  readonly classIndex: number;
  area: number;
}

interface Meeting {
  readonly predicted: number;
  readonly actual: number;
  pixels: number;
}

/** Objects of both sides with their pixels that count, and the pixels that they share. Neighbours are often alike. */
function meetings(prediction: ClassedObjects, truth: ClassedObjects) {
  const predicted = new Map<number, Found>();
  const actual = new Map<number, Found>();
  const shared = new Map<number, Map<number, Meeting>>();
  const own = prediction.objects.data;
  const other = truth.objects.data;
  const counted = truth.classes.data;
  const add = (
    to: Map<number, Found>,
    object: number,
    side: { classIndex: number; run: number },
  ) => {
    if (object === 0) return;
    const found = to.get(object);
    if (found === undefined) to.set(object, { classIndex: side.classIndex, area: side.run });
    else found.area += side.run;
  };
  for (let i = 0; i < counted.length;) {
    const isIgnored = counted[i] === IGNORE;
    const [p = 0, t = 0] = [own[i], other[i]];
    const start = i++;
    while (
      i < counted.length &&
      own[i] === p &&
      other[i] === t &&
      (counted[i] === IGNORE) === isIgnored
    ) {
      i++;
    }
    if (isIgnored || (p === 0 && t === 0)) continue;
    const run = i - start;
    add(predicted, p, { classIndex: prediction.classes.data[start] ?? 0, run });
    add(actual, t, { classIndex: counted[start] ?? 0, run });
    if (p === 0 || t === 0) continue;
    const ofP = shared.get(p) ?? new Map<number, Meeting>();
    const meeting = ofP.get(t);
    if (meeting === undefined) ofP.set(t, { predicted: p, actual: t, pixels: run });
    else meeting.pixels += run;
    shared.set(p, ofP);
  }
  return { predicted, actual, shared: [...shared.values()].flatMap((of) => [...of.values()]) };
}

/**
 * By class, ascending, of the scored classes that objects of either side have. Pixels that the truth ignores are taken out
 * of both. Errors: invalid-input, where both are not of one size.
 */
export function objectCounts(
  prediction: ClassedObjects,
  truth: ClassedObjects,
  scored: readonly number[],
): ObjectCounts[] {
  const [a, b] = [prediction.objects, truth.objects];
  if (a.width !== b.width || a.height !== b.height) {
    throw new AppError(
      'invalid-input',
      `Objects of ${a.width}×${a.height} px cannot be scored against a truth of ${b.width}×${b.height} px.`,
    );
  }
  const { predicted, actual, shared } = meetings(prediction, truth);
  const counts = new Map(
    scored.map((classIndex) => [
      classIndex,
      { classIndex, predicted: 0, actual: 0, matched: IOU_THRESHOLDS.map(() => 0), iouSum: 0 },
    ]),
  );
  for (const { classIndex } of predicted.values()) {
    const own = counts.get(classIndex);
    if (own !== undefined) own.predicted++;
  }
  for (const { classIndex } of actual.values()) {
    const own = counts.get(classIndex);
    if (own !== undefined) own.actual++;
  }
  const [least = 0.5] = IOU_THRESHOLDS;
  const pairs = shared.flatMap((one) => {
    const [p, t] = [predicted.get(one.predicted), actual.get(one.actual)];
    if (p === undefined || t === undefined || p.classIndex !== t.classIndex) return [];
    const iou = one.pixels / (p.area + t.area - one.pixels);
    return iou >= least ? [{ ...one, classIndex: p.classIndex, iou }] : [];
  });
  const taken = { predicted: new Set<number>(), actual: new Set<number>() };
  for (const pair of pairs.toSorted((x, y) => y.iou - x.iou)) {
    if (taken.predicted.has(pair.predicted) || taken.actual.has(pair.actual)) continue;
    taken.predicted.add(pair.predicted);
    taken.actual.add(pair.actual);
    const own = counts.get(pair.classIndex);
    if (own === undefined) continue;
    own.iouSum += pair.iou;
    for (const [i, threshold] of IOU_THRESHOLDS.entries()) {
      if (pair.iou >= threshold) own.matched[i] = (own.matched[i] ?? 0) + 1;
    }
  }
  return [...counts.values()].filter((one) => one.predicted + one.actual > 0);
}

/** Of one image; null where neither side has an object: nothing was to be found, and nothing was. */
export interface ObjectScores {
  /** 2·TP / (2·TP + FP + FN) at IoU .5. */
  readonly f1: number | null;
  /** TP / (TP + FP + FN) at IoU .5, and its mean over .5, .55 … .95. */
  readonly ap50: number | null;
  readonly ap: number | null;
  /** Sum of IoU over matches at .5, over TP + ½ FP + ½ FN. */
  readonly pq: number | null;
  /** How many objects more or fewer than there are, summed over classes. */
  readonly countError: number;
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Means over the classes that objects of either side have. */
export function objectScores(counts: readonly ObjectCounts[]): ObjectScores {
  const countError = counts.reduce((sum, one) => sum + Math.abs(one.predicted - one.actual), 0);
  if (counts.length === 0) return { f1: null, ap50: null, ap: null, pq: null, countError };
  const over = (of: (one: ObjectCounts) => number) => mean(counts.map(of));
  const apAt = ({ predicted, actual, matched }: ObjectCounts, i: number) => {
    const both = matched[i] ?? 0;
    return both / (predicted + actual - both);
  };
  return {
    f1: over(({ predicted, actual, matched: [both = 0] }) => (2 * both) / (predicted + actual)),
    ap50: over((one) => apAt(one, 0)),
    ap: over((one) => mean(IOU_THRESHOLDS.map((_, i) => apAt(one, i)))),
    pq: over(({ predicted, actual, iouSum }) => (2 * iouSum) / (predicted + actual)),
    countError,
  };
}

export const OBJECT_MEASURES = [
  'f1',
  'ap50',
  'ap',
  'pq',
  'countError',
] as const satisfies readonly (keyof ObjectScores)[];
export type ObjectMeasure = (typeof OBJECT_MEASURES)[number];

export const OBJECT_WORDS: Readonly<Record<ObjectMeasure, string>> = {
  f1: 'F1 at IoU .5',
  ap50: 'AP at IoU .5',
  ap: 'AP, .5 to .95',
  pq: 'Panoptic quality',
  countError: 'Count error',
};
