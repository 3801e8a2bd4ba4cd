/**
 * Rows of an estimate with its whiskers: the forest plot of paired differences with its ±δ band,
 * and the scores of the arms where a study has a single label count.
 */
import type { Interval } from '../analysis.ts';
import { markup, type Markup } from '../markup.ts';
import { marker, type SeriesStyle } from './arm-style.ts';
import { chart, xAxis, type Box } from './chart.ts';
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
  /** Shown where the pointer rests on the row. */
  readonly note: string;
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
/** Of an average character in the wider of the common interface fonts, at the charts' 12 px. */
const CHARACTER_WIDTH = 6.6;
const COLUMN_GAP = 16;
const TICKS = 7;

/** A drawing cannot measure its text, so columns are as wide as their longest could be. */
function columnWidth(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length)) * CHARACTER_WIDTH;
}

export function intervalRowsChart(options: IntervalRowsOptions): Markup {
  const { rows, alignedWith, margin, width } = options;
  const wordLeft = width - columnWidth(alignedWith.map(({ word }) => word));
  const numbersLeft =
    wordLeft - columnWidth(alignedWith.map(({ numbers }) => numbers)) - COLUMN_GAP;
  const box: Box = {
    left: columnWidth(alignedWith.map(({ label }) => label)) + COLUMN_GAP,
    right: numbersLeft - COLUMN_GAP,
    top: 26,
    bottom: 26 + rows.length * ROW_HEIGHT + 6,
  };
  const x = linearScale(options.domain, [box.left, box.right], TICKS);
  return chart({ width, height: box.bottom + 40 }, options, [
    markup`<text class="strong large" x="0" y="13">${options.title}</text>`,
    margin && marginBand(margin, options.domain, x, box),
    markup`${x.ticks.map((tick) => markup`<line class="rule" x1="${x.at(tick)}" x2="${x.at(tick)}" y1="${box.top}" y2="${box.bottom}"/>`)}`,
    margin &&
      markup`<line class="zero" x1="${x.at(0)}" x2="${x.at(0)}" y1="${box.top}" y2="${box.bottom}"/>`,
    xAxis(x, box, options.axisName),
    markup`${rows.map((row, i) => drawRow(row, { y: box.top + (i + 0.5) * ROW_HEIGHT + 3, x, numbersLeft, wordLeft, width }))}`,
  ]);
}

function marginBand([low, high]: Interval, domain: Range, x: Scale, box: Box): Markup {
  const left = x.at(Math.max(low, domain[0]));
  const right = x.at(Math.min(high, domain[1]));
  return markup`<rect class="band" x="${left}" y="${box.top}" width="${right - left}" height="${box.bottom - box.top}"/>`;
}

function drawRow(
  row: IntervalRow,
  place: {
    readonly y: number;
    readonly x: Scale;
    readonly numbersLeft: number;
    readonly wordLeft: number;
    readonly width: number;
  },
): Markup {
  const { style, narrow } = row;
  const { y, x } = place;
  return markup`<g><title>${row.note}</title><rect x="0" y="${y - ROW_HEIGHT / 2}" width="${place.width}" height="${ROW_HEIGHT}" fill="transparent"/><text class="ink" x="0" y="${y + 4}">${row.label}</text>${row.dots
    .filter(Number.isFinite)
    .map(
      (dot) =>
        markup`<circle cx="${x.at(dot)}" cy="${y + 8}" r="1.8" style="fill:${style.colour};fill-opacity:.45"/>`,
    )}${whisker(row.wide, y, 1.4, style, x)}${narrow && whisker(narrow, y, 4, style, x)}${Number.isFinite(row.value) && marker(style, x.at(row.value), y, 4.6)}<text class="ink" x="${place.numbersLeft}" y="${y + 4}">${row.numbers}</text><text x="${place.wordLeft}" y="${y + 4}">${row.word}</text></g>`;
}

function whisker(
  [low, high]: Interval,
  y: number,
  thickness: number,
  { colour }: SeriesStyle,
  x: Scale,
): Markup | null {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
  return markup`<line x1="${x.at(low)}" x2="${x.at(high)}" y1="${y}" y2="${y}" style="stroke:${colour};stroke-width:${thickness}"/>`;
}
