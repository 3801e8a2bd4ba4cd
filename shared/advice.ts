/**
 * Which half of a pretrained network is worth keeping, from all rows that a study has about it: the encoder over a
 * random start (E), the decoder on top of the encoder (D), both over a random start (E+D), the decoder alone, and the
 * 2×2. Advice rests on intervals that hold together (docs/method.md §5), and never against a row of the tables.
 */
import type { Comparison, ComparisonKind, Verdict } from './analysis.ts';
import { questionOf } from './primary-questions.ts';

/**
 * gains: it helps; little: it gains less than δ, or hurts; open: the data do not say; unasked: no primary question of
 * the study; absent: not compared over two seeds.
 */
export type Answer = 'gains' | 'little' | 'open' | 'unasked' | 'absent';

export interface CellAdvice {
  readonly encoder: Answer;
  readonly decoder: Answer;
  readonly both: Answer;
  readonly decoderAlone: Answer;
  /** Starts small, without a full stop. */
  readonly words: string;
  /** Rows that by themselves say something else than what is advised. */
  readonly contrary: readonly Comparison[];
}

/**
 * Whether what A adds to B is below δ: the one-sided 95 % upper bound, which is the upper end of the 90 % interval, so
 * that whatever is equivalent gains less than δ as well.
 */
export const gainsLessThan = (
  delta: number,
  { ci90, seeds }: Pick<Comparison, 'ci90' | 'seeds'>,
): boolean => seeds.length > 1 && ci90[1] < delta;

type Read = Pick<Comparison, 'ci90' | 'seeds' | 'comparison' | 'verdict'>;

/** Of a row whose question is one of a gain, and that says nothing more. */
export const gainsLess = (row: Read, delta: number): boolean =>
  row.verdict === 'inconclusive' &&
  questionOf(row.comparison) !== null &&
  gainsLessThan(delta, row);

export const GAINS_LESS = 'gains less than δ';

/** What a row says: its verdict, or what it knows in spite of being inconclusive. */
export const findingOf = (row: Read, delta: number): Verdict | typeof GAINS_LESS =>
  gainsLess(row, delta) ? GAINS_LESS : row.verdict;

function answerOf(row: Comparison | undefined, delta: number): Answer {
  if (row === undefined || row.verdict === 'not tested') return 'absent';
  if (row.together === null) return 'unasked';
  if (row.together.verdict === 'helps') return 'gains';
  return gainsLessThan(delta, { ...row, ...row.together }) ? 'little' : 'open';
}

const isTooLittle = ({ verdict }: Comparison) =>
  verdict === 'hurts' || verdict.startsWith('equivalent');

/** An answer that a row about the same half denies is none. */
function notDenied(answer: Answer, row: Comparison | undefined): Answer {
  if (row === undefined) return answer;
  if (answer === 'little' && row.verdict === 'helps') return 'open';
  return answer === 'gains' && row.verdict === 'hurts' ? 'open' : answer;
}

/** @param rows comparisons of one pretraining and label count */
export function cellAdvice(rows: readonly Comparison[], delta: number): CellAdvice {
  const row = (kind: ComparisonKind) => rows.find(({ comparison }) => comparison === kind);
  const answer = (kind: ComparisonKind) => answerOf(row(kind), delta);
  const both = answer('encoder+decoder − random');
  const halves = {
    encoder: notDenied(answer('encoder − random'), row('encoder effect')),
    decoder: notDenied(answer('encoder+decoder − encoder'), row('decoder effect')),
  };
  // Both help, and yet both together do not: that cannot be, and none of it is advised.
  const whole = row('encoder+decoder − random');
  const isTooLittleTogether = both === 'little' || (whole !== undefined && isTooLittle(whole));
  const isAtOdds = halves.encoder === 'gains' && halves.decoder === 'gains' && isTooLittleTogether;
  const answers = {
    ...(isAtOdds ? { encoder: 'open' as const, decoder: 'open' as const } : halves),
    both,
    decoderAlone: answer('decoder − random'),
  };
  return {
    ...answers,
    words: wordsOf(answers, whole),
    contrary: contraryRows(rows, { answers, delta }),
  };
}

function contraryRows(
  rows: readonly Comparison[],
  told: { readonly answers: Omit<CellAdvice, 'words' | 'contrary'>; readonly delta: number },
): Comparison[] {
  const { encoder, decoder, both, decoderAlone } = told.answers;
  const about: Partial<Record<ComparisonKind, readonly Answer[]>> = {
    'encoder − random': [encoder],
    'encoder effect': [encoder],
    'encoder+decoder − encoder': [decoder],
    'decoder effect': [decoder],
    'decoder − random': [decoder === 'little' ? decoder : decoderAlone],
    'encoder+decoder − random': [both],
  };
  return rows.filter((row) =>
    about[row.comparison]?.some(
      (answer) =>
        (row.verdict === 'helps' && (answer === 'little' || answer === 'open')) ||
        ((isTooLittle(row) || gainsLess(row, told.delta)) &&
          (answer === 'gains' || answer === 'open')),
    ),
  );
}

type Known = 'gains' | 'little' | 'open' | 'none';
type BothWords = Partial<Record<Known, string>> & { readonly otherwise: string };

const NOT_DECIDED = 'is not decided';

/** By what is known of encoder and decoder, then of both together. {E}, {D} and {B}: why one is not known. */
const WORDS: Readonly<Record<`${Known} ${Known}`, BothWords>> = {
  'gains gains': {
    otherwise: 'keep both halves, the encoder helps and so does the decoder on top of it',
  },
  'gains little': { otherwise: 'keep the encoder, skip the decoder' },
  'gains open': {
    otherwise: `keep the encoder; whether the decoder adds anything ${NOT_DECIDED}`,
  },
  'gains none': { otherwise: 'keep the encoder{D}' },
  'little gains': {
    gains:
      'keep both halves together, the encoder alone gains too little to matter but the decoder on top of it helps',
    little:
      'the decoder helps on top of the encoder, but over a random start neither the encoder nor both together gain enough to matter',
    otherwise: `the encoder alone gains too little to matter, but the decoder on top of it helps; whether both together beat a random start ${NOT_DECIDED}`,
  },
  'little little': {
    gains: 'keep both halves together, each adds too little to matter but both of them help',
    little: 'skip both halves, each gains too little to matter and so do both together',
    open: `each half adds too little to matter; whether both together help ${NOT_DECIDED}`,
    otherwise: 'each half adds too little to matter{B}',
  },
  'little open': {
    gains:
      'keep both halves together, they help though the encoder alone gains too little to matter',
    little: 'skip both halves, neither the encoder nor both together gain enough to matter',
    otherwise: `the encoder gains too little to matter; whether the decoder adds anything ${NOT_DECIDED}`,
  },
  'little none': {
    gains:
      'keep both halves together, they help though the encoder alone gains too little to matter',
    little: 'skip both halves, neither the encoder nor both together gain enough to matter',
    open: `the encoder alone gains too little to matter; whether both halves together help ${NOT_DECIDED}`,
    otherwise: 'skip the encoder, it gains too little to matter{D}',
  },
  'open gains': {
    gains: `keep both halves, together they help and so does the decoder on top of the encoder; whether the encoder alone helps ${NOT_DECIDED}`,
    little: 'the decoder helps on top of the encoder, but both together gain too little to matter',
    otherwise: `if the encoder is kept, keep the decoder; whether the encoder helps ${NOT_DECIDED}`,
  },
  'open little': {
    gains: `both halves together help, and the decoder adds too little to matter; whether the encoder alone helps ${NOT_DECIDED}`,
    little: `skip the decoder, and both together gain too little to matter; whether the encoder alone helps ${NOT_DECIDED}`,
    otherwise: `skip the decoder; whether the encoder helps ${NOT_DECIDED}`,
  },
  'open open': {
    gains: `keep both halves, together they help; which of them does ${NOT_DECIDED}`,
    little: `both halves together gain too little to matter; what each does by itself ${NOT_DECIDED}`,
    otherwise: 'not decided, the data show neither that a half helps nor that it does not matter',
  },
  'open none': {
    gains: `keep both halves, together they help; whether the encoder alone does ${NOT_DECIDED}`,
    little: `both halves together gain too little to matter; whether the encoder alone helps ${NOT_DECIDED}`,
    otherwise: `whether the encoder helps ${NOT_DECIDED}{D}`,
  },
  'none gains': {
    gains: 'keep both halves, together they help and so does the decoder on top of the encoder{E}',
    little:
      'the decoder helps on top of the encoder, but both together gain too little to matter{E}',
    otherwise: 'if the encoder is kept, keep the decoder{E}',
  },
  'none little': {
    gains: 'both halves together help, and the decoder adds too little to matter{E}',
    otherwise: 'skip the decoder{E}',
  },
  'none open': {
    gains: `keep both halves, together they help; whether the decoder adds anything ${NOT_DECIDED}{E}`,
    little: `both halves together gain too little to matter; whether the decoder adds anything ${NOT_DECIDED}{E}`,
    otherwise: `whether the decoder adds anything ${NOT_DECIDED}{E}`,
  },
  'none none': {
    gains: 'keep both halves, together they help{E}',
    little: 'both halves together gain too little to matter{E}',
    open: `whether both halves together help ${NOT_DECIDED}{E}`,
    otherwise: 'neither half was tested over two seeds or more',
  },
};

const isKnown = (answer: Answer) => answer !== 'absent' && answer !== 'unasked';
const knownOf = (answer: Answer): Known =>
  answer === 'absent' || answer === 'unasked' ? 'none' : answer;

/** Empty where nothing needs to be said of what was not compared. */
function missing(name: string, answer: Answer, isTold: boolean): string {
  if (answer === 'unasked') return `; ${name} was no primary question`;
  return answer === 'absent' && isTold ? `; ${name} was not tested` : '';
}

function wordsOf(
  answers: Omit<CellAdvice, 'words' | 'contrary'>,
  wholeRow: Comparison | undefined,
): string {
  const { encoder, decoder, both, decoderAlone } = answers;
  if (![encoder, decoder, both].some(isKnown) && isKnown(decoderAlone))
    return aloneWords(decoderAlone);
  if (![encoder, decoder, both].some(isKnown) && [encoder, decoder, both].includes('unasked')) {
    return 'neither half was a primary question';
  }
  const words = WORDS[`${knownOf(encoder)} ${knownOf(decoder)}`];
  const text = words[knownOf(both)] ?? words.otherwise;
  const isDenied = both === 'unasked' && wholeRow?.verdict === 'helps';
  const alone =
    decoderAlone === 'gains' && decoder !== 'gains'
      ? '; without the encoder the decoder helps'
      : '';
  return (
    text
      .replace('{E}', missing('the encoder alone', encoder, true))
      .replace('{D}', missing('the decoder', decoder, false))
      .replace(
        '{B}',
        isDenied ? '; both together seem to help' : missing('both together', both, true),
      ) + alone
  );
}

function aloneWords(answer: Answer): string {
  if (answer === 'gains') return 'the decoder alone helps; the encoder was not tested';
  return answer === 'little'
    ? 'the decoder alone gains too little to matter; the encoder was not tested'
    : `whether the decoder alone helps ${NOT_DECIDED}; the encoder was not tested`;
}
