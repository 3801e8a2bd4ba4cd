/** A study in words: what each comparison asks, what a verdict is called, what a reader must be told first. */
import type {
  AnalysedRun,
  ArmSummary,
  ClassScores,
  ClaimVerdict,
  Comparison,
  ComparisonKind,
  ConvergenceSummary,
  ReportData,
  StudiedPretraining,
  StudyAnalysis,
  Verdict,
} from '../analysis.ts';
import { findingOf, GAINS_LESS } from '../advice.ts';
import type { PretrainingKey, Transfer } from '../entities.ts';
import { markup, type Markup } from '../markup.ts';
import { counted, NO_NUMBER, verbFor } from '../number-format.ts';
import { pretrainingInText } from '../pretrainings.ts';
import { capitalised, inWords } from '../sentences.ts';

export interface ComparisonWords {
  readonly question: string;
  /** Left arm of the difference, whose style its chart wears. */
  readonly transfer: Transfer;
  /** Which part of the answer it belongs to: the two halves, their 2×2 design, controls, or the choice of a task. */
  readonly part: 'halves' | 'factorial' | 'controls' | 'tasks';
}

/** In the order in which a report shows them. */
export const COMPARISONS: Readonly<Record<ComparisonKind, ComparisonWords>> = {
  'encoder − random': {
    question: 'Does the encoder help?',
    transfer: 'encoder',
    part: 'halves',
  },
  'encoder+decoder − encoder': {
    question: 'Is the decoder worth adding?',
    transfer: 'encoder+decoder',
    part: 'halves',
  },
  'decoder − random': {
    question: 'Does the decoder alone help?',
    transfer: 'decoder',
    part: 'halves',
  },
  'encoder+decoder − random': {
    question: 'Does the whole network help?',
    transfer: 'encoder+decoder',
    part: 'halves',
  },
  'encoder effect': {
    question: 'Does the encoder help, whatever the decoder?',
    transfer: 'encoder',
    part: 'factorial',
  },
  'decoder effect': {
    question: 'Does the decoder help, whatever the encoder?',
    transfer: 'decoder',
    part: 'factorial',
  },
  interaction: {
    question: 'Do the two halves help each other?',
    transfer: 'encoder+decoder',
    part: 'factorial',
  },
  'encoder+deep-decoder − encoder': {
    question: 'Are the deepest blocks of the decoder worth adding?',
    transfer: 'encoder+deep-decoder',
    part: 'halves',
  },
  'frozen-encoder − encoder': {
    question: 'Is freezing the encoder as good as training it on?',
    transfer: 'frozen-encoder',
    part: 'controls',
  },
  'frozen-encoder − frozen-random': {
    question: 'Do its features help where it may not be trained on?',
    transfer: 'frozen-encoder',
    part: 'controls',
  },
  'permuted-encoder − random': {
    question: 'Does the scale of its weights alone help?',
    transfer: 'permuted-encoder',
    part: 'controls',
  },
  'encoder − permuted-encoder': {
    question: 'Does what it learned help beyond the scale of its weights?',
    transfer: 'encoder',
    part: 'controls',
  },
  'encoder − encoder(classification)': {
    question: 'Is this encoder better than one from classification?',
    transfer: 'encoder',
    part: 'tasks',
  },
  'encoder − encoder(simclr)': {
    question: 'Is this encoder better than one from SimCLR?',
    transfer: 'encoder',
    part: 'tasks',
  },
  'encoder − encoder(conrec)': {
    question: 'Is this encoder better than one from ConRec?',
    transfer: 'encoder',
    part: 'tasks',
  },
};

function comparisonOrder(kind: ComparisonKind): number {
  return Object.keys(COMPARISONS).indexOf(kind);
}

/** Kinds that occur, in the order of COMPARISONS. */
export function comparisonKinds(
  comparisons: readonly Pick<Comparison, 'comparison'>[],
): ComparisonKind[] {
  return [...new Set(comparisons.map(({ comparison }) => comparison))].sort(
    (a, b) => comparisonOrder(a) - comparisonOrder(b),
  );
}

/** Those of one kind, pretraining by pretraining, then by label count. */
export function sortedComparisons(
  comparisons: readonly Comparison[],
  kind: ComparisonKind,
): Comparison[] {
  const own = comparisons.filter(({ comparison }) => comparison === kind);
  return pretrainingsOf(own).flatMap((key) =>
    own.filter(({ pretraining }) => pretraining === key).toSorted((a, b) => a.labels - b.labels),
  );
}

/** For places too narrow for the verdict's full name: without what follows its comma. */
export function shortVerdict(verdict: Verdict): string {
  return verdict.split(', ')[0] ?? verdict;
}

/** What is said of a row once all primary questions count together; empty where that is what it says by itself. */
export function togetherWords(row: Comparison, delta: number): string {
  const { together, verdict } = row;
  if (verdict === 'not tested') return '';
  if (together === null) return 'exploratory';
  const all = findingOf({ ...row, ...together }, delta);
  if (all === GAINS_LESS) return all;
  return all === verdict ? '' : shortVerdict(all);
}

/** Median step to the target; in brackets to that of the best single evaluation, where it is another. */
export function stepsToTarget({ medianStep, ofSingleBest }: ConvergenceSummary): string {
  const inWords = (step: number | null) =>
    step === null ? 'not reached' : String(Math.round(step));
  const [smooth, single] = [inWords(medianStep), inWords(ofSingleBest.medianStep)];
  return smooth === single ? smooth : `${smooth} (${single})`;
}

/** Seeds that get there, likewise. */
export function seedsAtTarget({ reached, seeds, ofSingleBest }: ConvergenceSummary): string {
  const single = ofSingleBest.reached === reached ? '' : ` (${ofSingleBest.reached})`;
  return `${reached}${single} of ${seeds}`;
}

type Tone = 'helps' | 'hurts' | 'same' | 'open';

const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = {
  helps: 'helps',
  hurts: 'hurts',
  equivalent: 'same',
  'equivalent, small but detectable': 'same',
  inconclusive: 'open',
  'not tested': 'open',
};

const CLAIM_TONES: Readonly<Record<ClaimVerdict['status'], Tone>> = {
  supported: 'helps',
  contradicted: 'hurts',
  inconclusive: 'open',
  'not tested': 'open',
};

/** "equivalent, small but detectable" wears its second half below the badge. */
export function verdictBadge(verdict: Verdict): Markup {
  const [name, ...details] = verdict.split(', ');
  return markup`<span class="badge ${VERDICT_TONES[verdict]}">${name}</span>${details.map((detail) => markup`<span class="small muted">${detail}</span>`)}`;
}

export function claimBadge(status: ClaimVerdict['status']): Markup {
  return markup`<span class="badge ${CLAIM_TONES[status]}">${status}</span>`;
}

/** "8 labels", which no line breaks apart. */
export function labelCount(labels: number): string {
  return counted(labels, 'label').replace(' ', '\u00a0');
}

/** Pretrainings that occur, in the order of the study, which the lists of an analysis keep. */
export function pretrainingsOf(
  cells: readonly { readonly pretraining: PretrainingKey | null }[],
): PretrainingKey[] {
  return [...new Set(cells.flatMap(({ pretraining }) => pretraining ?? []))];
}

/** Distinct label counts, ascending. */
export function labelCountsOf(cells: readonly { readonly labels: number }[]): number[] {
  return [...new Set(cells.map(({ labels }) => labels))].sort((a, b) => a - b);
}

/** By label count; arms of one label count stay in the order of the study. */
export function sortedCells<T extends { readonly labels: number }>(cells: readonly T[]): T[] {
  return cells.toSorted((a, b) => a.labels - b.labels);
}

/** What pretraining has seen of the target's labels beyond those of its arms; null where it has seen none. */
export function extraLabelsInText(pretrainings: readonly StudiedPretraining[]): string | null {
  const parts = pretrainings.flatMap(({ key, extraLabels = {} }) => {
    const counts = Object.entries(extraLabels);
    if (counts.length === 0) return [];
    const each = counts.map(([labels, more]) => `${more} beside ${labels}`);
    return [
      `${pretrainingInText(key)} pretraining has seen more labels of the target than its arms learn from (${inWords(each)})`,
    ];
  });
  if (parts.length === 0) return null;
  return `${capitalised(inWords(parts))}: those count as labels, so its gain over other arms is also that of more labels.`;
}

/** "4", or "4 + 12" where pretraining has seen twelve more. */
export const labelsWithExtra = ({
  labels,
  extraLabels,
}: Pick<ArmSummary, 'labels' | 'extraLabels'>): string =>
  extraLabels === undefined ? String(labels) : `${labels} + ${extraLabels}`;

/** Differences split by split, of the halves: in the order of the questions; none where there is one split. */
export function splitRows({ comparisons }: Pick<StudyAnalysis, 'comparisons'>): {
  readonly splits: readonly number[];
  readonly rows: readonly {
    readonly row: Comparison;
    readonly effectIn: (split: number) => number | null;
  }[];
} {
  const halves = comparisonKinds(comparisons).filter((kind) => COMPARISONS[kind].part === 'halves');
  const rows = halves
    .flatMap((kind) => sortedComparisons(comparisons, kind))
    .filter(({ perSplit }) => perSplit !== undefined);
  const numbers = rows.flatMap(({ perSplit = [] }) => perSplit.map(({ split }) => split));
  return {
    splits: [...new Set(numbers)].toSorted((a, b) => a - b),
    rows: rows.map((row) => ({
      row,
      effectIn: (split) => row.perSplit?.find((one) => one.split === split)?.effect ?? null,
    })),
  };
}

/** What weakens the verdict, one short sentence each; the reader meets it before any number. */
export function cautions(
  { analysis, engines }: Pick<ReportData, 'analysis' | 'engines'>,
  runs: readonly AnalysedRun[],
): string[] {
  const failed = runs.filter(({ status }) => status === 'failed').length;
  const { baselineNotConverged: slow } = analysis;
  return [
    extraLabelsInText(analysis.pretrainings),
    analysis.indicative &&
      `Fewer than five ${analysis.splits > 1 ? 'splits' : 'seeds'}: intervals and verdicts are indicative only.`,
    slow.length > 0 &&
      `The baseline has not converged: the random start was still improving when its training ended (${slow.join(', ')} labels); with more steps it might ${analysis.pretrainings.length === 0 ? 'get better' : 'catch up'}.`,
    failed > 0 &&
      (failed === runs.length
        ? `All ${counted(failed, 'fine-tuning run')} failed.`
        : `${failed} of ${counted(runs.length, 'fine-tuning run')} failed and ${verbFor(failed, 'are')} left out; the others stand.`),
    engines.length > 1 &&
      'Several engines, versions, kernels or thread counts computed the runs: small differences between runs may come from that.',
  ].filter((caution) => typeof caution === 'string');
}

/** Every class of every arm, in the order of the arms; classes by number. */
export function classRows(
  arms: readonly ArmSummary[],
  classes: StudyAnalysis['classes'],
): { arm: ArmSummary; name: string; scores: ClassScores }[] {
  const nameOf = new Map(classes.map(({ index, name }) => [index, name]));
  return sortedCells(arms).flatMap((arm) =>
    arm.classes.map((scores) => {
      const { classIndex } = scores;
      return { arm, name: nameOf.get(classIndex) ?? `class ${classIndex}`, scores };
    }),
  );
}

/** "1.5 of 8": means over seeds. */
export function falseAlarmsInText({ empty }: ArmSummary): string {
  return empty === null
    ? NO_NUMBER
    : `${Math.round(10 * empty.falseAlarms) / 10} of ${empty.images}`;
}
