/** The questions of a design one by one, marked as primary or not, as the fewest marks that say the same. */
import type { LabelCount, PretrainingKey, PrimaryQuestion } from '../../shared/entities.ts';
import {
  isPrimary,
  type QuestionedDesign,
  type QuestionName,
  questionsOf,
} from '../../shared/primary-questions.ts';

/** One question of one pretraining with one label count; of a trend, with all: null. */
export interface QuestionCell {
  readonly question: QuestionName;
  readonly pretraining: PretrainingKey;
  readonly labels: LabelCount | null;
}

export interface CellsOptions {
  readonly pretrainings: QuestionedDesign['pretrainings'];
  readonly labelCounts: readonly LabelCount[];
}

/** More than any number: how large "all" is, is not known before the data is looked at. */
const ALL = Number.MAX_SAFE_INTEGER;
const numberOf = (labels: LabelCount) => (labels === 'all' ? ALL : labels);

/** In the order of the questions, then pretrainings, then label counts. */
export function questionCells({ pretrainings, labelCounts }: CellsOptions): QuestionCell[] {
  const counts = labelCounts.map(numberOf);
  const cells = questionsOf({ pretrainings, labelCounts: counts }).map(
    ({ question, pretraining, labels }): QuestionCell => ({
      question,
      pretraining,
      labels: question === 'trend' ? null : labels === ALL ? 'all' : labels,
    }),
  );
  return [...Map.groupBy(cells, ({ question }) => question).values()].flat();
}

export const isMarked = (cell: QuestionCell, primary: readonly PrimaryQuestion[]): boolean =>
  isPrimary({ ...cell, labels: numberOf(cell.labels ?? 'all') }, { primary, most: ALL });

/** Marks that say the same as these cells; [] for all and for none, which cannot be asked. */
function marksOf(marked: readonly QuestionCell[], all: readonly QuestionCell[]): PrimaryQuestion[] {
  if (marked.length === 0 || marked.length === all.length) return [];
  const isWhole = (own: readonly QuestionCell[], like: (cell: QuestionCell) => boolean) =>
    own.length === all.filter(like).length;
  return [...Map.groupBy(marked, ({ question }) => question)].flatMap(
    ([question, own]): PrimaryQuestion[] => {
      if (isWhole(own, (cell) => cell.question === question)) {
        return [{ question, pretraining: null, labels: null }];
      }
      return [...Map.groupBy(own, ({ pretraining }) => pretraining)].flatMap(
        ([pretraining, some]): PrimaryQuestion[] =>
          isWhole(some, (one) => one.question === question && one.pretraining === pretraining)
            ? [{ question, pretraining, labels: null }]
            : some.map(({ labels }) => ({ question, pretraining, labels })),
      );
    },
  );
}

/** The marks after some cells, all of one question or a single one, were marked or unmarked. */
export function withMarks(
  primary: readonly PrimaryQuestion[],
  options: {
    readonly all: readonly QuestionCell[];
    readonly changed: readonly QuestionCell[];
    readonly mark: boolean;
  },
): PrimaryQuestion[] {
  const { all, changed, mark } = options;
  const marked = all.filter((cell) => (changed.includes(cell) ? mark : isMarked(cell, primary)));
  return marksOf(marked, all);
}
