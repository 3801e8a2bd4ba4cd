/** Live curves as a chart of the report's kind. */
import type { LegendEntry } from '../../shared/charts/chart.ts';
import type { Chart } from '../../shared/charts/drawing.ts';
import { type BandSeries, lineBandChart } from '../../shared/charts/line-band.ts';
import type { Range } from '../../shared/charts/scale.ts';
import { score } from '../../shared/number-format.ts';
import type { LiveSeries } from './live-series.ts';

export interface LiveCurves {
  readonly title: string;
  readonly description: string;
  readonly series: readonly LiveSeries[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** Fixed range; else that of the values. */
  readonly yRange?: Range;
  /** Right end of the x axis, where it is known before the curve gets there. */
  readonly xMax?: number;
}

const WIDTH = 760;
const HEIGHT = 360;

export interface LiveFigure {
  readonly chart: Chart;
  /** Of several curves; a single one needs no name. */
  readonly legend: readonly LegendEntry[];
}

/** null before there are points. */
export function liveFigure(curves: LiveCurves): LiveFigure | null {
  const { title, description, xLabel, yLabel, yRange, xMax } = curves;
  const drawn = curves.series.filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return null;
  const series = drawn.map(
    ({ label, colour, dash, marker = 'circle', width = 2, points }): BandSeries => ({
      label,
      style: { colour, dash, marker },
      thickness: width,
      points: points.map(({ x, y }) => ({ x, y, low: Number.NaN, high: Number.NaN })),
    }),
  );
  const steps = drawn.flatMap(({ points }) => points.map(({ x }) => x));
  const chart = lineBandChart({
    title,
    description,
    series,
    x: {
      name: xLabel,
      scale: 'linear',
      values: [0, xMax ?? 0, ...steps],
      words: (x) => `${xLabel.toLowerCase()} ${x}`,
    },
    y: {
      name: yLabel,
      sharedWith: series,
      ...(yRange === undefined ? {} : { domain: yRange, limits: yRange }),
      words: score,
    },
    bandName: null,
    markers: 'sparse',
    width: WIDTH,
    height: HEIGHT,
  });
  return { chart, legend: series.length > 1 ? series : [] };
}
