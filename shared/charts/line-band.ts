/**
 * Lines with their uncertainty bands over one quantity: Dice against label count (log2 axis, 95 %
 * intervals) and learning curves (linear axis, lowest and highest seed).
 */
import { markup, type Markup } from '../markup.ts';
import { marker, type SeriesStyle } from './arm-style.ts';
import { chartElement, xAxis, yAxis } from './chart.ts';
import type { Box, Chart, Drawing, DrawOptions, ReadingEntry, Readings } from './drawing.ts';
import { extent, linearScale, log2Scale, niceDomain, type Range, type Scale } from './scale.ts';
import { thinLine } from './thin-line.ts';

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
  /** Of the line in units of the drawing; 2 where nothing is said. */
  readonly thickness?: number;
  /** Drawn as a line without markers, or as markers with whiskers; as a line with its markers where nothing is said. */
  readonly only?: 'line' | 'points';
  /** Ascending in x; points without a finite y are left out. */
  readonly points: readonly BandPoint[];
}

export interface LineBandOptions {
  readonly title: string;
  readonly description: string;
  readonly series: readonly BandSeries[];
  /** log2: ticks at exactly `values`; linear, of whole numbers: `values` span the axis. */
  readonly x: {
    readonly name: string;
    readonly scale: 'log2' | 'linear';
    readonly values: readonly number[];
    /** A value in words: "8 labels", "step 120". */
    readonly words: (value: number) => string;
  };
  readonly y: {
    readonly name: string;
    /** Those of all charts that share the axis: it holds what is in view of them. */
    readonly sharedWith: readonly BandSeries[];
    /** Never passed. */
    readonly limits?: Range;
    /** Of the whole chart, where it is more than the values ask for. */
    readonly domain?: Range;
    readonly words: (value: number) => string;
  };
  /** What values and bands are, for those who read one. */
  readonly bandName: string | null;
  /** A marker at every point, or only as many as tell the lines apart. */
  readonly markers: 'every point' | 'sparse';
  readonly width: number;
  readonly height: number;
}

/** Markers of a learning curve, whatever the number of its points. */
const SPARSE_MARKERS = 4;
/** On both sides of the label counts. */
const LOG_INSET = 22;

export function lineBandChart(options: LineBandOptions): Chart {
  const { title, width, height } = options;
  const known = {
    ...options,
    series: options.series.map(withoutGaps),
    y: { ...options.y, sharedWith: options.y.sharedWith.map(withoutGaps) },
  };
  return { title, width, height, draw: (how = {}) => drawLines(known, how) };
}

function withoutGaps(series: BandSeries): BandSeries {
  return { ...series, points: series.points.filter((point) => Number.isFinite(point.y)) };
}

function drawLines(
  options: LineBandOptions,
  { width = options.width, height = options.height, view = null, heading = true }: DrawOptions,
): Drawing {
  const top = heading ? 46 : 26;
  const box: Box = { left: 44, right: width - 16, top, bottom: height - 42 };
  const { x, whole } = xScale(options, box, view);
  const y = yScale(options, box, view);
  const shown = view === null ? options.series : options.series.map((one) => cut(one, view, x));
  const size = { width, height };
  return {
    ...size,
    markup: chartElement(size, options, [
      heading && markup`<text class="strong large" x="0" y="13">${options.title}</text>`,
      markup`<text class="small" x="0" y="${top - 14}">${options.y.name}</text>`,
      yAxis(y, box),
      xAxis(x, box, options.x.name),
      markup`${shown.map((one) => (one.only === 'points' ? whiskers(one, x, y) : band(one, x, y)))}`,
      markup`${shown.map((one) => one.only !== 'points' && line(one, x, y))}`,
      markup`${options.series.map((one, index) => one.only !== 'line' && markers(options, one, { index, view, x, y }))}`,
    ]),
    plot: box,
    axis: whole[1] > whole[0] ? { scale: x, whole } : null,
    readings: readings(options, x, y),
  };
}

/** `whole` is what the width of the plot shows where nothing is zoomed. */
function xScale(
  { x: { scale, values } }: LineBandOptions,
  { left, right }: Box,
  view: Range | null,
): { readonly x: Scale; readonly whole: Range } {
  if (scale === 'log2') {
    const all = log2Scale(values, [left + LOG_INSET, right - LOG_INSET]);
    const x = view === null ? all : log2Scale(values, [left, right], view);
    return { x, whole: [all.valueAt(left), all.valueAt(right)] };
  }
  const whole = extent(values);
  const ticks = Math.max(4, Math.round((right - left) / 180));
  const x = linearScale(view ?? whole, [left, right], ticks);
  return { x: { ...x, ticks: x.ticks.filter(Number.isInteger) }, whole };
}

function yScale({ x, y }: LineBandOptions, { top, bottom }: Box, view: Range | null): Scale {
  const position = x.scale === 'log2' ? Math.log2 : (value: number) => value;
  const seen =
    view === null ? y.sharedWith : y.sharedWith.map((one) => cut(one, view, { at: position }));
  const values = seen.flatMap(({ points }) => points.flatMap((one) => [one.y, one.low, one.high]));
  const height = bottom - top;
  const count = height < 110 ? 3 : Math.max(5, Math.round(height / 60));
  const domain =
    (view === null ? y.domain : undefined) ??
    niceDomain(values, { count, ...(y.limits === undefined ? {} : { limits: y.limits }) });
  return linearScale(domain, [bottom, top], count);
}

/** What of a series is in view, ending where its line crosses the edges. */
function cut(series: BandSeries, [from, to]: Range, x: Pick<Scale, 'at'>): BandSeries {
  const { points } = series;
  const inside = points.filter((point) => point.x >= from && point.x <= to);
  const edge = (value: number): BandPoint[] => {
    const after = points.findIndex((point) => point.x > value);
    const [a, b] = [points[after - 1], points[after]];
    if (a === undefined || b === undefined || a.x === value) return [];
    const share = (x.at(value) - x.at(a.x)) / (x.at(b.x) - x.at(a.x));
    const between = (left: number, right: number) => left + share * (right - left);
    return [
      {
        x: value,
        y: between(a.y, b.y),
        low: between(a.low, b.low),
        high: between(a.high, b.high),
      },
    ];
  };
  return { ...series, points: [...edge(from), ...inside, ...edge(to)] };
}

/** Stretches of neighbouring points that have a band. */
function band({ points, style }: BandSeries, x: Scale, y: Scale): Markup {
  const known = points.filter(hasBand);
  if (known.length < 2) return markup``;
  const there = known.map((point) => markup`${x.at(point.x)} ${y.at(point.low)} `);
  const back = known.toReversed().map((point) => markup`${x.at(point.x)} ${y.at(point.high)} `);
  return markup`<polygon class="spread" points="${there}${back}" fill="${style.colour}"/>`;
}

function whiskers({ points, style }: BandSeries, x: Scale, y: Scale): Markup {
  return markup`${points
    .filter(hasBand)
    .map(
      (point) =>
        markup`<line x1="${x.at(point.x)}" x2="${x.at(point.x)}" y1="${y.at(point.low)}" y2="${y.at(point.high)}" stroke="${style.colour}" stroke-width="1.4"/>`,
    )}`;
}

function hasBand({ low, high }: BandPoint): boolean {
  return Number.isFinite(low) && Number.isFinite(high);
}

function line({ points, style, thickness = 2 }: BandSeries, x: Scale, y: Scale): Markup {
  const positions = thinLine(points.map((point) => ({ x: x.at(point.x), y: y.at(point.y) })));
  const path = positions.map((position) => markup`${position.x} ${position.y} `);
  return markup`<polyline class="series" points="${path}" stroke="${style.colour}" stroke-width="${thickness}" stroke-dasharray="${style.dash}"/>`;
}

function markers(
  options: LineBandOptions,
  series: BandSeries,
  place: {
    readonly index: number;
    readonly view: Range | null;
    readonly x: Scale;
    readonly y: Scale;
  },
): Markup {
  const { index, view, x, y } = place;
  const { style } = series;
  const isAlone = options.series.length === 1 && series.points.length > 1;
  if (options.markers === 'sparse' && isAlone) return markup``;
  const points = series.points.filter(
    (point) => view === null || (point.x >= view[0] && point.x <= view[1]),
  );
  const every = Math.max(1, Math.floor(points.length / SPARSE_MARKERS));
  // Neighbouring lines carry their markers at different steps.
  const first = Math.floor((every * (index + 1)) / (options.series.length + 1));
  const shown =
    options.markers === 'every point' ? points : points.filter((_, i) => i % every === first);
  return markup`${shown.map((point) => {
    const { label, value, interval } = entry(options, series, point);
    const title = `${label}, ${options.x.words(point.x)}: ${value}${interval === null ? '' : ` ${interval}`}`;
    return markup`<g><title>${title}</title>${marker(style, x.at(point.x), y.at(point.y), 4.2)}</g>`;
  })}`;
}

function entry(
  { y: { words } }: LineBandOptions,
  { label, style }: BandSeries,
  point: BandPoint,
): ReadingEntry {
  const interval = hasBand(point) ? `[${words(point.low)}, ${words(point.high)}]` : null;
  return { style, label, value: words(point.y), interval };
}

/** At every x that any series has a point at, of the series that have one there. */
function readings(options: LineBandOptions, x: Scale, y: Scale): Readings {
  const { series, bandName } = options;
  const xs = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))].sort(
    (a, b) => a - b,
  );
  return {
    along: 'x',
    positions: xs.map((value) => x.at(value)),
    rowHeight: 0,
    read: (index) => {
      const value = xs[index];
      if (value === undefined) return null;
      const here = series.flatMap((one) => {
        const point = one.points.find((candidate) => candidate.x === value);
        return point === undefined ? [] : [{ one, point }];
      });
      const words = options.x.words(value);
      return {
        heading: words.charAt(0).toUpperCase() + words.slice(1),
        entries: here.map(({ one, point }) => entry(options, one, point)),
        note: here.some(({ point }) => hasBand(point)) ? bandName : null,
        marks: here.map(({ one, point }) => ({
          x: x.at(value),
          y: y.at(point.y),
          colour: one.style.colour,
        })),
      };
    },
  };
}
