/**
 * The questions that a study may be asked to answer for certain, marked before it runs. What a study advises (its
 * headline, the paper's claims, which half is worth keeping) is read from these alone, and all of it holds together
 * (docs/method.md §5); every other row of its tables is exploratory. None marked: all of them are primary.
 */
import type { ComparisonKind } from './analysis.ts';
import type { LabelCount, PretrainingKey, PrimaryQuestion } from './entities.ts';

export type QuestionName = PrimaryQuestion['question'];

/** What each asks; `trend` compares label counts and is no row of the tables. */
export const QUESTION_KINDS: Readonly<Record<QuestionName, ComparisonKind | null>> = {
  encoder: 'encoder − random',
  decoder: 'encoder+decoder − encoder',
  both: 'encoder+decoder − random',
  'decoder-alone': 'decoder − random',
  trend: null,
  classification: 'encoder − encoder(classification)',
  simclr: 'encoder − encoder(simclr)',
  conrec: 'encoder − encoder(conrec)',
};

export const QUESTION_TITLES: Readonly<Record<QuestionName, string>> = {
  encoder: 'Does the encoder help?',
  decoder: 'Is the decoder worth adding to the encoder?',
  both: 'Does the whole network help?',
  'decoder-alone': 'Does the decoder alone help?',
  trend: 'Does the encoder help more with few labels?',
  classification: 'Is the encoder better than that of classification?',
  simclr: 'Is multi-reconstruction ConRec better than SimCLR?',
  conrec: 'Is multi-reconstruction ConRec better than ConRec?',
};

export const QUESTION_NAMES = Object.keys(QUESTION_KINDS) as QuestionName[];

/** null: a comparison that is never primary, such as a control. */
export function questionOf(comparison: ComparisonKind): QuestionName | null {
  return QUESTION_NAMES.find((name) => QUESTION_KINDS[name] === comparison) ?? null;
}

/** One question of one pretraining with one label count, as a study asks it. */
export interface AskedQuestion {
  readonly question: QuestionName;
  readonly pretraining: PretrainingKey;
  /** Of a trend: the fewest. */
  readonly labels: number;
}

/** @param most the largest label count of the study, which `all` stands for */
export function isPrimary(
  asked: AskedQuestion,
  { primary, most }: { readonly primary: readonly PrimaryQuestion[]; readonly most: number },
): boolean {
  const count = (labels: LabelCount) => (labels === 'all' ? most : labels);
  return (
    primary.length === 0 ||
    primary.some(
      ({ question, pretraining, labels }) =>
        question === asked.question &&
        (pretraining === null || pretraining === asked.pretraining) &&
        (labels === null || question === 'trend' || count(labels) === asked.labels),
    )
  );
}
