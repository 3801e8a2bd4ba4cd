/**
 * What follows for words and claims where pretraining has seen labels of the target beyond those of its arms
 * (extra-labels.ts): such an arm has had more labels than the one that it is held against.
 */
import type { ClaimVerdict, ComparisonKind, StudiedPretraining } from '../../../shared/analysis.ts';
import type { PretrainingKey } from '../../../shared/entities.ts';
import { extraLabelsInText } from '../../../shared/charts/study-words.ts';

const extraAt = (pretraining: StudiedPretraining | undefined, labels: number): number =>
  pretraining?.extraLabels?.[labels] ?? 0;

/** Whose arm the other side of a comparison is: of the same pretraining, of a task, or of none. */
function rivalOf(kind: ComparisonKind): 'same' | 'none' | NonNullable<StudiedPretraining['task']> {
  switch (kind) {
    case 'encoder+decoder − encoder':
    case 'encoder+deep-decoder − encoder':
    case 'frozen-encoder − encoder':
    case 'encoder − permuted-encoder':
      return 'same';
    case 'encoder − encoder(classification)':
      return 'classification';
    case 'encoder − encoder(simclr)':
      return 'simclr';
    case 'encoder − encoder(conrec)':
      return 'conrec';
    case 'encoder − random':
    case 'decoder − random':
    case 'encoder+decoder − random':
    case 'encoder effect':
    case 'decoder effect':
    case 'interaction':
    case 'frozen-encoder − frozen-random':
    case 'permuted-encoder − random':
      return 'none';
  }
}

/** Labels that one side has seen while it was pretrained, and the other has not; 0 where they have seen alike. */
export function unequalLabels(
  kind: ComparisonKind,
  cell: {
    readonly pretraining: StudiedPretraining;
    readonly all: readonly StudiedPretraining[];
    readonly labels: number;
  },
): number {
  const { pretraining, all, labels } = cell;
  const rival = rivalOf(kind);
  if (rival === 'same') return 0;
  const other = rival === 'none' ? undefined : all.find(({ task }) => task === rival);
  return Math.abs(extraAt(pretraining, labels) - extraAt(other, labels));
}

interface TrendCounts {
  readonly pretraining: PretrainingKey;
  readonly fewest: number;
  readonly most: number;
}

/** Whether a change of the encoder's effect with labels is one of the labels alone. */
export const isFairTrend = (
  { pretraining, fewest, most }: TrendCounts,
  pretrainings: readonly StudiedPretraining[],
): boolean => {
  const own = pretrainings.find(({ key }) => key === pretraining);
  return extraAt(own, fewest) === 0 && extraAt(own, most) === 0;
};

/** The first sentence is read alone, so it says it too. */
export function headlineWithLabels(
  headline: readonly string[],
  pretrainings: readonly StudiedPretraining[],
): string[] {
  const said = extraLabelsInText(pretrainings);
  const [first = '', ...others] = headline;
  return said === null ? [...headline] : [`${first} ${said}`, ...others];
}

/** Claims are read without such cells, and say so where these would have said something. `all`: with them. */
export const claimsWithLabels = (
  fair: readonly ClaimVerdict[],
  all: readonly ClaimVerdict[],
): ClaimVerdict[] =>
  fair.map((claim, i) =>
    claim.why === all[i]?.why
      ? claim
      : {
          ...claim,
          why: `${claim.why} Cells in which one side has seen more labels of the target are left out.`,
        },
  );
