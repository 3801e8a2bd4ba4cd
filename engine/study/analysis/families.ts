/** Encoders of whole families of pretraining tasks against the encoder from classification, label count by label count. */
import type {
  Comparison,
  FamilyComparison,
  StudiedPretraining,
  Verdict,
} from '../../../shared/analysis.ts';
import { counted, signed, signedInterval } from '../../../shared/number-format.ts';
import { seedsInText } from '../../../shared/study-splits.ts';
import { PRETRAINING_TASK_FACTS, TASK_FAMILIES } from '../../../shared/pretraining-tasks.ts';
import { pretrainingInText } from '../../../shared/pretrainings.ts';
import { createRandom } from '../../../shared/random.ts';
import { type Arm, findArm } from './arms.ts';
import { differenceOf, seedMeans } from './contrasts.ts';
import { intervalOverSplits, splitTest } from '../statistics/split-interval.ts';
import { holm, signFlipTest } from '../statistics/statistics.ts';
import { verdictOf } from './verdict.ts';

export const familyOf = ({ task }: StudiedPretraining) =>
  task === null ? null : PRETRAINING_TASK_FACTS[task].family;

/**
 * One row a family and label count at which both an encoder of the family and the one from classification
 * finished. The average over a family is no verdict on its members: a row whose members differ says so.
 */
export function compareFamilies(
  arms: readonly Arm[],
  options: {
    readonly pretrainings: readonly StudiedPretraining[];
    readonly comparisons: readonly Comparison[];
    readonly delta: number;
    readonly seedForBootstrap: number;
  },
): FamilyComparison[] {
  const { pretrainings, comparisons, delta, seedForBootstrap } = options;
  const classification = pretrainings.find((one) => familyOf(one) === 'classification');
  if (classification === undefined) return [];
  const rows = TASK_FAMILIES.filter((family) => family !== 'classification').flatMap((family) =>
    [...new Set(arms.map(({ labels }) => labels))]
      .toSorted((a, b) => a - b)
      .flatMap((labels) => {
        const members = pretrainings.filter(
          (one) =>
            familyOf(one) === family && findArm(arms, one.key, 'encoder', labels) !== undefined,
        );
        if (members.length === 0) return [];
        const difference = differenceOf([
          ...members.map(({ key }) => ({
            weight: 1 / members.length,
            arm: findArm(arms, key, 'encoder', labels),
          })),
          { weight: -1, arm: findArm(arms, classification.key, 'encoder', labels) },
        ]);
        if (difference === null) return [];
        const { seeds, tables, testImages } = difference;
        const { mean: effect, ci95, ci90 } = intervalOverSplits(tables);
        const splits = tables.length;
        const keys = members.map(({ key }) => key);
        const own = comparisons.filter(
          (cell) =>
            cell.comparison === 'encoder − encoder(classification)' &&
            cell.labels === labels &&
            keys.includes(cell.pretraining),
        );
        const numbers = {
          family,
          labels,
          pretrainings: keys,
          effect,
          ci95,
          ci90,
          p:
            splits > 1
              ? splitTest(tables)
              : signFlipTest(
                  seedMeans(difference),
                  createRandom(seedForBootstrap, 'family signs', family, labels),
                ),
          seeds,
          ...(splits > 1 ? { splits } : {}),
          testImages,
          verdict: verdictOf({ ci95, ci90, seeds }, delta),
        };
        const unanimous = own.every(({ verdict }) => verdict === numbers.verdict);
        return [{ ...numbers, unanimous, words: wordsOf({ ...numbers, unanimous }, own) }];
      }),
  );
  const tested = rows.filter(({ verdict }) => verdict !== 'not tested');
  const adjusted = holm(tested.map(({ p }) => p));
  return rows.map((row) => ({ ...row, pHolm: adjusted[tested.indexOf(row)] ?? row.p }));
}

const JUDGEMENTS: Readonly<Record<Verdict, string>> = {
  helps: 'better',
  hurts: 'worse',
  equivalent: 'as good, any difference is smaller than δ',
  'equivalent, small but detectable': 'as good, a small difference is there but smaller than δ',
  inconclusive: 'not decided, which is not evidence that they are as good',
  'not tested': 'not tested, for one seed cannot tell an effect from luck',
};

function wordsOf(
  row: Omit<FamilyComparison, 'words' | 'pHolm'>,
  members: readonly Comparison[],
): string {
  const { family, pretrainings, labels, effect, ci95, testImages, verdict } = row;
  const names = pretrainings.map(pretrainingInText);
  const several = names.length > 1;
  const named = several || names[0] !== family ? ` (${names.join(', ')})` : '';
  const sentence =
    `${family.charAt(0).toUpperCase()}${family.slice(1)}${named} against classification: ` +
    `${several ? 'on average ' : ''}${signed(effect)} Dice ${signedInterval(ci95)} with ` +
    `${counted(labels, 'labelled image')} over ${seedsInText(row)} ` +
    `(${counted(testImages, 'test image')}): ${JUDGEMENTS[verdict]}.`;
  if (row.unanimous) return several ? `${sentence} Each of them by itself as well.` : sentence;
  const differing = members
    .filter((cell) => cell.verdict !== verdict)
    .map((cell) => `${pretrainingInText(cell.pretraining)} ${JUDGEMENTS[cell.verdict]}`);
  return `${sentence} Not each of them by itself: ${differing.join('; ')}.`;
}
