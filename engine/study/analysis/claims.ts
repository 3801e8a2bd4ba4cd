/**
 * The paper's five claims (docs/method.md §1) held against the cells of one study. A claim is supported
 * where every cell that can speak about it agrees, contradicted where any cell disagrees. Cells are the study's
 * primary questions, read from intervals that hold all together: nothing that any claim says here is wrong in 95 of
 * 100 studies. Other rows are no evidence.
 */
import type {
  ClaimVerdict,
  Comparison,
  ComparisonKind,
  StudiedPretraining,
} from '../../../shared/analysis.ts';
import { gainsLessThan } from '../../../shared/advice.ts';
import { counted, signed, signedInterval } from '../../../shared/number-format.ts';
import { pretrainingInText } from '../../../shared/pretrainings.ts';
import { capitalised } from '../../../shared/sentences.ts';
import type { EncoderTrend } from './comparisons.ts';
import { familyOf } from './families.ts';

type Status = ClaimVerdict['status'];

/** What one cell says about a claim, and how it is named. */
interface Evidence {
  readonly status: Exclude<Status, 'not tested'>;
  readonly cell: string;
}

const TEXTS: Readonly<Record<ClaimVerdict['claim'], string>> = {
  1: 'Transferring a decoder does not help: a randomly initialised one ends as well.',
  2: 'Transferring the encoder helps, most of all with few labels.',
  3: 'Encoders from segmentation or reconstruction transfer better than encoders from classification.',
  4: 'Classification pretraining is a suboptimal start for segmentation.',
  5: 'A contrastive method with several self-reconstruction tasks gives good encoders without any labels.',
};

export interface ClaimInput {
  readonly comparisons: readonly Comparison[];
  readonly trends: readonly EncoderTrend[];
  readonly pretrainings: readonly StudiedPretraining[];
  readonly delta: number;
}

export function judgeClaims(input: ClaimInput): ClaimVerdict[] {
  const { comparisons, pretrainings, delta } = input;
  const read = comparisons.map(asAdvised).filter((cell) => cell !== null);
  const tested = (...kinds: ComparisonKind[]) =>
    read.filter((cell) => kinds.includes(cell.comparison));
  const against = tested('encoder − encoder(classification)');
  const multi = pretrainings.filter(({ task }) => task === MULTI_RECONSTRUCTION);
  const ofMulti = (cells: readonly Comparison[]) =>
    cells.filter((cell) => multi.some(({ key }) => key === cell.pretraining));
  const exploratory = new Set(
    comparisons
      .filter((c) => c.together === null && c.verdict !== 'not tested')
      .map((c) => c.comparison),
  );
  const claims = [
    decoderClaim(tested('encoder+decoder − encoder', 'decoder − random'), delta),
    encoderClaim(tested('encoder − random'), { trends: input.trends, delta }),
    familyClaim(against, { pretrainings, delta }),
    classificationClaim(against, delta),
    reconstructionClaim({
      overRandom: ofMulti(tested('encoder − random')),
      others: ofMulti(tested('encoder − encoder(simclr)', 'encoder − encoder(conrec)')),
      delta,
    }),
  ];
  return claims.map((claim) =>
    claim.status === 'not tested' &&
    (claim.claim !== 5 || multi.length > 0) &&
    EVIDENCE[claim.claim].some((kind) => exploratory.has(kind))
      ? {
          ...claim,
          why: 'It was no primary question of this study, so that its rows are exploratory.',
        }
      : claim,
  );
}

/** Comparisons without which a claim is not tested. */
const EVIDENCE: Readonly<Record<ClaimVerdict['claim'], readonly ComparisonKind[]>> = {
  1: ['encoder+decoder − encoder', 'decoder − random'],
  2: ['encoder − random'],
  3: ['encoder − encoder(classification)'],
  4: ['encoder − encoder(classification)'],
  5: ['encoder − random'],
};

/** A primary question with the intervals and the verdict that hold together with all others; null for other rows. */
function asAdvised(cell: Comparison): Comparison | null {
  return cell.together === null ? null : { ...cell, ...cell.together };
}

/** A gain that is too small, and what tells: the 95 % interval beside a cell may reach δ all the same. */
const lessThan = (delta: number) => `less than δ = ${delta}, by the upper end of its 90 % interval`;

/** Task of the paper's own proposal. */
const MULTI_RECONSTRUCTION = 'multi-conrec';

const cellOf = ({ pretraining, labels, effect, ci95 }: Comparison) =>
  `${pretrainingInText(pretraining)} with ${counted(labels, 'label')} (${signed(effect)} ${signedInterval(ci95)})`;

/** Any contradiction contradicts, all supports support, the rest is open. */
function combined(evidence: readonly Evidence[]): Status {
  if (evidence.length === 0) return 'not tested';
  if (evidence.some(({ status }) => status === 'contradicted')) return 'contradicted';
  return evidence.every(({ status }) => status === 'supported') ? 'supported' : 'inconclusive';
}

/** "Supported in 2 of 3 cells: …; open in 1: …" */
function listed(evidence: readonly Evidence[]): string {
  const parts = (['contradicted', 'supported', 'inconclusive'] as const).flatMap((status) => {
    const cells = evidence.filter((e) => e.status === status).map((e) => e.cell);
    const name = status === 'inconclusive' ? 'open' : status;
    return cells.length === 0
      ? []
      : [`${name} in ${cells.length} of ${evidence.length}: ${cells.join(', ')}`];
  });
  const text = parts.join('; ');
  return `${capitalised(text)}.`;
}

function decoderClaim(cells: readonly Comparison[], delta: number): ClaimVerdict {
  const evidence = cells.map((cell): Evidence => {
    const what = cell.comparison === 'decoder − random' ? 'decoder alone' : 'added to the encoder';
    const status =
      cell.verdict === 'helps'
        ? 'contradicted'
        : gainsLessThan(delta, cell)
          ? 'supported'
          : 'inconclusive';
    return { status, cell: `${what}, ${cellOf(cell)}` };
  });
  return {
    claim: 1,
    text: TEXTS[1],
    status: combined(evidence),
    why:
      evidence.length === 0
        ? 'No arm with a transferred decoder could be compared over two seeds or more.'
        : `A cell supports it where the decoder gains ${lessThan(delta)}. ${listed(evidence)}`,
  };
}

function encoderClaim(
  cells: readonly Comparison[],
  { trends, delta }: { readonly trends: readonly EncoderTrend[]; readonly delta: number },
): ClaimVerdict {
  const fewest = Math.min(...cells.map((cell) => cell.labels));
  const helps = cells.flatMap((cell): Evidence[] => {
    const evidence = { cell: cellOf(cell) };
    if (cell.verdict === 'helps') return [{ ...evidence, status: 'supported' }];
    if (cell.verdict === 'hurts') return [{ ...evidence, status: 'contradicted' }];
    // With many labels no help is what the claim expects; with the fewest it is not.
    if (cell.labels > fewest) return [];
    return [{ ...evidence, status: gainsLessThan(delta, cell) ? 'contradicted' : 'inconclusive' }];
  });
  const shrinks = trends.flatMap(
    ({ pretraining, fewest: few, most, effect, together }): Evidence[] =>
      together === null
        ? []
        : [
            {
              status:
                together[0] > 0 ? 'supported' : together[1] < 0 ? 'contradicted' : 'inconclusive',
              cell: `${pretrainingInText(pretraining)}, ${few} against ${counted(most, 'label')} (${signed(effect)} ${signedInterval(together)})`,
            },
          ],
  );
  return {
    claim: 2,
    text: TEXTS[2],
    status: combined([...helps, ...shrinks]),
    why:
      helps.length === 0
        ? 'No arm with a transferred encoder could be compared with a random start over two seeds or more.'
        : `A gain of ${lessThan(delta)}, with the fewest labels contradicts it, and so does harm with any. That it helps: ${lowered(listed(helps))} ${
            shrinks.length === 0
              ? 'That it helps most with few labels needs two label counts.'
              : `That it helps most with few labels: ${lowered(listed(shrinks))}`
          }`,
  };
}

const lowered = (sentence: string) => sentence.charAt(0).toLowerCase() + sentence.slice(1);

/** A better encoder supports, one that gains less than δ contradicts. */
const betterThanClassification =
  (delta: number) =>
  (cell: Comparison): Evidence => ({
    status:
      cell.verdict === 'helps'
        ? 'supported'
        : gainsLessThan(delta, cell)
          ? 'contradicted'
          : 'inconclusive',
    cell: cellOf(cell),
  });

const NEEDS_CLASSIFICATION =
  'The study needs an encoder from classification and one from another task, each over two seeds or more.';

/** Judged cell by cell over encoders of both families that the claim names; other families are no evidence. */
function familyClaim(
  cells: readonly Comparison[],
  {
    pretrainings,
    delta,
  }: { readonly pretrainings: readonly StudiedPretraining[]; readonly delta: number },
): ClaimVerdict {
  const parts = (['segmentation', 'reconstruction'] as const).map((family) => {
    const keys = pretrainings.filter((one) => familyOf(one) === family).map(({ key }) => key);
    const own = cells.filter(({ pretraining }) => keys.includes(pretraining));
    return { family, evidence: own.map(betterThanClassification(delta)) };
  });
  const present = parts.filter(({ evidence }) => evidence.length > 0);
  const missing = parts.filter(({ evidence }) => evidence.length === 0);
  return {
    claim: 3,
    text: TEXTS[3],
    status: combined(present.flatMap(({ evidence }) => evidence)),
    why:
      present.length === 0
        ? 'The study needs an encoder from classification and one from segmentation or reconstruction, each over two seeds or more.'
        : [
            `A task supports it where its encoder is better than that of classification, and contradicts it where it gains ${lessThan(delta)} over that.`,
            ...present.map(
              ({ family, evidence }) => `${capitalised(family)}: ${lowered(listed(evidence))}`,
            ),
            ...missing.map(({ family }) => `${capitalised(family)} was not tested.`),
          ].join(' '),
  };
}

/** Suboptimal with n labels: at least one other task gives a better encoder there. */
function classificationClaim(cells: readonly Comparison[], delta: number): ClaimVerdict {
  const counts = [...Map.groupBy(cells, (cell) => cell.labels)];
  const evidence = counts.map(([labels, group]): Evidence => {
    const each = group.map(betterThanClassification(delta));
    const better = each.find(({ status }) => status === 'supported');
    const open = each.filter(({ status }) => status === 'inconclusive');
    if (better !== undefined) return { status: 'supported', cell: better.cell };
    return open.length > 0
      ? { status: 'inconclusive', cell: open.map(({ cell }) => cell).join(', ') }
      : { status: 'contradicted', cell: `no better encoder with ${counted(labels, 'label')}` };
  });
  return {
    claim: 4,
    text: TEXTS[4],
    status: combined(evidence),
    why: evidence.length === 0 ? NEEDS_CLASSIFICATION : listed(evidence),
  };
}

/**
 * Good: better than a random start by more than δ can explain away, and nowhere worse than the simpler
 * contrastive methods where these take part. That it needs no labels is a fact of the task.
 */
function reconstructionClaim(options: {
  readonly overRandom: readonly Comparison[];
  readonly others: readonly Comparison[];
  readonly delta: number;
}): ClaimVerdict {
  const { overRandom, others, delta } = options;
  const helps = overRandom.map((cell): Evidence => ({
    status:
      cell.verdict === 'helps'
        ? 'supported'
        : gainsLessThan(delta, cell)
          ? 'contradicted'
          : 'inconclusive',
    cell: cellOf(cell),
  }));
  const beside = others.map((cell): Evidence => {
    const rival = cell.comparison === 'encoder − encoder(simclr)' ? 'SimCLR' : 'ConRec';
    const status =
      cell.verdict === 'hurts'
        ? 'contradicted'
        : cell.verdict === 'inconclusive'
          ? 'inconclusive'
          : 'supported';
    return { status, cell: `against ${rival}, ${cellOf(cell)}` };
  });
  const why = [
    `Over a random start: ${lowered(listed(helps))}`,
    beside.length === 0
      ? 'It was not compared with SimCLR or ConRec.'
      : `No worse than the simpler contrastive methods: ${lowered(listed(beside))}`,
  ];
  return {
    claim: 5,
    text: TEXTS[5],
    status: helps.length === 0 ? 'not tested' : combined([...helps, ...beside]),
    why:
      helps.length === 0
        ? 'The study needs an encoder from multi-reconstruction ConRec and a random start, each over two seeds or more.'
        : why.join(' '),
  };
}
