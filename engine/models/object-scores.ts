/** Scores of the objects of models: of one, and of two on the images that both were held out from. */
import type { Interval } from '../../shared/analysis.ts';
import type { ModelComparison, ModelScore } from '../../shared/api.ts';
import type { ImageResult, ObjectCounts } from '../../shared/entities.ts';
import { objectNumber, signedObjectNumber } from '../../shared/charts/object-words.ts';
import { counted, countedWith } from '../../shared/number-format.ts';
import { OBJECT_MEASURES, OBJECT_WORDS, objectScores } from '../../shared/objects/object-scores.ts';
import { crossedInterval } from '../study/statistics/crossed-interval.ts';
import { standingFor } from '../study/statistics/partly-scored.ts';
import { mean } from '../study/statistics/statistics.ts';

/** With fewer images an interval over them says nothing. */
export const IMAGES_FOR_INTERVAL = 3;

/** Scores of objects, of the images whose objects were told apart and that have any. */
export function objectsOfModel(results: readonly ImageResult[]): ModelScore['objects'] {
  const known = results.flatMap(({ objects }) =>
    objects === undefined ? [] : [objectScores(objects)],
  );
  return OBJECT_MEASURES.flatMap((measure) => {
    const own = known.flatMap((scores) => scores[measure] ?? []);
    if (own.length === 0) return [];
    const size = { seeds: 1, images: own.length };
    const few = own.length < IMAGES_FOR_INTERVAL;
    const [low, high] = few ? [0, 0] : crossedInterval(Float64Array.from(own), size).ci95;
    const most = measure === 'countError' ? Infinity : 1;
    const ci95: Interval | null = few ? null : [Math.max(0, low), Math.min(most, high)];
    return [{ measure, mean: mean(own), ci95, images: own.length }];
  });
}

export function objectWords(objects: ModelScore['objects']): string[] {
  const words = objects.map(({ measure, mean: value, ci95 }) => {
    const number = (n: number) => objectNumber(measure, n);
    const range = ci95 === null ? '' : ` [${ci95.map(number).join(', ')}]`;
    return `${OBJECT_WORDS[measure]} ${number(value)}${range}`;
  });
  const images = Math.max(0, ...objects.map((one) => one.images));
  return words.length === 0
    ? []
    : [`Objects, on ${counted(images, 'image')} where they were told apart: ${words.join('; ')}.`];
}

type Compared = ModelComparison['objects'][number];

/** Both models on one image, against the same objects. */
export type ObjectPair = readonly [readonly ObjectCounts[], readonly ObjectCounts[]];

/** The first against the second. `pairs`: of the images whose objects both are scored on. */
export function comparedObjects(pairs: readonly ObjectPair[]): Compared[] {
  return OBJECT_MEASURES.flatMap((measure): Compared[] => {
    const scored = pairs
      .map(([a, b]) => [objectScores(a)[measure], objectScores(b)[measure]] as const)
      .filter(([a, b]) => a !== null || b !== null);
    const [of, and] = [scored.map(([a]) => a), scored.map(([, b]) => b)];
    if ([of, and].some((values) => values.every((value) => value === null))) return [];
    const [first, second] = [standingFor(of), standingFor(and)];
    const differences = first.map((value, i) => value - (second[i] ?? 0));
    const images = differences.length;
    const ci95 =
      images < IMAGES_FOR_INTERVAL
        ? null
        : crossedInterval(Float64Array.from(differences), { seeds: 1, images }).ci95;
    const means = [mean(first), mean(second)] as const;
    return [{ measure, means, effect: mean(differences), ci95, images }];
  });
}

/** `missing`: images that are compared, but not by their objects. */
export function comparedWords(objects: readonly Compared[], missing: number): string[] {
  if (objects.length === 0) return [];
  const images = Math.max(...objects.map((one) => one.images));
  const words = objects.map(({ measure, effect, ci95 }) => {
    const range = ci95 && ` [${ci95.map((end) => signedObjectNumber(measure, end)).join(', ')}]`;
    return `${OBJECT_WORDS[measure]} ${signedObjectNumber(measure, effect)}${range ?? ''}`;
  });
  const others =
    missing === 0
      ? ''
      : ` ${countedWith(missing, 'image', 'are')} not compared by objects: nobody told them apart, or the labels have changed since.`;
  return [
    `Objects, on ${counted(images, 'image')} where they were told apart: ${words.join('; ')}.${others}`,
  ];
}
