/** Scores of objects in words: cells of the tables that report and window show. */
import type { ObjectFindings } from '../analysis.ts';
import { fixed, NO_NUMBER, score } from '../number-format.ts';
import { OBJECT_MEASURES, type ObjectMeasure } from '../objects/object-scores.ts';
import { armName } from './arm-style.ts';
import { sortedCells } from './study-words.ts';

interface ObjectCell {
  readonly value: string;
  readonly interval: string;
}
const NO_CELL: ObjectCell = { value: NO_NUMBER, interval: '' };

/** Counts have one decimal, scores three. */
const objectNumber = (measure: ObjectMeasure, value: number): string =>
  measure === 'countError' ? fixed(value, 1) : score(value);
const signedObjectNumber = (measure: ObjectMeasure, value: number): string => {
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
