/**
 * Lines with their uncertainty bands over one quantity: Dice against label count (log2 axis, 95 %
 * intervals) and learning curves (linear axis, lowest and highest seed).
 */
import { markup, type Markup } from '../markup.ts';
import { marker, type SeriesStyle } from './arm-style.ts';
import { chart, xAxis, yAxis, type Box } from './chart.ts';
import { linearScale, log2Scale, type Range, type Scale } from './scale.ts';

export interface BandPoint {
  readonly x: number;
  readonly y: number;
  /** Band around y; not drawn where not finite. */
  readonly low: number;
  readonly high: number;
}

export interface BandSeries {
  readonly label: string;
  readonly style: SeriesStyle;
  /** Ascending in x; points without a finite y are left out. */
  readonly points: readonly BandPoint[];
}

export interface LineBandOptions {
  readonly title: string;
  readonly description: string;
  readonly series: readonly BandSeries[];
  /** log2: ticks at exactly `values`; linear: `values` span the axis. */
  readonly x: {
    readonly name: string;
    readonly scale: 'log2' | 'linear';
    readonly values: readonly number[];
  };
  readonly y: { readonly name: string; readonly domain: Range };
  /** A marker at every point, or only as many as tell the lines apart. */
  readonly markers: 'every point' | 'sparse';
  /** Shown where the pointer rests on a marker. */
  readonly note: (series: BandSeries, point: BandPoint) => string;
  readonly width: number;
  readonly height: number;
}

/** Markers of a learning curve, whatever the number of its points. */
const SPARSE_MARKERS = 4;

export function lineBandChart(options: LineBandOptions): Markup {
  const { width, height } = options;
  const series = options.series.map((one) => ({
    ...one,
    points: one.points.filter((point) => Number.isFinite(point.y)),
  }));
  const box: Box = { left: 44, right: width - 16, top: 46, bottom: height - 42 };
  const y = linearScale(options.y.domain, [box.bottom, box.top]);
  const x = xScale(options, box);
  return chart(options, options, [
    markup`<text class="strong large" x="0" y="13">${options.title}</text>`,
    markup`<text class="small" x="0" y="32">${options.y.name}</text>`,
    yAxis(y, box),
    xAxis(x, box, options.x.name),
    markup`${series.map((one) => band(one, x, y))}`,
    markup`${series.map((one) => line(one, x, y))}`,
    markup`${series.map((one, index) => markers(options, one, index, x, y))}`,
  ]);
}

function xScale({ x }: LineBandOptions, box: Box): Scale {
  const inset = x.scale === 'log2' ? 22 : 0;
  const range: Range = [box.left + inset, box.right - inset];
  if (x.scale === 'log2') return log2Scale(x.values, range);
  return linearScale([Math.min(...x.values), Math.max(...x.values)], range, 4);
}

/** Stretches of neighbouring points that have a band. */
function band({ points, style }: BandSeries, x: Scale, y: Scale): Markup {
  const known = points.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  if (known.length < 2) return markup``;
  const there = known.map((point) => markup`${x.at(point.x)} ${y.at(point.low)} `);
  const back = known.toReversed().map((point) => markup`${x.at(point.x)} ${y.at(point.high)} `);
  return markup`<polygon class="spread" points="${there}${back}" style="fill:${style.colour}"/>`;
}

function line({ points, style }: BandSeries, x: Scale, y: Scale): Markup {
  const path = points.map((point) => markup`${x.at(point.x)} ${y.at(point.y)} `);
  return markup`<polyline class="series" points="${path}" style="stroke:${style.colour};stroke-dasharray:${style.dash}"/>`;
}

function markers(
  options: LineBandOptions,
  series: BandSeries,
  index: number,
  x: Scale,
  y: Scale,
): Markup {
  const { points, style } = series;
  const every = Math.max(1, Math.floor(points.length / SPARSE_MARKERS));
  // Neighbouring lines carry their markers at different steps.
  const first = Math.floor((every * (index + 1)) / (options.series.length + 1));
  const shown =
    options.markers === 'every point' ? points : points.filter((_, i) => i % every === first);
  return markup`${shown.map(
    (point) =>
      markup`<g><title>${options.note(series, point)}</title>${marker(style, x.at(point.x), y.at(point.y), 4.2)}</g>`,
  )}`;
}
