/** How good a model is on the images that are kept from its training, by class, with what may be said of so few. */
import type { Interval } from '../../shared/analysis.ts';
import type { ModelScore } from '../../shared/api.ts';
import type { Model, Run } from '../../shared/entities.ts';
import { scoredClasses } from '../../shared/foreground.ts';
import { counted, score, scoreInterval } from '../../shared/number-format.ts';
import { diceOf } from '../../shared/overlap.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Project } from '../db/project.ts';
import { crossedInterval } from '../study/statistics/crossed-interval.ts';
import { mean } from '../study/statistics/statistics.ts';
import { IMAGES_FOR_INTERVAL, objectsOfModel, objectWords } from './object-scores.ts';

/** With fewer, it says little. */
export const IMAGES_TO_TRUST = 10;

/**
 * 95 % interval of the mean over images like these, by Student's t, within [0, 1]: resampling so few would be much too
 * sure. null for too few.
 */
export function meanInterval(dice: readonly number[]): Interval | null {
  if (dice.length < IMAGES_FOR_INTERVAL) return null;
  const { ci95 } = crossedInterval(Float64Array.from(dice), { seeds: 1, images: dice.length });
  return [Math.max(0, ci95[0]), Math.min(1, ci95[1])];
}

/** Of a finished run: of the checkpoint that predicts. */
export function modelScore(db: Project, model: Model): ModelScore {
  const run = db.runs.get(model.runId);
  const snapshotId = run?.config.snapshotId ?? 0;
  const dataset = pinnedDataset(db, snapshotId);
  const images = { train: 0, val: 0, test: 0 };
  for (const { part } of db.snapshots.items(snapshotId)) images[part]++;
  const results = db.runs.results(model.runId).filter(({ checkpoint }) => checkpoint === 'best');
  const classes = (dataset === undefined ? [] : scoredClasses(dataset)).map((classIndex) => {
    const dice = results.flatMap((result) => {
      const overlap = result.classes.find((one) => one.classIndex === classIndex);
      return overlap === undefined ? [] : [diceOf(overlap)];
    });
    const name = dataset?.classes.find(({ index }) => index === classIndex)?.name ?? '';
    return {
      classIndex,
      name,
      dice: dice.length === 0 ? null : mean(dice),
      ci95: meanInterval(dice),
      images: dice.length,
    };
  });
  const seconds = run?.trainedSeconds ?? 0;
  const objects = objectsOfModel(results);
  const words = [
    ...endOf(model, run),
    ...chosenOf(images),
    ...wordsOf({ images, classes }),
    ...objectWords(objects),
  ];
  return { model, images, classes, objects, seconds, words };
}

/** Why it made fewer steps than it might have. */
function endOf({ earlyEnd }: Model, run: Run | undefined): string[] {
  if (earlyEnd === null || run === undefined) return [];
  const of = `at step ${run.step} of ${run.steps}`;
  return [
    earlyEnd === 'no gain'
      ? `Ended ${of}: the validation images gained nothing any more.`
      : `Ended by hand ${of}, with the best network so far.`,
  ];
}

/** Which of its networks it is, where nothing chose. */
const chosenOf = ({ val }: ModelScore['images']): string[] =>
  val === 0
    ? ['It is the network of the last step: there was no validation image to choose by.']
    : [];

function wordsOf({ images, classes }: Pick<ModelScore, 'images' | 'classes'>): string[] {
  if (images.test === 0) {
    return [
      'How good it is on other images is not known: none was left to test it on. Label more.',
    ];
  }
  const lines = classes.map(({ name, dice, ci95, images: n }) =>
    dice === null
      ? `${name}: not scored, no held-out image holds it.`
      : `${name}: Dice ${score(dice)}${ci95 === null ? '' : ` ${scoreInterval(ci95)}`} on ${counted(n, 'image')} that it has not seen.`,
  );
  const few = images.test < IMAGES_TO_TRUST;
  return few
    ? [...lines, `${counted(images.test, 'held-out image')}: indicative only, label more to know.`]
    : lines;
}
