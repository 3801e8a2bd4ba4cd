/** A study's charts, in report and window: scores against label count, paired differences, learning curves. */
import type {
  ArmSummary,
  Comparison,
  Interval,
  LearningCurve,
  StudyAnalysis,
} from '../analysis.ts';
import { armName, taskStyle, transferName, transferStyle } from './arm-style.ts';
import type { LegendEntry } from './chart.ts';
import type { Chart } from './drawing.ts';
import type { Figure } from './figure.ts';
import { intervalRowsChart, type IntervalRow } from './interval-rows.ts';
import { lineBandChart, type BandSeries } from './line-band.ts';
import { niceDomain, type Range } from './scale.ts';
import { TRANSFERS, type PretrainingKey, type Transfer } from '../entities.ts';
import { markup } from '../markup.ts';
import { counted, score, scoreInterval, signed, signedInterval } from '../number-format.ts';
import { pretrainingInText, pretrainingTitle } from '../pretrainings.ts';
import {
  COMPARISONS,
  comparisonKinds,
  labelCount,
  labelCountsOf,
  labelsWithExtra,
  shortVerdict,
  sortedCells,
  sortedComparisons,
  pretrainingsOf,
} from './study-words.ts';

const SCORES: Range = [0, 1];
const FULL_WIDTH = 760;

/** Size of one of several charts that share a row. */
interface PanelGrid {
  readonly columns: 'one' | 'two' | 'three';
  readonly width: number;
  readonly height: number;
}

function panelGrid(columns: number): PanelGrid {
  if (columns <= 1) return { columns: 'one', width: FULL_WIDTH, height: 330 };
  if (columns === 2 || columns === 4) return { columns: 'two', width: 360, height: 268 };
  return { columns: 'three', width: 256, height: 236 };
}

function transferLegend(arms: readonly { readonly transfer: Transfer }[]): LegendEntry[] {
  const present = TRANSFERS.filter((transfer) => arms.some((arm) => arm.transfer === transfer));
  return present.map((transfer) => ({
    label: transferName(transfer),
    style: transferStyle(transfer),
  }));
}

// ───────────────────────────── Dice against label count ─────────────────────────────

/** None where no arm has finished. */
export function scoreFigures({ arms }: Pick<StudyAnalysis, 'arms'>): Figure[] {
  if (arms.length === 0) return [];
  const counts = labelCountsOf(arms);
  return counts.length === 1 ? [scoreRows(arms)] : scorePanels(arms, counts);
}

/** One panel a pretraining, each beside the random start; then all tasks' encoders together. */
function scorePanels(arms: readonly ArmSummary[], counts: readonly number[]): Figure[] {
  const tasks = pretrainingsOf(arms);
  const armsOf = (task: PretrainingKey | null) =>
    arms.filter(({ pretraining }) => pretraining === task);
  const encodersOf = (task: PretrainingKey) =>
    armsOf(task).filter(({ transfer }) => transfer === 'encoder');
  const sharedWith = [null, ...tasks].flatMap((task) => armSeries(armsOf(task)));
  const panel = (title: string, series: readonly BandSeries[], grid: PanelGrid, extra = 0) =>
    scorePanel({ title, series, sharedWith, counts, grid, extra });
  const grid = panelGrid(tasks.length);
  const panels =
    tasks.length === 0
      ? [panel('Random start', armSeries(armsOf(null)), grid)]
      : tasks.map((task) =>
          panel(
            `Pretrained by ${pretrainingInText(task)}`,
            armSeries([...armsOf(null), ...armsOf(task)]),
            grid,
            extraOf(armsOf(task)),
          ),
        );
  const encoders = tasks
    .filter((task) => encodersOf(task).length > 0)
    .map((task, i) => ({
      label: `encoder from ${pretrainingInText(task)}`,
      style: taskStyle(i),
      points: scorePoints(encodersOf(task)),
    }));
  const together = [...armSeries(armsOf(null)), ...encoders];
  const byTask: Figure = {
    heading: null,
    legend: transferLegend(arms),
    columns: grid.columns,
    charts: panels,
    caption: markup`Mean test Dice against the number of labelled training images, on a logarithmic axis. Bands are 95&nbsp;% confidence intervals over ${sampledIn(arms)}. Bands that overlap do not mean “no difference”: seeds are paired, so differences are judged below.`,
    whole: false,
  };
  if (encoders.length < 2) return [byTask];
  const whole = { ...panelGrid(1), height: 290 };
  return [
    byTask,
    {
      heading: 'Which task gives the better encoder?',
      legend: together,
      columns: 'one',
      charts: [panel('Encoder transferred, by pretraining task', together, whole, extraOf(arms))],
      caption: markup`The encoder arms of all tasks in one chart, with 95&nbsp;% confidence intervals.`,
      whole: true,
    },
  ];
}

function scorePanel(options: {
  readonly title: string;
  readonly series: readonly BandSeries[];
  readonly sharedWith: readonly BandSeries[];
  readonly counts: readonly number[];
  readonly grid: PanelGrid;
  /** Labels that pretraining has seen beside those of the axis. */
  readonly extra: number;
}): Chart {
  const { title, series, sharedWith, counts, grid, extra } = options;
  return lineBandChart({
    title,
    description: `Mean test Dice against label count for ${series.map(({ label }) => label).join('; ')}.`,
    series,
    x: {
      name: `Labelled training images${extra === 0 ? '' : ` (pretraining saw ${extra} more)`}`,
      scale: 'log2',
      values: counts,
      words: labelCount,
    },
    y: { name: 'Test Dice', sharedWith, limits: SCORES, words: score },
    bandName: 'Mean test Dice with its 95\u00a0% interval.',
    markers: 'every point',
    width: grid.width,
    height: grid.height,
  });
}

/** The most labels that pretraining has seen beside those of its arms. */
const extraOf = (arms: readonly ArmSummary[]): number =>
  Math.max(0, ...arms.map(({ extraLabels = 0 }) => extraLabels));

function armSeries(arms: readonly ArmSummary[]): BandSeries[] {
  return TRANSFERS.filter((transfer) => arms.some((arm) => arm.transfer === transfer)).map(
    (transfer) => ({
      label: transferName(transfer),
      style: transferStyle(transfer),
      points: scorePoints(arms.filter((arm) => arm.transfer === transfer)),
    }),
  );
}

/** What intervals take as drawn at random. */
const sampledIn = (arms: readonly ArmSummary[]) =>
  arms.some(({ splits = 1 }) => splits > 1)
    ? 'splits, seeds and test images'
    : 'seeds and test images';

function scorePoints(arms: readonly ArmSummary[]): BandSeries['points'] {
  return sortedCells(arms).map(({ labels, dice, diceCi95: [low, high] }) => ({
    x: labels,
    y: dice,
    low,
    high,
  }));
}

function scoreRows(arms: readonly ArmSummary[]): Figure {
  const rows = arms.map((arm): IntervalRow => {
    const numbers = `${score(arm.dice)} ${scoreInterval(arm.diceCi95)}`;
    return {
      label: `${armName(arm)}${arm.extraLabels === undefined ? '' : ` (${labelsWithExtra(arm)} labels)`}`,
      value: arm.dice,
      wide: arm.diceCi95,
      narrow: null,
      dots: arm.dicePerSeed,
      numbers,
      word: counted(arm.seeds.length, 'seed'),
      style: transferStyle(arm.transfer),
      subject: 'test Dice',
      note: null,
    };
  });
  const drawn = intervalRowsChart({
    title: `Test Dice with ${labelCount(arms[0]?.labels ?? 0)}`,
    description: rows.map(({ label, numbers }) => `${label}: ${numbers}`).join('; '),
    rows,
    alignedWith: rows,
    domain: niceDomain(
      rows.flatMap(({ wide, dots }) => [...wide, ...dots]),
      { limits: SCORES },
    ),
    axisName: 'Test Dice',
    margin: null,
    width: FULL_WIDTH,
  });
  return {
    heading: null,
    legend: [],
    columns: 'one',
    charts: [drawn],
    caption: markup`Mean test Dice of each arm. Whiskers are 95&nbsp;% confidence intervals over ${sampledIn(arms)}; each faint dot is one seed.`,
    whole: true,
  };
}

// ───────────────────────────── paired differences ─────────────────────────────

/** One chart a question, so that pages break between them; axes and columns line up. */
export function forestFigure({ comparisons, delta }: StudyAnalysis): Figure {
  const margin: Interval = [-delta, delta];
  const domain = niceDomain(
    [...margin, 0, ...comparisons.flatMap(({ ci95, perSeed }) => [...ci95, ...perSeed])],
    { count: 6 },
  );
  const groups = comparisonKinds(comparisons).map((kind) => {
    const own = sortedComparisons(comparisons, kind);
    return { kind, own, rows: own.map(forestRow) };
  });
  const charts = groups.map(({ kind, own, rows }) =>
    intervalRowsChart({
      title: COMPARISONS[kind].question,
      description: own
        .map(
          (row) =>
            `${pretrainingTitle(row.pretraining)}, ${labelCount(row.labels)}: ${row.verdict}`,
        )
        .join('; '),
      rows,
      alignedWith: groups.flatMap((group) => group.rows),
      domain,
      axisName: `${kind}, difference in test Dice`,
      margin,
      width: FULL_WIDTH,
    }),
  );
  return {
    heading: null,
    legend: [],
    columns: 'one',
    charts,
    caption: markup`Paired differences in test Dice: right of the line the first-named arm is better. Thick whiskers are 90&nbsp;%, thin ones 95&nbsp;% confidence intervals of each row by itself; each faint dot is one seed. The shaded band is ±δ&nbsp;=&nbsp;±${score(delta)} Dice, the differences declared too small to matter before the study ran: a thick whisker inside it means “equivalent”.`,
    whole: false,
  };
}

function forestRow(row: Comparison): IntervalRow {
  const tested = row.verdict !== 'not tested';
  const numbers = `${signed(row.effect)}${tested ? ` ${signedInterval(row.ci95)}` : ''}`;
  return {
    label: `${pretrainingTitle(row.pretraining)}, ${labelCount(row.labels)}`,
    value: row.effect,
    wide: row.ci95,
    narrow: row.ci90,
    dots: row.perSeed,
    numbers,
    word: shortVerdict(row.verdict),
    style: transferStyle(COMPARISONS[row.comparison].transfer),
    subject: row.comparison,
    note: `${tested ? `90\u00a0% interval ${signedInterval(row.ci90)}. ` : ''}${row.words}`,
  };
}

// ───────────────────────────── learning curves ─────────────────────────────

/** null before any curve has a point. */
export function learningFigure({ curves }: StudyAnalysis): Figure | null {
  const drawn = curves.filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return null;
  const counts = labelCountsOf(drawn);
  const tasks = pretrainingsOf(drawn);
  const rows: readonly (PretrainingKey | null)[] = tasks.length === 0 ? [null] : tasks;
  const grid = panelGrid(counts.length === 1 ? Math.min(rows.length, 2) : counts.length);
  return {
    heading: null,
    legend: transferLegend(drawn),
    columns: grid.columns,
    charts: rows.flatMap((task) =>
      counts.map((labels) => learningPanel(drawn, { task, labels }, grid)),
    ),
    caption: markup`Validation Dice during fine-tuning: mean of the seeds, with the range from lowest to highest seed. The random start is the same in every panel of a label count.`,
    whole: false,
  };
}

function learningPanel(
  curves: readonly LearningCurve[],
  { task, labels }: { readonly task: PretrainingKey | null; readonly labels: number },
  { width, height }: PanelGrid,
): Chart {
  const own = curves.filter(
    (curve) =>
      curve.labels === labels && (curve.pretraining === null || curve.pretraining === task),
  );
  const series = own.map(learningSeries);
  const title = `${task === null ? 'Random start' : pretrainingTitle(task)}, ${labelCount(labels)}`;
  return lineBandChart({
    title,
    description: `Validation Dice against training step for ${series.map(({ label }) => label).join('; ')}.`,
    series,
    x: {
      name: 'Training step',
      scale: 'linear',
      values: [0, ...curves.flatMap(({ points }) => points.map(({ step }) => step))],
      words: (step) => `step ${step}`,
    },
    y: {
      name: 'Validation Dice',
      sharedWith: curves.map(learningSeries),
      limits: SCORES,
      words: score,
    },
    bandName: 'Mean of the seeds, from the lowest to the highest.',
    markers: 'sparse',
    width,
    height,
  });
}

function learningSeries({ transfer, points }: LearningCurve): BandSeries {
  return {
    label: transferName(transfer),
    style: transferStyle(transfer),
    points: points.map(({ step, mean, low, high }) => ({ x: step, y: mean, low, high })),
  };
}
