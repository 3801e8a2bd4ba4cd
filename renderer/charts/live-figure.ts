/** Live curves as a drawing of the report's kind: what is saved where a canvas is shown. */
import { legend } from '../../shared/charts/chart.ts';
import { lineBandChart } from '../../shared/charts/line-band.ts';
import { niceDomain, type Range } from '../../shared/charts/scale.ts';
import { type Markup, markup } from '../../shared/markup.ts';
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

/** One chart and, where several curves want names, its legend; null before there are points. */
export function liveFigure(curves: LiveCurves): Markup | null {
  const { title, description, xLabel, yLabel, yRange, xMax } = curves;
  const drawn = curves.series.filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return null;
  const all = drawn.flatMap(({ points }) => points);
  const series = drawn.map(({ label, colour, dash, marker = 'circle', points }) => ({
    label,
    style: { colour, dash, marker },
    points: points.map(({ x, y }) => ({ x, y, low: Number.NaN, high: Number.NaN })),
  }));
  const drawing = lineBandChart({
    title,
    description,
    series,
    x: { name: xLabel, scale: 'linear', values: [0, xMax ?? 0, ...all.map(({ x }) => x)] },
    y: { name: yLabel, domain: yRange ?? niceDomain(all.map(({ y }) => y)) },
    markers: 'sparse',
    note: ({ label }, { x, y }) => `${label}, ${xLabel.toLowerCase()} ${x}: ${score(y)}`,
    width: WIDTH,
    height: HEIGHT,
  });
  return markup`<figure>${series.length > 1 && legend(series)}${drawing}</figure>`;
}
