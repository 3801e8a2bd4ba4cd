/** The answer to "which half is worth transferring?" in a few sentences, never more than the cells say. */
import type { Comparison } from '../../../shared/analysis.ts';
import type { PretrainingKey } from '../../../shared/entities.ts';
import { counted, signed, signedInterval } from '../../../shared/number-format.ts';
import { pretrainingInText } from '../../../shared/pretrainings.ts';
import { capitalised, inWords } from '../../../shared/sentences.ts';
import { gainsLessThan, SEEDS_TO_ESTIMATE } from './verdict.ts';

/** keep: it helps; skip: it gains less than δ, or hurts; open: the data do not say; absent: not compared. */
type Half = 'keep' | 'skip' | 'open' | 'absent';

/** What one (task, labels) says about each half. */
interface Cell {
  readonly pretraining: PretrainingKey;
  readonly labels: number;
  readonly encoder: Half;
  readonly decoder: Half;
}

const ADVICE: Readonly<Record<`${Half} ${Half}`, string>> = {
  'keep keep': 'keep both halves, the encoder helps and so does the decoder on top of it',
  'keep skip': 'keep the encoder, skip the decoder',
  'keep open': 'keep the encoder; whether the decoder adds anything is not decided',
  'keep absent': 'keep the encoder',
  'skip keep': 'the encoder alone gains too little to matter, but the decoder on top of it helps',
  'skip skip': 'skip both halves, each gains too little to matter',
  'skip open':
    'the encoder gains too little to matter; whether the decoder adds anything is not decided',
  'skip absent': 'skip the encoder, it gains too little to matter',
  'open keep': 'if the encoder is kept, keep the decoder; whether the encoder helps is not decided',
  'open skip': 'skip the decoder; whether the encoder helps is not decided',
  'open open': 'not decided, the data show neither that a half helps nor that it does not matter',
  'open absent': 'whether the encoder helps is not decided',
  'absent keep': 'if the encoder is kept, keep the decoder; the encoder was not tested',
  'absent skip': 'skip the decoder; the encoder was not tested',
  'absent open': 'whether the decoder adds anything is not decided; the encoder was not tested',
  'absent absent': 'neither half was tested over two seeds or more',
};

/** More tasks than this are compared in the report's table and its plots; a list of their numbers says less. */
const TASKS_WITH_NUMBERS = 3;

/** Most important first: the advice (one sentence for tasks and cells that agree), then the numbers of a few tasks. */
export function headlineOf(comparisons: readonly Comparison[], delta: number): string[] {
  if (comparisons.length === 0) {
    return ['Nothing is known yet: no two arms that could be compared have finished.'];
  }
  const cells = cellsOf(comparisons, delta);
  const tasks = tasksOf(cells);
  const [first, ...others] = adviceOf(cells);
  const indicative = comparisons.some((c) => c.seeds.length < SEEDS_TO_ESTIMATE)
    ? ` Indicative only, with fewer than ${SEEDS_TO_ESTIMATE} seeds.`
    : '';
  return [
    `${first ?? ''}${indicative}`,
    ...others,
    ...(tasks.length > TASKS_WITH_NUMBERS
      ? []
      : tasks.flatMap((task) => numbersOf(task, comparisons))),
  ];
}

function cellsOf(comparisons: readonly Comparison[], delta: number): Cell[] {
  const groups = Map.groupBy(comparisons, (c) => `${c.pretraining} ${c.labels}`);
  return [...groups.values()].flatMap((group) => {
    const [one] = group;
    if (one === undefined) return [];
    const half = (kind: Comparison['comparison']) =>
      halfOf(
        group.find((c) => c.comparison === kind),
        delta,
      );
    return [
      {
        pretraining: one.pretraining,
        labels: one.labels,
        encoder: half('encoder − random'),
        decoder: half('encoder+decoder − encoder'),
      },
    ];
  });
}

function halfOf(comparison: Comparison | undefined, delta: number): Half {
  if (comparison === undefined || comparison.verdict === 'not tested') return 'absent';
  if (comparison.verdict === 'helps') return 'keep';
  return gainsLessThan(delta, comparison) ? 'skip' : 'open';
}

/** Tasks whose decoder was tested first: they answer the question for both halves. */
const tasksOf = (cells: readonly Cell[]): PretrainingKey[] => [
  ...new Set(
    cells
      .toSorted((a, b) => Number(a.decoder === 'absent') - Number(b.decoder === 'absent'))
      .map((cell) => cell.pretraining),
  ),
];

const adviceFor = (cell: Cell) => ADVICE[`${cell.encoder} ${cell.decoder}`];

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

/** The effects behind the advice, half by half; nothing where neither was compared. */
function numbersOf(task: PretrainingKey, comparisons: readonly Comparison[]): string[] {
  const list = (kind: Comparison['comparison']) =>
    comparisons
      .filter((c) => c.pretraining === task && c.comparison === kind)
      .map(
        (c) => `${signed(c.effect)} ${signedInterval(c.ci95)} with ${counted(c.labels, 'label')}`,
      )
      .join(', ');
  const encoder = list('encoder − random');
  const decoder = list('encoder+decoder − encoder');
  const parts = [
    encoder !== '' && `the encoder over a random start ${encoder}`,
    decoder !== '' && `the decoder on top of the encoder ${decoder}`,
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
