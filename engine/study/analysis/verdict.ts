/** From the numbers of a comparison to its verdict (docs/method.md §5) and to a sentence for anybody. */
import { findingOf, GAINS_LESS, gainsLess } from '../../../shared/advice.ts';
import type { Comparison, ComparisonKind, Verdict } from '../../../shared/analysis.ts';
import { counted, signed, signedInterval } from '../../../shared/number-format.ts';
import { seedsInText } from '../../../shared/study-splits.ts';
import { pretrainingInText } from '../../../shared/pretrainings.ts';
import { involvesRandomStart } from './contrasts.ts';
import { verdictOfIntervals } from '../statistics/statistics.ts';

/** With fewer, of splits where there are several, intervals are indicative only. */
const SEEDS_TO_ESTIMATE = 5;

/** What an interval rests on; `splits` is left out, or 1, where there is one. */
interface Counts {
  readonly seeds: { readonly length: number };
  readonly splits?: number;
}

export const isIndicative = ({ seeds, splits = 1 }: Counts): boolean =>
  (splits > 1 ? splits : seeds.length) < SEEDS_TO_ESTIMATE;

export const fewerThanEnough = ({ splits = 1 }: Counts): string =>
  `fewer than ${SEEDS_TO_ESTIMATE} ${splits > 1 ? 'splits' : 'seeds'}`;

/** One seed's luck cannot be told from an effect. */
const SEEDS_TO_TEST = 2;

export function verdictOf(
  numbers: Pick<Comparison, 'ci95' | 'ci90' | 'seeds'>,
  delta: number,
): Verdict {
  if (numbers.seeds.length < SEEDS_TO_TEST) return 'not tested';
  return verdictOfIntervals(numbers, delta);
}

/**
 * The verdict of a primary question from its simultaneous intervals, which are never narrower than the single ones. A
 * difference that the single intervals call too small to matter is none that advice may rest on.
 */
export function advisedVerdict(
  numbers: Pick<Comparison, 'ci95' | 'ci90' | 'seeds'>,
  { single, delta }: { readonly single: Verdict; readonly delta: number },
): Verdict {
  const verdict = verdictOf(numbers, delta);
  const isDifference = verdict === 'helps' || verdict === 'hurts';
  return isDifference && verdict !== single ? 'inconclusive' : verdict;
}

function subjectOf(kind: ComparisonKind, task: string): string {
  switch (kind) {
    case 'encoder − random':
      return `Starting from the ${task} encoder instead of random weights`;
    case 'encoder+decoder − encoder':
      return `Adding the decoder to the ${task} encoder`;
    case 'decoder − random':
      return `Starting from the ${task} decoder alone instead of random weights`;
    case 'encoder+decoder − random':
      return `Starting from the whole ${task} network instead of random weights`;
    case 'encoder effect':
      return `The ${task} encoder, averaged over a random and the pretrained decoder`;
    case 'decoder effect':
      return `The ${task} decoder, averaged over a random and the pretrained encoder`;
    case 'interaction':
      return `What the ${task} decoder adds to its own encoder beyond what it adds to a random one`;
    case 'frozen-encoder − encoder':
      return `Freezing the ${task} encoder instead of training it on`;
    case 'encoder+deep-decoder − encoder':
      return `Adding the deepest blocks of the decoder to the ${task} encoder`;
    case 'frozen-encoder − frozen-random':
      return `Freezing the ${task} encoder instead of a random one`;
    case 'permuted-encoder − random':
      return `Starting from the ${task} encoder's weights, shuffled within each layer, instead of random weights`;
    case 'encoder − permuted-encoder':
      return `Starting from the ${task} encoder instead of its own weights shuffled within each layer`;
    case 'encoder − encoder(classification)':
      return `Taking the encoder from ${task} pretraining instead of classification`;
    case 'encoder − encoder(simclr)':
      return `Taking the encoder from ${task} pretraining instead of SimCLR`;
    case 'encoder − encoder(conrec)':
      return `Taking the encoder from ${task} pretraining instead of ConRec`;
  }
}

/** Where the 95 % interval that stands beside it reaches δ: the one that it is read from. */
function readFrom({ ci95, ci90 }: Pick<Comparison, 'ci95' | 'ci90'>, delta: number): string {
  return ci95[0] <= -delta || ci95[1] >= delta ? ` (90 % interval ${signedInterval(ci90)})` : '';
}

function meaningOf(numbers: Omit<Comparison, 'words'>, delta: number): string {
  const isInteraction = numbers.comparison === 'interaction';
  const from = readFrom(numbers, delta);
  switch (numbers.verdict) {
    case 'helps':
      return isInteraction ? 'the halves help each other' : 'helps';
    case 'hurts':
      return isInteraction ? 'together the halves gain less than the sum of both' : 'hurts';
    case 'equivalent':
      return isInteraction
        ? `the halves add up, any difference from the sum is smaller than δ${from}`
        : `equivalent, any difference is smaller than δ${from}`;
    case 'equivalent, small but detectable':
      return `equivalent, a small difference is there but it is smaller than δ${from}`;
    case 'inconclusive':
      return `inconclusive, which is not evidence of equivalence${
        gainsLess(numbers, delta)
          ? `; any gain is smaller than δ, though${readFrom({ ...numbers, ci95: [0, numbers.ci95[1]] }, delta)}`
          : ''
      }`;
    case 'not tested':
      return 'not tested, for one seed cannot tell an effect from luck';
  }
}

/** One sentence with S, n, δ and the effect, and what weakens it. */
export function wordsOf(
  numbers: Omit<Comparison, 'words'>,
  context: {
    readonly delta: number;
    readonly baselineConverged: boolean;
    /** Primary questions of the study. */
    readonly questions: number;
  },
): string {
  const { comparison, pretraining, effect, ci95, labels, seeds, testImages, verdict } = numbers;
  const { delta, baselineConverged } = context;
  const splits = numbers.perSplit?.length ?? 1;
  const weaknesses = [
    verdict !== 'not tested' &&
      isIndicative({ seeds, splits }) &&
      `indicative only, with ${fewerThanEnough({ seeds, splits })}`,
    !baselineConverged &&
      involvesRandomStart(comparison) &&
      'the random start was still improving when its training ended',
    numbers.extraLabels !== undefined &&
      `one side has seen ${counted(numbers.extraLabels, 'more label')} while it was pretrained`,
  ].filter((weakness) => weakness !== false);
  return (
    `${subjectOf(comparison, pretrainingInText(pretraining))}: ${signed(effect)} Dice ${signedInterval(ci95)} ` +
    `with ${counted(labels, 'labelled image')} over ${seedsInText({ seeds, splits })} ` +
    `(${counted(testImages, 'test image')}, δ = ${delta}): ${meaningOf(numbers, delta)}` +
    `${weaknesses.length > 0 ? ` (${weaknesses.join('; ')})` : ''}.${togetherInWords(numbers, context)}`
  );
}

/** Where all primary questions together say less than this one alone. */
function togetherInWords(
  row: Omit<Comparison, 'words'>,
  { questions, delta }: { readonly questions: number; readonly delta: number },
): string {
  const { together } = row;
  if (together === null) return '';
  const all = { ...row, ...together };
  const what = findingOf(all, delta);
  if (what === findingOf(row, delta)) return '';
  const isEqual = what.startsWith('equivalent') || what === GAINS_LESS;
  return ` Together with all ${counted(questions, 'primary question')} ${signedInterval(together.ci95)}: ${what === 'inconclusive' ? 'not decided' : what}${isEqual ? readFrom(together, delta) : ''}.`;
}
