/**
 * Is one model better than another: the paired difference on the images that both were held out from, against the same
 * labels. It speaks of these two networks on new images like these, not of another training of either.
 */
import type { Verdict } from '../../shared/analysis.ts';
import type { ModelComparison } from '../../shared/api.ts';
import type { ClassOverlap, Dataset, Model, ObjectCounts } from '../../shared/entities.ts';
import { scoredClasses } from '../../shared/foreground.ts';
import { counted, score, signed, signedInterval } from '../../shared/number-format.ts';
import { codeOverlaps, diceOf } from '../../shared/overlap.ts';
import { takesPart } from '../../shared/task-sources.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Project } from '../db/project.ts';
import { crossedInterval } from '../study/statistics/crossed-interval.ts';
import { standingFor } from '../study/statistics/partly-scored.ts';
import { mean, verdictOfIntervals } from '../study/statistics/statistics.ts';
import { wilcoxonSignedRank } from '../study/statistics/wilcoxon.ts';
import {
  comparedObjects,
  comparedWords,
  IMAGES_FOR_INTERVAL,
  type ObjectPair,
} from './object-scores.ts';
import { IMAGES_TO_TRUST } from './score.ts';

interface Held {
  /** Labels that it was scored against. */
  readonly labelMapId: number;
  readonly classes: readonly ClassOverlap[];
  /** Where objects were told apart. */
  readonly objects: readonly ObjectCounts[] | null;
}

/** By image that tested the model. */
function heldOutOf(db: Project, { runId }: Model): Map<number, Held> {
  const labels = new Map(
    db.snapshots
      .items(db.runs.get(runId)?.config.snapshotId ?? 0)
      .map(({ imageId, labelMapId }) => [imageId, labelMapId]),
  );
  return new Map(
    db.runs.results(runId).flatMap(({ checkpoint, imageId, classes, objects = null }) => {
      const labelMapId = labels.get(imageId) ?? null;
      return checkpoint !== 'best' || labelMapId === null
        ? []
        : [[imageId, { labelMapId, classes, objects }] as const];
    }),
  );
}

/** Against labels that came after it was scored, from the prediction that was kept; null where it was not. */
function rescored(
  db: Project,
  of: { readonly runId: number; readonly imageId: number; readonly labelMapId: number },
): readonly ClassOverlap[] | null {
  const prediction = db.runs.prediction(of.runId, of.imageId);
  const truth = db.labelMaps.bytes(of.labelMapId);
  if (prediction === undefined || truth === undefined) return null;
  return codeOverlaps(prediction, truth);
}

/** Overlaps of both on one image against the newer of their labels; null where that is not known. */
function together(
  db: Project,
  imageId: number,
  [first, second]: readonly [{ runId: number; held: Held }, { runId: number; held: Held }],
): readonly [readonly ClassOverlap[], readonly ClassOverlap[]] | null {
  const labelMapId = Math.max(first.held.labelMapId, second.held.labelMapId);
  const against = ({ runId, held }: { runId: number; held: Held }) =>
    held.labelMapId === labelMapId ? held.classes : rescored(db, { runId, imageId, labelMapId });
  const [one, other] = [against(first), against(second)];
  return one === null || other === null ? null : [one, other];
}

/** Dice of both on an image; null: what is scored is neither there nor predicted. */
type Pair = ModelComparison['images'][number]['dice'];

/** Mean Dice over these classes where truth or prediction holds them; null where neither holds one. */
function diceOver(overlaps: readonly ClassOverlap[], classes: ReadonlySet<number>): number | null {
  const own = overlaps.filter(({ classIndex }) => classes.has(classIndex)).map(diceOf);
  return own.length === 0 ? null : mean(own);
}

/** Means of both and their paired differences; null where one of them has no score at all. */
function paired(pairs: readonly Pair[]) {
  const [of, and] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
  if ([of, and].some((values) => values.every((value) => value === null))) return null;
  const [first, second] = [standingFor(of), standingFor(and)];
  const differences = first.map((value, i) => value - (second[i] ?? 0));
  const images = differences.length;
  const intervals =
    images < IMAGES_FOR_INTERVAL
      ? null
      : crossedInterval(Float64Array.from(differences), { seeds: 1, images });
  return { dice: [mean(first), mean(second)] as const, differences, intervals };
}

/** What the comparison says, before any number. */
const MEANING: Readonly<Record<Verdict, (first: string, second: string) => string>> = {
  helps: (first, second) => `"${first}" is better than "${second}"`,
  hurts: (first, second) => `"${first}" is worse than "${second}"`,
  equivalent: (first, second) =>
    `"${first}" and "${second}" are equivalent: any difference is smaller than δ`,
  'equivalent, small but detectable': (first, second) =>
    `"${first}" and "${second}" are equivalent: a small difference is there, smaller than δ`,
  inconclusive: (first, second) =>
    `It is open whether "${first}" is better than "${second}": inconclusive, which is not evidence of equivalence. Label more images to know; some of them will be held out`,
  'not tested': (first, second) =>
    `Whether "${first}" is better than "${second}" was not tested: there are too few images that both were held out from`,
};

function wordsOf({
  models,
  delta,
  images,
  dice,
  difference,
  verdict,
  leftOut,
}: Omit<ModelComparison, 'words'>) {
  const [first, second] = models;
  const words = [`${MEANING[verdict](first.name, second.name)}.`];
  if (difference !== null && dice !== null) {
    words.push(
      `Dice ${signed(difference.effect)} ${signedInterval(difference.ci95)} on ${counted(images.length, 'image')} that both were held out from: ${score(dice[0])} against ${score(dice[1])}, δ = ${delta}.`,
    );
  }
  if (difference !== null && images.length < IMAGES_TO_TRUST) {
    words.push(`${counted(images.length, 'image')}: indicative only, label more to know.`);
  }
  if (leftOut.length > 0) words.push(`${counted(leftOut.length, 'image')} not compared.`);
  return words;
}

/** Classes that both were scored on, by name in the newer of both. */
function commonClasses(first: Dataset | undefined, second: Dataset | undefined) {
  if (first === undefined || second === undefined) return [];
  const had = new Set(scoredClasses(first));
  return scoredClasses(second).flatMap((classIndex) =>
    had.has(classIndex)
      ? [{ classIndex, name: second.classes.find(({ index }) => index === classIndex)?.name ?? '' }]
      : [],
  );
}

export function compareModels(
  db: Project,
  models: readonly [Model, Model],
  delta: number,
): ModelComparison {
  const [first, second] = models;
  const datasets = models.map(({ runId }) =>
    pinnedDataset(db, db.runs.get(runId)?.config.snapshotId ?? 0),
  );
  const classes = commonClasses(datasets[0], datasets[1]);
  const known = new Set(classes.map(({ classIndex }) => classIndex));
  const [heldOutFirst, heldOutSecond] = [heldOutOf(db, first), heldOutOf(db, second)];
  const images: ModelComparison['images'][number][] = [];
  const leftOut: ModelComparison['leftOut'][number][] = [];
  const byClass = new Map<number, Pair[]>();
  const pairs: ObjectPair[] = [];
  const ids = [...new Set([...heldOutFirst.keys(), ...heldOutSecond.keys()])].sort((a, b) => a - b);
  for (const imageId of ids) {
    const image = db.datasets.image(imageId);
    const name = image?.name ?? `image ${imageId}`;
    if (image === undefined || !takesPart(image)) {
      leftOut.push({ name, why: 'it is excluded, or in the bin' });
      continue;
    }
    const [a, b] = [heldOutFirst.get(imageId), heldOutSecond.get(imageId)];
    if (a === undefined || b === undefined) {
      const only = a === undefined ? second.name : first.name;
      leftOut.push({ name, why: `only "${only}" was tested on it` });
      continue;
    }
    const overlaps = together(db, imageId, [
      { runId: first.runId, held: a },
      { runId: second.runId, held: b },
    ]);
    if (overlaps === null) {
      leftOut.push({
        name,
        why: 'its labels have changed between both, and the prediction to score anew was not kept',
      });
      continue;
    }
    const [one, other] = [diceOver(overlaps[0], known), diceOver(overlaps[1], known)];
    if (one === null && other === null) {
      leftOut.push({ name, why: 'it holds none of the classes that both know' });
      continue;
    }
    images.push({ imageId, name, dice: [one, other] });
    if (a.labelMapId === b.labelMapId && a.objects !== null && b.objects !== null) {
      const common = (all: readonly ObjectCounts[]) =>
        all.filter(({ classIndex }) => known.has(classIndex));
      pairs.push([common(a.objects), common(b.objects)]);
    }
    for (const { classIndex } of classes) {
      const only = new Set([classIndex]);
      const [of, and] = [diceOver(overlaps[0], only), diceOver(overlaps[1], only)];
      if (of === null && and === null) continue;
      byClass.set(classIndex, [...(byClass.get(classIndex) ?? []), [of, and]]);
    }
  }
  const whole = paired(images.map(({ dice }) => dice));
  const intervals = whole?.intervals ?? null;
  const verdict: Verdict = intervals === null ? 'not tested' : verdictOfIntervals(intervals, delta);
  const found = {
    models,
    delta,
    images,
    leftOut,
    dice: whole?.dice ?? null,
    difference: intervals && {
      effect: intervals.mean,
      ci95: intervals.ci95,
      ci90: intervals.ci90,
      p: wilcoxonSignedRank(whole?.differences ?? []).p,
    },
    verdict,
    classes: classes.flatMap(({ classIndex, name }) => {
      const own = paired(byClass.get(classIndex) ?? []);
      if (own === null) return [];
      return [
        {
          classIndex,
          name,
          dice: own.dice,
          effect: mean(own.differences),
          ci95: own.intervals?.ci95 ?? null,
          images: own.differences.length,
        },
      ];
    }),
    objects: comparedObjects(pairs),
  };
  const ofObjects = comparedWords(found.objects, images.length - pairs.length);
  return { ...found, words: [...wordsOf(found), ...ofObjects] };
}
