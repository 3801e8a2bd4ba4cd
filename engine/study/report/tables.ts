/** The report's tables: statistics in full, convergence, arms, claims, cost of pretraining. */
import type { ArmSummary, Interval, ReportData, StudyAnalysis } from '../../../shared/analysis.ts';
import { armName, transferStyle, type ArmIdentity } from '../../../shared/charts/arm-style.ts';
import { swatch } from '../../../shared/charts/chart.ts';
import { markup, type Markup } from '../../../shared/markup.ts';
import {
  duration,
  NO_NUMBER,
  pixels,
  pValue,
  score,
  scoreInterval,
  signed,
  signedInterval,
} from '../../../shared/number-format.ts';
import { pretrainingTitle } from '../../../shared/pretrainings.ts';
import {
  claimBadge,
  classRows,
  COMPARISONS,
  comparisonKinds,
  falseAlarmsInText,
  labelCount,
  labelCountsOf,
  seedsAtTarget,
  labelsWithExtra,
  sortedCells,
  sortedComparisons,
  splitRows,
  stepsToTarget,
  verdictBadge,
} from '../../../shared/charts/study-words.ts';
import { groupedTable, number, text } from './grouped-table.ts';

function armCell(arm: ArmIdentity): Markup {
  return markup`<span class="nowrap">${swatch(transferStyle(arm.transfer))}${armName(arm)}</span>`;
}

/** With the labels that its pretraining has seen beside those of its label count. */
function armWithLabels(arm: ArmSummary): Markup {
  const { extraLabels } = arm;
  return markup`${armCell(arm)}${extraLabels !== undefined && markup`<br><span class="small muted">${labelsWithExtra(arm)} labels with its pretraining</span>`}`;
}

function muted(value: string): Markup {
  return markup`<span class="range">${value}</span>`;
}

// ───────────────────────────── statistics ─────────────────────────────

export function statisticsTable({ comparisons, splits }: StudyAnalysis): Markup {
  const test =
    splits > 1
      ? markup`The same differences in full, S seeds each, in ${String(splits)} splits; splits weigh alike, and intervals speak of other training images too. p: corrected resampled t&nbsp;test over the splits`
      : markup`The same differences in full, S seeds each. p: exact sign-flip test over the seeds, whose smallest possible value is 2&nbsp;/&nbsp;2<sup>S</sup>`;
  return groupedTable(
    markup`${test}; corrected by Holm’s method over all primary questions, and of exploratory ones within a family: encoder, decoder, interaction, controls, tasks, others. All together: the 95&nbsp;% interval that holds at once with those of all primary questions. Bootstrap: the plain percentile interval, too narrow with few seeds and shown for comparison. Wilcoxon’s p treats images as the sample, so it speaks of these trained models only.`,
    [
      text('Arms compared'),
      number('Difference'),
      number('95 % CI'),
      number('90 % CI'),
      number('All together'),
      number('Bootstrap'),
      number('p'),
      number('p, Holm'),
      number('S'),
      number('p, Wilcoxon'),
    ],
    comparisonKinds(comparisons).map((kind) => ({
      title: markup`${COMPARISONS[kind].question} <span class="formula">${kind}</span>`,
      rows: sortedComparisons(comparisons, kind).map((row) => [
        `${pretrainingTitle(row.pretraining)}, ${labelCount(row.labels)}`,
        markup`<span class="effect">${signed(row.effect)}</span>`,
        plainInterval(row.ci95),
        plainInterval(row.ci90),
        row.together === null ? muted('exploratory') : plainInterval(row.together.ci95),
        plainInterval(row.ci95Bootstrap),
        pValue(row.p),
        pValue(row.pHolm),
        String(row.seeds.length),
        pValue(row.wilcoxonP),
      ]),
    })),
  );
}

function plainInterval(interval: Interval): Markup {
  return muted(signedInterval(interval));
}

/** null where there is one split. */
export function splitsTable(analysis: StudyAnalysis): Markup | null {
  const { splits, rows } = splitRows(analysis);
  if (rows.length === 0) return null;
  return groupedTable(
    'The differences of the halves split by split, each the mean over its seeds and test images. Splits share training images, so that they agree more than independent studies would.',
    [text('Arms compared'), ...splits.map((split) => number(`Split ${split + 1}`))],
    comparisonKinds(rows.map(({ row }) => row)).map((kind) => ({
      title: markup`${COMPARISONS[kind].question} <span class="formula">${kind}</span>`,
      rows: rows
        .filter(({ row }) => row.comparison === kind)
        .map(({ row, effectIn }) => [
          `${pretrainingTitle(row.pretraining)}, ${labelCount(row.labels)}`,
          ...splits.map((split) => {
            const effect = effectIn(split);
            return effect === null ? NO_NUMBER : signed(effect);
          }),
        ]),
    })),
  );
}

// ───────────────────────────── convergence ─────────────────────────────

export function convergenceTable({ convergence }: StudyAnalysis): Markup | null {
  if (convergence.length === 0) return null;
  return groupedTable(
    markup`How soon each arm gets there: median step at which the smoothed validation Dice first reaches 95&nbsp;% of the best smoothed one of a random start with the same seed (in brackets: of its best single evaluation, where that is another step), the seeds that reach it, and the mean validation Dice over the first 30&nbsp;% of the training. Not reached: by more than half of the seeds.`,
    [text('Arm'), number('Median step'), number('Seeds reaching it'), number('Early Dice')],
    labelCountsOf(convergence).map((labels) => ({
      title: labelCount(labels),
      rows: sortedCells(convergence.filter((cell) => cell.labels === labels)).map((cell) => [
        armCell(cell),
        stepsToTarget(cell),
        seedsAtTarget(cell),
        score(cell.earlyArea),
      ]),
    })),
  );
}

// ───────────────────────────── arms ─────────────────────────────

export function armsSection({ arms, classes, splits }: StudyAnalysis): Markup | null {
  if (arms.length === 0) return null;
  const images = [...new Set(arms.map(({ testImages }) => testImages))].join(' or ');
  const someEmpty = arms.some(({ empty }) => empty !== null && empty.images > 0);
  const table = groupedTable(
    `Mean scores on ${images} test images${splits > 1 ? ` over ${splits} splits` : ''}, checkpoint of the best validation Dice; an image without anything to find, where nothing was predicted, has no score. SD: between seeds. IoU, set: over the pixels of all test images together. HD95: 95th percentile of the distance between true and predicted outline, in pixels; lower is better. Last: Dice of the final checkpoint instead of the best.${someEmpty ? ' False alarms: test images without anything to find in which something was predicted; they count as Dice 0.' : ''}`,
    [
      text('Arm'),
      number('Seeds'),
      number('Dice'),
      number('95 % CI'),
      number('SD'),
      number('IoU'),
      number('IoU, set'),
      number('HD95'),
      number('Boundary F1'),
      number('Dice, last'),
      ...(someEmpty ? [number('False alarms')] : []),
    ],
    labelCountsOf(arms).map((labels) => ({
      title: labelCount(labels),
      rows: sortedCells(arms.filter((arm) => arm.labels === labels)).map((arm) => [
        armWithLabels(arm),
        `${arm.seeds.length}${arm.failed > 0 ? ` of ${arm.seeds.length + arm.failed}` : ''}`,
        markup`<span class="effect">${score(arm.dice)}</span>`,
        muted(scoreInterval(arm.diceCi95)),
        arm.diceSd === null ? NO_NUMBER : score(arm.diceSd),
        score(arm.iou),
        knownScore(arm.setIou),
        pixels(arm.hd95),
        score(arm.boundaryF1),
        score(arm.diceLast),
        ...(someEmpty ? [falseAlarmsInText(arm)] : []),
      ]),
    })),
  );
  return markup`<section id="arms"><h2>Every arm in numbers</h2>${table}${classTable(arms, classes)}</section>`;
}

const knownScore = (value: number | null) => (value === null ? NO_NUMBER : score(value));

/** Nothing where there is one class, whose scores are those of the arm, or where classes are not known. */
function classTable(arms: StudyAnalysis['arms'], classes: StudyAnalysis['classes']): Markup | null {
  const rows = classRows(arms, classes);
  if (classes.length < 2 || rows.length === 0) return null;
  return groupedTable(
    'The same by class, means over seeds. Images: test images whose label map holds the class. Dice and IoU are means over the images whose label map or prediction holds it; set: over the pixels of all test images together.',
    [
      text('Arm'),
      text('Class'),
      number('Images'),
      number('Dice'),
      number('IoU'),
      number('Dice, set'),
      number('IoU, set'),
    ],
    labelCountsOf(arms).map((labels) => ({
      title: labelCount(labels),
      rows: rows
        .filter(({ arm }) => arm.labels === labels)
        .map(({ arm, name, scores }) => [
          armCell(arm),
          name,
          String(scores.images),
          knownScore(scores.dice),
          knownScore(scores.iou),
          knownScore(scores.setDice),
          knownScore(scores.setIou),
        ]),
    })),
  );
}

// ───────────────────────────── claims and costs ─────────────────────────────

export function claimsSection({ claims, families }: StudyAnalysis): Markup | null {
  if (claims.length === 0) return null;
  const table = groupedTable(
    'The claims of Dippel et al. 2022 (arXiv 2207.14508), each held against this study alone.',
    [text('Claim'), text('Here'), text('Why')],
    [
      {
        title: null,
        rows: claims
          .toSorted((a, b) => a.claim - b.claim)
          .map(({ claim, text: words, status, why }) => [
            markup`<span class="claim">${String(claim)}. ${words}</span>`,
            claimBadge(status),
            markup`<span class="small">${why}</span>`,
          ]),
      },
    ],
  );
  return markup`<section id="claims"><h2>The paper’s claims</h2>${table}${familiesTable(families)}</section>`;
}

/** Which kind of task gives the better encoder; nothing where classification takes no part. */
function familiesTable(families: StudyAnalysis['families']): Markup | null {
  if (families.length === 0) return null;
  return groupedTable(
    'Kinds of pretraining against classification: the encoders of a kind, averaged, minus the encoder from classification, in test Dice. The average is no verdict on each of them: where they differ, the last column says so. Each row speaks for itself alone; the claims above rest on the primary questions. p as above, Holm-adjusted over this table.',
    [
      text('Kind'),
      number('Difference'),
      number('95 % CI'),
      number('p, Holm'),
      text('Verdict'),
      text('In words'),
    ],
    labelCountsOf(families).map((labels) => ({
      title: labelCount(labels),
      rows: families
        .filter((row) => row.labels === labels)
        .map((row) => [
          row.family,
          markup`<span class="effect">${signed(row.effect)}</span>`,
          row.verdict === 'not tested' ? NO_NUMBER : plainInterval(row.ci95),
          row.verdict === 'not tested' ? NO_NUMBER : pValue(row.pHolm),
          verdictBadge(row.verdict),
          markup`<span class="small">${row.words}</span>`,
        ]),
    })),
  );
}

export function costSection({ pretrainings, trainingSeconds, wallSeconds }: ReportData): Markup {
  const totals = `In all, ${duration(trainingSeconds)} of training in ${duration(wallSeconds)} from start to end.`;
  if (pretrainings.length === 0) {
    return markup`<section id="cost"><h2>What it cost</h2><p>${totals}</p></section>`;
  }
  const table = groupedTable(
    'Pretraining: one network a seed, or one a seed and label count where it may see the labels of its arms alone.',
    [
      text('Task'),
      number('Networks'),
      number('Steps'),
      number('Time each'),
      number('Time in all'),
      number('Final loss'),
    ],
    [
      {
        title: null,
        rows: pretrainings.map(({ pretraining, seeds, steps, secondsPerRun, finalLoss }) => [
          pretrainingTitle(pretraining),
          String(seeds),
          String(steps),
          duration(secondsPerRun),
          duration(secondsPerRun * seeds),
          score(finalLoss),
        ]),
      },
    ],
  );
  return markup`<section id="cost"><h2>What it cost</h2><p>${totals} Losses of different tasks cannot be compared with each other.</p>${table}</section>`;
}
