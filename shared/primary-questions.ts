/**
 * The questions that a study may be asked to answer for certain, marked before it runs. What a study advises (its
 * headline, the paper's claims, which half is worth keeping) is read from these alone, and all of it holds together
 * (docs/method.md §5); every other row of its tables is exploratory. None marked: all of them are primary.
 */
import type { ComparisonKind } from './analysis.ts';
import type {
  LabelCount,
  PretrainingKey,
  PretrainingTask,
  PrimaryQuestion,
  Transfer,
} from './entities.ts';

export type QuestionName = PrimaryQuestion['question'];

/** What each asks; `trend` compares label counts and is no row of the tables. */
const QUESTION_KINDS: Readonly<Record<QuestionName, ComparisonKind | null>> = {
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

/** Whether a question is among some. */
export const isAsked = (
  { question, pretraining, labels }: AskedQuestion,
  among: readonly AskedQuestion[],
): boolean =>
  among.some(
    (one) => one.question === question && one.pretraining === pretraining && one.labels === labels,
  );

/** What a design asks: which arms it has at which label counts. */
export interface QuestionedDesign {
  readonly pretrainings: readonly {
    readonly key: PretrainingKey;
    /** null: an encoder that was there before. */
    readonly task: PretrainingTask | null;
    readonly transfers: readonly Transfer[];
  }[];
  readonly labelCounts: readonly number[];
}

/** Every question that could be primary; those of a trend at the fewest labels. */
export function questionsOf({ pretrainings, labelCounts }: QuestionedDesign): AskedQuestion[] {
  const counts = [...new Set(labelCounts)].sort((a, b) => a - b);
  const hasEncoderOf = (task: PretrainingTask) =>
    pretrainings.some((one) => one.task === task && one.transfers.includes('encoder'));
  return pretrainings.flatMap(({ key: pretraining, task, transfers }) => {
    const [encoder, both] = [transfers.includes('encoder'), transfers.includes('encoder+decoder')];
    const isMulti = encoder && task === 'multi-conrec';
    const isAsked: Readonly<Record<QuestionName, boolean>> = {
      encoder,
      decoder: encoder && both,
      both,
      'decoder-alone': transfers.includes('decoder'),
      trend: encoder && counts.length > 1,
      classification: encoder && task !== 'classification' && hasEncoderOf('classification'),
      simclr: isMulti && hasEncoderOf('simclr'),
      conrec: isMulti && hasEncoderOf('conrec'),
    };
    return QUESTION_NAMES.filter((question) => isAsked[question]).flatMap((question) =>
      (question === 'trend' ? counts.slice(0, 1) : counts).map((labels) => ({
        question,
        pretraining,
        labels,
      })),
    );
  });
}

/** Questions of so many seeds whose exact test can be significant at 5 % after Holm: the smallest p is 2 / 2^S. */
export const questionsFor = (seeds: number): number => Math.floor((0.05 * 2 ** seeds) / 2);

/** Fewest seeds with which the exact test of so many questions can be. */
export function seedsFor(questions: number): number {
  let seeds = 1;
  while (questionsFor(seeds) < questions) seeds++;
  return seeds;
}
