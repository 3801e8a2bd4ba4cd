/** Scores of objects in words: cells of the tables that report and window show. */
import type { ObjectFindings } from '../analysis.ts';
import { counted, fixed, NO_NUMBER, score, verbFor } from '../number-format.ts';
import { OBJECT_MEASURES, OBJECT_WORDS, type ObjectMeasure } from '../objects/object-scores.ts';
import { pretrainingTitle } from '../pretrainings.ts';
import { armName } from './arm-style.ts';
import { labelCount, sortedCells } from './study-words.ts';

interface ObjectCell {
  readonly value: string;
  readonly interval: string;
}
const NO_CELL: ObjectCell = { value: NO_NUMBER, interval: '' };

/** Counts have one decimal, scores three. */
export const objectNumber = (measure: ObjectMeasure, value: number): string =>
  measure === 'countError' ? fixed(value, 1) : score(value);
export const signedObjectNumber = (measure: ObjectMeasure, value: number): string => {
  const words = objectNumber(measure, value);
  return value > 0 && Number(words) !== 0 ? `+${words}` : words;
};

/** A row an arm with a cell a measure of OBJECT_MEASURES, by label count and in the order of sortedCells. */
export const objectCells = ({ arms }: ObjectFindings) =>
  sortedCells(
    [...Map.groupBy(arms, (arm) => `${arm.labels} ${armName(arm)}`).values()].flatMap((own) => {
      const [first] = own;
      if (first === undefined) return [];
      const { pretraining, transfer, labels } = first;
      const cells = OBJECT_MEASURES.map((measure): ObjectCell => {
        const found = own.find((one) => one.measure === measure);
        if (found === undefined) return NO_CELL;
        const [low, high] = found.ci95.map((end) => objectNumber(measure, end));
        return {
          value: objectNumber(measure, found.mean),
          interval: `[${low ?? ''}, ${high ?? ''}]`,
        };
      });
      return [{ pretraining, transfer, labels, cells }];
    }),
  );

/** A row a contrast, pretraining and label count with a cell a measure. */
export const objectDifferences = ({ differences }: ObjectFindings) =>
  [
    ...Map.groupBy(
      differences,
      ({ comparison, pretraining, labels }) => `${comparison} ${pretraining} ${labels}`,
    ).values(),
  ].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const { comparison, pretraining, labels } = first;
    const cells = OBJECT_MEASURES.map((measure): ObjectCell => {
      const found = own.find((one) => one.measure === measure);
      if (found === undefined) return NO_CELL;
      const [low, high] = found.ci95.map((end) => signedObjectNumber(measure, end));
      return {
        value: signedObjectNumber(measure, found.effect),
        interval: `[${low ?? ''}, ${high ?? ''}]`,
      };
    });
    return [{ comparison, pretraining, labels, cells }];
  });

const range = (measure: ObjectMeasure, ends: readonly number[], words = objectNumber) =>
  `[${ends.map((end) => words(measure, end)).join(', ')}]`;

/** F1 in sentences: which differences are told from 0 by their own intervals, or the arms where nothing is compared. */
export function objectSentences({ arms, differences, runs, missing }: ObjectFindings): string[] {
  const measure = 'f1';
  const own = arms.filter((one) => one.measure === measure);
  const compared = differences.filter((one) => one.measure === measure);
  const images = Math.max(0, ...own.map(({ testImages }) => testImages));
  const subject = `Objects, ${OBJECT_WORDS[measure]} on ${counted(images, 'test image')} in which they were told apart`;
  const told = compared
    .filter(({ ci95: [low, high] }) => low > 0 || high < 0)
    .map(
      ({ pretraining, labels, comparison, effect, ci95 }) =>
        `${pretrainingTitle(pretraining)}, ${comparison}, ${labelCount(labels)}: ${signedObjectNumber(measure, effect)} ${range(measure, ci95, signedObjectNumber)}`,
    );
  const sentences: string[] = [];
  if (compared.length > 0) {
    const all = counted(compared.length, 'paired difference');
    sentences.push(
      told.length === 0
        ? `${subject}: no interval of ${all} leaves out 0.`
        : `${subject}: of ${all}, ${told.length === 1 ? 'the interval of one leaves' : `those of ${told.length} leave`} out 0, each by itself: ${told.join('; ')}.`,
    );
  } else if (own.length > 0) {
    const each = own.map(
      (arm) =>
        `${armName(arm)}, ${labelCount(arm.labels)}: ${objectNumber(measure, arm.mean)} ${range(measure, arm.ci95)}`,
    );
    sentences.push(`${subject}: ${each.join('; ')}.`);
  }
  if (missing > 0) {
    sentences.push(
      `${missing} of ${counted(runs, 'finished run')} ${verbFor(missing, 'have')} no scores of objects, and ${verbFor(missing, 'are')} left out of these.`,
    );
  }
  return sentences;
}
