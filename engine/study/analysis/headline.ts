/** The answer to "which half is worth transferring?" in a few sentences, never more than the cells say. */
import type { Comparison } from '../../../shared/analysis.ts';
import type { PretrainingKey } from '../../../shared/entities.ts';
import { counted, signed, signedInterval } from '../../../shared/number-format.ts';
import { pretrainingInText } from '../../../shared/pretrainings.ts';
import { capitalised, inWords } from '../../../shared/sentences.ts';
import { type CellAdvice, cellAdvice, findingOf, gainsLessThan } from '../../../shared/advice.ts';
import { COMPARISONS } from '../../../shared/charts/study-words.ts';
import { fewerThanEnough, isIndicative } from './verdict.ts';

/** What one (task, labels) says. */
interface Cell {
  readonly pretraining: PretrainingKey;
  readonly labels: number;
  readonly advice: CellAdvice;
}

/** More tasks than this are compared in the report's table and its plots; a list of their numbers says less. */
const TASKS_WITH_NUMBERS = 3;
/** Rows that are quoted. */
const CONTRARY_ROWS = 3;

/**
 * Most important first: the advice (one sentence for tasks and cells that agree), the numbers of a few tasks, how far
 * advice may be trusted, and how many rows say more by themselves.
 */
export function headlineOf(
  comparisons: readonly Comparison[],
  { delta, primaryQuestions }: { readonly delta: number; readonly primaryQuestions: number },
): string[] {
  if (comparisons.length === 0) {
    return ['Nothing is known yet: no two arms that could be compared have finished.'];
  }
  const cells = cellsOf(comparisons, delta);
  const tasks = tasksOf(cells);
  const [first, ...others] = adviceOf(cells);
  const counts = comparisons.map(({ seeds, perSplit }) => ({
    seeds,
    splits: perSplit?.length ?? 1,
  }));
  const few = counts.find(isIndicative);
  const indicative = few === undefined ? '' : ` Indicative only, with ${fewerThanEnough(few)}.`;
  return [
    `${first ?? ''}${indicative}`,
    ...others,
    ...(tasks.length > TASKS_WITH_NUMBERS
      ? []
      : tasks.flatMap((task) => numbersOf(task, { comparisons, delta }))),
    ...trustOf(primaryQuestions),
    ...contraryOf(cells, delta),
  ];
}

function trustOf(questions: number): string[] {
  if (questions < 2) return [];
  return [
    `This advice holds for all ${questions} primary questions at once: in 95 of 100 such studies none of it is wrong.`,
  ];
}

/** Rows that differ from the advice are named, so that nobody has to find them. */
function contraryOf(cells: readonly Cell[], delta: number): string[] {
  const rows = cells.flatMap(({ advice }) => advice.contrary);
  if (rows.length === 0) return [];
  const listed = rows.slice(0, CONTRARY_ROWS).map((row) => {
    const asked = `“${COMPARISONS[row.comparison].question}” ${pretrainingInText(row.pretraining)} with ${counted(row.labels, 'label')}`;
    const isDifference = row.verdict === 'helps' || row.verdict === 'hurts';
    const interval = isDifference
      ? signedInterval(row.ci95)
      : `${signedInterval(row.ci90)} at 90 %`;
    return `${asked}: ${findingOf(row, delta)} ${interval}`;
  });
  const more = rows.length - listed.length;
  return [
    `Taken by itself, ${rows.length === 1 ? 'one row of the table says' : `${rows.length} rows of the table say`} more than is advised, which among so many may be luck: ${listed.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`,
  ];
}

function cellsOf(comparisons: readonly Comparison[], delta: number): Cell[] {
  const groups = Map.groupBy(comparisons, (c) => `${c.pretraining} ${c.labels}`);
  return [...groups.values()].flatMap((group) => {
    const [one] = group;
    if (one === undefined) return [];
    const { pretraining, labels } = one;
    return [{ pretraining, labels, advice: cellAdvice(group, delta) }];
  });
}

/** Tasks whose decoder was tested first: they answer the question for both halves. */
const tasksOf = (cells: readonly Cell[]): PretrainingKey[] => [
  ...new Set(
    cells
      .toSorted((a, b) => Number(!isTested(a)) - Number(!isTested(b)))
      .map((cell) => cell.pretraining),
  ),
];

const isTested = ({ advice }: Cell) => advice.decoder !== 'absent';

const adviceFor = ({ advice }: Cell) => advice.words;

/** One sentence where all cells agree, else one text for the tasks that agree; each goes through the label counts. */
function adviceOf(cells: readonly Cell[]): string[] {
  const tasks = tasksOf(cells);
  const [first, ...others] = new Set(cells.map(adviceFor));
  if (first !== undefined && others.length === 0) {
    return [
      `${capitalised(first)} (${tasksInWords(tasks)} pretraining, with ${labelsInWords(cells)}).`,
    ];
  }
  const alike = Map.groupBy(tasks, (task) =>
    labelByLabel(cells.filter(({ pretraining }) => pretraining === task)),
  );
  return [...alike].map(
    ([advice, group]) => `${capitalised(tasksInWords(group))} pretraining, ${advice}`,
  );
}

/** What the cells of one task say, label counts that agree together. */
function labelByLabel(cells: readonly Cell[]): string {
  const parts = [...Map.groupBy(cells, adviceFor)].map(
    ([advice, group]) => `with ${labelsInWords(group)}: ${advice}.`,
  );
  return parts.map((part, i) => (i === 0 ? part : capitalised(part))).join(' ');
}

const tasksInWords = (tasks: readonly PretrainingKey[]) => inWords(tasks.map(pretrainingInText));

/** The effects behind the advice, with intervals that hold together; nothing where neither half was compared. */
function numbersOf(
  task: PretrainingKey,
  { comparisons, delta }: { readonly comparisons: readonly Comparison[]; readonly delta: number },
): string[] {
  const list = (kind: Comparison['comparison']) =>
    comparisons
      .filter((c) => c.pretraining === task && c.comparison === kind)
      .map((row) => {
        const told = { ...row, ...row.together };
        const isLess = gainsLessThan(delta, told) && told.ci95[1] >= delta;
        const less = isLess ? `, by the 90 % interval less than δ = ${delta}` : '';
        return `${signed(row.effect)} ${signedInterval(told.ci95)} with ${counted(row.labels, 'label')}${less}`;
      })
      .join(', ');
  const encoder = list('encoder − random');
  const decoder = list('encoder+decoder − encoder');
  const both = list('encoder+decoder − random');
  const parts = [
    encoder !== '' && `the encoder over a random start ${encoder}`,
    decoder !== '' && `the decoder on top of the encoder ${decoder}`,
    both !== '' && `both over a random start ${both}`,
  ].filter((part) => part !== false);
  return parts.length === 0
    ? []
    : [
        `${capitalised(pretrainingInText(task))} pretraining changes test Dice by: ${parts.join('; ')}.`,
      ];
}

/** 8 labels; 8 and 32 labels; 4, 8 and 32 labels. */
function labelsInWords(cells: readonly Cell[]): string {
  const counts = [...new Set(cells.map((cell) => cell.labels))].toSorted((a, b) => a - b);
  const last = counted(counts.at(-1) ?? 0, 'label');
  return inWords([...counts.slice(0, -1).map(String), last]);
}
