/** The 2×2 of the two halves: what each adds with and without the other, and whether they need each other. */
import type { Comparison, StudyAnalysis } from '../../../shared/analysis.ts';
import {
  COMPARISONS,
  comparisonKinds,
  labelCount,
  pretrainingsOf,
  labelCountsOf,
  verdictBadge,
} from '../../../shared/charts/study-words.ts';
import type { PretrainingKey, Transfer } from '../../../shared/entities.ts';
import { markup, type Markup } from '../../../shared/markup.ts';
import { NO_NUMBER, pValue, score, signed, signedInterval } from '../../../shared/number-format.ts';
import { pretrainingTitle } from '../../../shared/pretrainings.ts';
import { groupedTable, number, text } from './grouped-table.ts';

/** null where no pretraining finished in all four arms. */
export function factorialSection(analysis: StudyAnalysis): Markup | null {
  const effects = analysis.comparisons.filter(
    ({ comparison }) => COMPARISONS[comparison].part === 'factorial',
  );
  if (effects.length === 0) return null;
  const cells = pretrainingsOf(effects).flatMap((pretraining) =>
    labelCountsOf(effects.filter((row) => row.pretraining === pretraining)).map((labels) => ({
      pretraining,
      labels,
      title: `${pretrainingTitle(pretraining)}, ${labelCount(labels)}`,
    })),
  );
  return markup`<section id="factorial"><h2>Each half with and without the other</h2>
<p class="lead">Four ways of starting make a square: each half random or pretrained. It shows what a half adds whatever the other one is, and whether the two are worth more together than one by one.</p>
${groupedTable(
  'Mean test Dice of the four arms, and the differences between them.',
  [
    text('Start'),
    number('Random decoder'),
    number('Pretrained decoder'),
    number('What the decoder adds'),
  ],
  cells.map(({ title, ...cell }) => ({ title, rows: squareRows(analysis, cell) })),
)}
${groupedTable(
  markup`Main effects are averaged over both states of the other half. The interaction is what the decoder adds to the pretrained encoder minus what it adds to a random one: “equivalent” means that the halves simply add up. p: exact sign-flip test over the seeds, Holm-adjusted within its family.`,
  [text('Effect'), number('Difference'), number('95 % CI'), number('p, Holm'), text('Verdict')],
  cells.map(({ title, pretraining, labels }) => ({
    title,
    rows: effectRows(
      effects.filter((row) => row.pretraining === pretraining && row.labels === labels),
    ),
  })),
)}</section>`;
}

function squareRows(
  { arms }: StudyAnalysis,
  cell: { readonly pretraining: PretrainingKey; readonly labels: number },
): string[][] {
  const dice = (transfer: Transfer) =>
    arms.find(
      (arm) =>
        arm.transfer === transfer &&
        arm.labels === cell.labels &&
        arm.pretraining === (transfer === 'random' ? null : cell.pretraining),
    )?.dice ?? Number.NaN;
  const [neither, encoder] = [dice('random'), dice('encoder')];
  const [decoder, both] = [dice('decoder'), dice('encoder+decoder')];
  return [
    ['Random encoder', score(neither), score(decoder), signed(decoder - neither)],
    ['Pretrained encoder', score(encoder), score(both), signed(both - encoder)],
    ['What the encoder adds', signed(encoder - neither), signed(both - decoder), ''],
  ];
}

function effectRows(effects: readonly Comparison[]): (Markup | string)[][] {
  return comparisonKinds(effects).flatMap((kind) =>
    effects
      .filter(({ comparison }) => comparison === kind)
      .map((row) => {
        const tested = row.verdict !== 'not tested';
        return [
          markup`${COMPARISONS[kind].question}<br><span class="muted small">${row.words}</span>`,
          markup`<span class="effect">${signed(row.effect)}</span>`,
          tested ? markup`<span class="range">${signedInterval(row.ci95)}</span>` : NO_NUMBER,
          tested ? pValue(row.pHolm) : NO_NUMBER,
          verdictBadge(row.verdict),
        ];
      }),
  );
}
