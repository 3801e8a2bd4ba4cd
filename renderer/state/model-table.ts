/** The models of a project as rows of a table: which of them, and in which order. */
import type { ListedModel } from '../../shared/api.ts';

export type ModelColumn = 'name' | 'dataset' | 'dice' | 'objects' | 'labels' | 'start' | 'date';

interface ModelOrder {
  readonly column: ModelColumn;
  readonly isDescending: boolean;
}

/** Newest first. */
export const FIRST_ORDER: ModelOrder = { column: 'date', isDescending: true };

const byText = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** F1 of its objects at IoU .5; undefined where none were told apart. */
export const objectF1 = ({ objects }: ListedModel) =>
  objects.find(({ measure }) => measure === 'f1');

/** Whether a model has no value to be sorted by. */
const LACKS: Partial<Record<ModelColumn, (one: ListedModel) => boolean>> = {
  dice: ({ dice }) => dice === null,
  objects: (one) => objectF1(one) === undefined,
};

const COMPARE: Readonly<Record<ModelColumn, (a: ListedModel, b: ListedModel) => number>> = {
  name: (a, b) => byText.compare(a.name, b.name),
  dataset: (a, b) => byText.compare(a.datasetName, b.datasetName),
  dice: (a, b) => (a.dice ?? 0) - (b.dice ?? 0),
  objects: (a, b) => (objectF1(a)?.mean ?? 0) - (objectF1(b)?.mean ?? 0),
  labels: (a, b) => a.images.train - b.images.train,
  start: (a, b) => byText.compare(a.startedFrom, b.startedFrom),
  date: (a, b) => a.createdAt.localeCompare(b.createdAt) || a.id - b.id,
};

/** A column that is chosen again turns round; numbers and dates begin with the largest. */
export function orderBy(column: ModelColumn, before: ModelOrder): ModelOrder {
  if (column === before.column) return { column, isDescending: !before.isDescending };
  const begins: readonly ModelColumn[] = ['dice', 'objects', 'labels', 'date'];
  return { column, isDescending: begins.includes(column) };
}

/**
 * Those of a dataset (null: of all) in whose name, dataset, start or notes each word of `text` occurs. Models without a
 * score stand last, whichever way it is sorted; where models are alike the newest comes first.
 */
export function modelRows(
  models: readonly ListedModel[],
  asked: { readonly text: string; readonly datasetId: number | null; readonly order: ModelOrder },
): ListedModel[] {
  const { text, datasetId, order } = asked;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = order.isDescending ? -1 : 1;
  return models
    .filter((one) => {
      const known = [one.name, one.datasetName, one.startedFrom, one.notes].join(' ').toLowerCase();
      return (
        (datasetId === null || one.datasetId === datasetId) &&
        words.every((word) => known.includes(word))
      );
    })
    .sort((a, b) => {
      const lacks = LACKS[order.column];
      const unscored = lacks === undefined ? 0 : Number(lacks(a)) - Number(lacks(b));
      return unscored || sign * COMPARE[order.column](a, b) || b.id - a.id;
    });
}
