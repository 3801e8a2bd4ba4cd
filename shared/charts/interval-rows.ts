/**
 * Rows of an estimate with its whiskers: the forest plot of paired differences with its ±δ band,
 * and the scores of the arms where a study has a single label count.
 */
import type { Interval } from '../analysis.ts';
import { markup, type Markup } from '../markup.ts';
import { marker, type SeriesStyle } from './arm-style.ts';
import { chartElement, xAxis } from './chart.ts';
import type { Box, Chart, Drawing, DrawOptions, Reading } from './drawing.ts';
import { linearScale, type Range, type Scale } from './scale.ts';

export interface IntervalRow {
  readonly label: string;
  readonly value: number;
  /** 95 %: thin line; not drawn where not finite. */
  readonly wide: Interval;
  /** 90 %: thick line; null where there is none. */
  readonly narrow: Interval | null;
  /** One per seed, drawn as faint dots. */
  readonly dots: readonly number[];
  /** Right of the plot: the numbers, then a word. */
  readonly numbers: string;
  readonly word: string;
  readonly style: SeriesStyle;
  /** What is measured: "encoder − random". */
  readonly subject: string;
  /** Sentences that a reader of the row is told besides. */
  readonly note: string | null;
}

export interface IntervalRowsOptions {
  readonly title: string;
  readonly description: string;
  readonly rows: readonly IntervalRow[];
  /** All rows of charts that stand below each other, whose columns are to line up. */
  readonly alignedWith: readonly IntervalRow[];
  readonly domain: Range;
  readonly axisName: string;
  /** Shaded range of differences too small to matter, with a line at zero; null for scores. */
  readonly margin: Interval | null;
  readonly width: number;
}

const ROW_HEIGHT = 26;
const TOP = 26;
/** Of an average character in the wider of the common interface fonts, at the charts' 12 px. */
const CHARACTER_WIDTH = 6.6;
const COLUMN_GAP = 16;
/** Of the values below the plot and their name. */
const AXIS_HEIGHT = 40;
const TICKS = 7;
const WIDTH_PER_TICK = 90;

/** A drawing cannot measure its text, so columns are as wide as their longest could be. */
function columnWidth(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length)) * CHARACTER_WIDTH;
}

export function intervalRowsChart(options: IntervalRowsOptions): Chart {
  const { title, width, rows } = options;
  return {
    title,
    width,
    height: bottomOf(rows, true) + AXIS_HEIGHT,
    draw: (how = {}) => drawRows(options, how),
  };
}

function bottomOf(rows: readonly IntervalRow[], heading: boolean): number {
  return (heading ? TOP : 0) + rows.length * ROW_HEIGHT + 6;
}

function drawRows(
  options: IntervalRowsOptions,
  { width = options.width, view = null, heading = true }: DrawOptions,
): Drawing {
  const { rows, alignedWith, margin, title } = options;
  const wordLeft = width - columnWidth(alignedWith.map(({ word }) => word));
  const numbersLeft =
    wordLeft - columnWidth(alignedWith.map(({ numbers }) => numbers)) - COLUMN_GAP;
  const box: Box = {
    left: columnWidth(alignedWith.map(({ label }) => label)) + COLUMN_GAP,
    right: numbersLeft - COLUMN_GAP,
    top: heading ? TOP : 0,
    bottom: bottomOf(rows, heading),
  };
  const domain = view ?? options.domain;
  const ticks = Math.max(TICKS, Math.round((box.right - box.left) / WIDTH_PER_TICK));
  const x = linearScale(domain, [box.left, box.right], ticks);
  const size = { width, height: box.bottom + AXIS_HEIGHT };
  const rowAt = (i: number) => box.top + (i + 0.5) * ROW_HEIGHT + 3;
  const drawn = chartElement(size, options, [
    heading && markup`<text class="strong large" x="0" y="13">${title}</text>`,
    margin && marginBand(margin, domain, x, box),
    markup`${x.ticks.map((tick) => markup`<line class="rule" x1="${x.at(tick)}" x2="${x.at(tick)}" y1="${box.top}" y2="${box.bottom}"/>`)}`,
    margin &&
      isWithin(0, domain) &&
      markup`<line class="zero" x1="${x.at(0)}" x2="${x.at(0)}" y1="${box.top}" y2="${box.bottom}"/>`,
    xAxis(x, box, options.axisName),
    markup`${rows.map((row, i) => drawRow(row, { y: rowAt(i), x, domain, numbersLeft, wordLeft, width }))}`,
  ]);
  return {
    ...size,
    markup: drawn,
    plot: box,
    axis: { scale: x, whole: options.domain },
    readings: {
      along: 'rows',
      positions: rows.map((_, i) => rowAt(i)),
      rowHeight: ROW_HEIGHT,
      read: (i) => readRow(rows[i], { y: rowAt(i), x, domain }),
    },
  };
}

function isWithin(value: number, [low, high]: Range): boolean {
  return value >= low && value <= high;
}

function readRow(
  row: IntervalRow | undefined,
  { y, x, domain }: { readonly y: number; readonly x: Scale; readonly domain: Range },
): Reading | null {
  if (row === undefined) return null;
  const { label, subject, numbers, note, style, value } = row;
  return {
    heading: label,
    entries: [{ style, label: subject, value: numbers, interval: null }],
    note,
    marks: isWithin(value, domain) ? [{ x: x.at(value), y, colour: style.colour }] : [],
  };
}

function marginBand([low, high]: Interval, domain: Range, x: Scale, box: Box): Markup {
  if (low > domain[1] || high < domain[0]) return markup``;
  const left = x.at(Math.max(low, domain[0]));
  const right = x.at(Math.min(high, domain[1]));
  return markup`<rect class="band" x="${left}" y="${box.top}" width="${right - left}" height="${box.bottom - box.top}"/>`;
}

function drawRow(
  row: IntervalRow,
  place: {
    readonly y: number;
    readonly x: Scale;
    readonly domain: Range;
    readonly numbersLeft: number;
    readonly wordLeft: number;
    readonly width: number;
  },
): Markup {
  const { style, narrow, note } = row;
  const { y, x, domain } = place;
  const title = `${row.label}, ${row.subject}: ${row.numbers}${note === null ? '' : `. ${note}`}`;
  return markup`<g><title>${title}</title><rect x="0" y="${y - ROW_HEIGHT / 2}" width="${place.width}" height="${ROW_HEIGHT}" fill="transparent"/><text class="ink" x="0" y="${y + 4}">${row.label}</text>${row.dots
    .filter((dot) => isWithin(dot, domain))
    .map(
      (dot) =>
        markup`<circle cx="${x.at(dot)}" cy="${y + 8}" r="1.8" fill="${style.colour}" fill-opacity=".45"/>`,
    )}${whisker(row.wide, 1.4, row, place)}${narrow && whisker(narrow, 4, row, place)}${isWithin(row.value, domain) && marker(style, x.at(row.value), y, 4.6)}<text class="ink" x="${place.numbersLeft}" y="${y + 4}">${row.numbers}</text><text x="${place.wordLeft}" y="${y + 4}">${row.word}</text></g>`;
}

/** As much of it as is in view. */
function whisker(
  [low, high]: Interval,
  thickness: number,
  { style: { colour } }: IntervalRow,
  { y, x, domain }: { readonly y: number; readonly x: Scale; readonly domain: Range },
): Markup | null {
  if (!(low <= domain[1] && high >= domain[0])) return null;
  const left = x.at(Math.max(low, domain[0]));
  const right = x.at(Math.min(high, domain[1]));
  return markup`<line x1="${left}" x2="${right}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="${thickness}"/>`;
}
