/** Trainings against labels, or minutes of labelling, and where they seem to go, as charts of the report's kind. */
import { type BandSeries, lineBandChart } from '../../shared/charts/line-band.ts';
import type { Chart } from '../../shared/charts/drawing.ts';
import type { LegendEntry } from '../../shared/charts/chart.ts';
import type { LabellingProgress, LearningCurve } from '../../shared/labelling-progress.ts';
import { counted, duration, score } from '../../shared/number-format.ts';

const WIDTH = 520;
const HEIGHT = 300;

interface Axis {
  readonly title: string;
  readonly name: string;
  readonly words: (x: number) => string;
}

const LABELS: Axis = {
  title: 'Dice and labelled images',
  name: 'Labelled images',
  words: (x) => counted(Math.round(x), 'labelled image'),
};
const MINUTES: Axis = {
  title: 'Dice and minutes of labelling',
  name: 'Minutes in Annotate',
  words: (x) => `after ${duration(x * 60)} of labelling`,
};

interface Measured {
  readonly x: number;
  readonly dice: number;
  readonly interval: readonly [number, number] | null;
}

export interface ProgressFigure {
  readonly charts: readonly Chart[];
  readonly legend: readonly LegendEntry[];
}

const trainings = (points: readonly Measured[]): BandSeries => ({
  label: 'Trainings, with 95 % intervals over held-out images',
  style: { colour: 'var(--arm-encoder)', dash: 'none', marker: 'circle' },
  only: 'points',
  points: points.map(({ x, dice, interval }) => ({
    ...{ x, y: dice },
    low: interval?.[0] ?? Number.NaN,
    high: interval?.[1] ?? Number.NaN,
  })),
});

const course = ({ readings }: LearningCurve): BandSeries => ({
  label: 'Where it seems to go, and how sure that is',
  style: { colour: 'var(--arm-random)', dash: '6 4', marker: 'square' },
  only: 'line',
  points: readings.map(({ x, dice, interval: [low, high] }) => ({ x, y: dice, low, high })),
});

function chartOf(points: readonly Measured[], curve: LearningCurve | null, axis: Axis): Chart {
  const series = [...(curve === null ? [] : [course(curve)]), trainings(points)];
  const xs = series.flatMap((one) => one.points.map(({ x }) => x));
  const last = points.at(-1);
  return lineBandChart({
    title: axis.title,
    description:
      last === undefined
        ? ''
        : `The last training: Dice ${score(last.dice)}, ${axis.words(last.x)}.`,
    series,
    x: { name: axis.name, scale: 'linear', values: [0, ...xs], words: axis.words },
    y: { name: 'Dice on held-out images', sharedWith: series, limits: [0, 1], words: score },
    bandName: null,
    markers: 'every point',
    width: WIDTH,
    height: HEIGHT,
  });
}

/** null before there are trainings. Against minutes only where they were measured. */
export function progressFigure(progress: LabellingProgress): ProgressFigure | null {
  const { points, curve, minutesCurve } = progress;
  if (points.length === 0) return null;
  const byLabels = points.map(({ labelled, dice, interval }) => ({ x: labelled, dice, interval }));
  const byMinutes = points
    .flatMap(({ minutes, dice, interval }) =>
      minutes === null ? [] : [{ x: minutes, dice, interval }],
    )
    .sort((one, other) => one.x - other.x);
  const charts = [
    chartOf(byLabels, curve, LABELS),
    ...(byMinutes.length === 0 ? [] : [chartOf(byMinutes, minutesCurve, MINUTES)]),
  ];
  const drawn = [trainings(byLabels), ...(curve === null ? [] : [course(curve)])];
  return { charts, legend: drawn };
}
