import { describe, expect, it } from 'vitest';
import {
  type ChartView,
  rangeBetween,
  readingAt,
  viewAfterKey,
  zoomedAt,
} from '../../../renderer/charts/chart-view.ts';
import { transferStyle } from '../../../shared/charts/arm-style.ts';
import { intervalRowsChart, type IntervalRow } from '../../../shared/charts/interval-rows.ts';
import { lineBandChart } from '../../../shared/charts/line-band.ts';
import type { Range } from '../../../shared/charts/scale.ts';

const series = {
  label: 'encoder',
  style: transferStyle('encoder'),
  points: [0, 25, 50, 75, 100].map((x) => ({ x, y: x / 100, low: Number.NaN, high: Number.NaN })),
};
const lines = lineBandChart({
  title: 'Title',
  description: 'Description',
  series: [series],
  x: { name: 'Step', scale: 'linear', values: [0, 100], words: String },
  y: { name: 'Dice', sharedWith: [series], words: String },
  bandName: null,
  markers: 'sparse',
  width: 460,
  height: 300,
});
const row: IntervalRow = {
  label: 'Segmentation',
  value: 0,
  wide: [-0.1, 0.1],
  narrow: null,
  dots: [],
  numbers: '0.000',
  word: 'equivalent',
  style: transferStyle('encoder'),
  subject: 'encoder − random',
  note: null,
};
const rows = intervalRowsChart({
  title: 'Title',
  description: 'Description',
  rows: [row, row, row],
  alignedWith: [row],
  domain: [-0.2, 0.2],
  axisName: 'Difference',
  margin: null,
  width: 760,
});

const whole: ChartView = { range: null, at: null };
const press = (
  view: ChartView,
  key: string,
  { chart = lines, zooms = true, shiftKey = false } = {},
): ChartView | null =>
  viewAfterKey(view, { key, shiftKey }, chart.draw({ view: view.range }), zooms);
/** Keys one after another, as long as they mean something. */
const type = (keys: readonly string[], from = whole, options = {}): ChartView =>
  keys.reduce((view, key) => press(view, key, options) ?? view, from);
const expectRange = (range: Range | null | undefined, [from, to]: Range): void => {
  expect(range?.[0]).toBeCloseTo(from);
  expect(range?.[1]).toBeCloseTo(to);
};

describe('reading', () => {
  it('takes the nearest x, wherever the pointer is', () => {
    const drawing = lines.draw();
    const at = (step: number) => drawing.axis?.scale.at(step) ?? 0;
    expect(readingAt(drawing, { x: at(49), y: 5 })).toBe(2);
    expect(readingAt(drawing, { x: at(13), y: 200 })).toBe(1);
    expect(readingAt(drawing, { x: at(12), y: 200 })).toBe(0);
    expect(readingAt(drawing, { x: 1000, y: 200 })).toBe(4);
  });

  it('never takes what is out of view', () => {
    const drawing = lines.draw({ view: [30, 80] });
    expect(readingAt(drawing, { x: 0, y: 100 })).toBe(2);
    expect(readingAt(lines.draw({ view: [30, 40] }), { x: 200, y: 100 })).toBeNull();
  });

  it('takes the row that the pointer is in, and none beside them', () => {
    const drawing = rows.draw();
    const y = drawing.readings?.positions[1] ?? 0;
    expect(readingAt(drawing, { x: 3, y: y + 12 })).toBe(1);
    expect(readingAt(drawing, { x: 700, y: y + 14 })).toBe(2);
    expect(readingAt(drawing, { x: 3, y: 2 })).toBeNull();
  });

  it('goes from point to point by arrows, stays at the ends, and is left by Escape', () => {
    expect(type(['ArrowRight']).at).toBe(0);
    expect(type(['ArrowLeft']).at).toBe(4);
    expect(type(['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowLeft']).at).toBe(1);
    expect(type(['End', 'ArrowRight']).at).toBe(4);
    expect(type(['End', 'Home']).at).toBe(0);
    expect(type(['End', 'Escape'])).toEqual(whole);
  });

  it('goes from row to row by up and down', () => {
    expect(type(['ArrowDown', 'ArrowDown', 'ArrowUp'], whole, { chart: rows }).at).toBe(0);
    expect(press(whole, 'ArrowRight', { chart: rows })).toBeNull();
  });

  it('leaves to others what means nothing to a chart', () => {
    expect(press(whole, 'Escape')).toBeNull();
    expect(press(whole, 'ArrowUp')).toBeNull();
    expect(press(whole, 'Tab')).toBeNull();
    expect(press(whole, '+', { zooms: false })).toBeNull();
  });

  it('takes the view along where it leaves it', () => {
    const view = press({ range: [20, 60], at: 2 }, 'ArrowRight');
    expect(view?.at).toBe(3);
    expectRange(view?.range, [35, 75]);
  });

  it('begins with what is in view', () => {
    expect(press({ range: [20, 60], at: null }, 'ArrowRight')?.at).toBe(1);
    expect(press({ range: [20, 60], at: null }, 'ArrowLeft')?.at).toBe(2);
  });
});

describe('zooming', () => {
  const drawing = lines.draw();
  const at = (step: number) => drawing.axis?.scale.at(step) ?? 0;

  it('shows a range that is drawn from either side', () => {
    expectRange(rangeBetween(drawing, at(20), at(60)), [20, 60]);
    expectRange(rangeBetween(drawing, at(60), at(20)), [20, 60]);
  });

  it('is the whole where the whole is in view, and never more', () => {
    expect(rangeBetween(drawing, at(-20), at(120))).toBeNull();
    expectRange(rangeBetween(drawing, at(-20), at(30)), [0, 50]);
    expect(zoomedAt(drawing, at(50), 0.5)).toBeNull();
  });

  it('ends at something that can still be seen', () => {
    const range = rangeBetween(drawing, at(50), at(50));
    expect((range?.[1] ?? 0) - (range?.[0] ?? 0)).toBeGreaterThan(0.05);
  });

  it('keeps what is under the pointer where it is', () => {
    const range = zoomedAt(drawing, at(25), 2);
    expectRange(range, [12.5, 62.5]);
    expect(lines.draw({ view: range }).axis?.scale.at(25)).toBeCloseTo(at(25));
  });

  it('goes in and out at the crosshair, and to the whole by 0', () => {
    const near = press({ range: null, at: 1 }, '+');
    expect(lines.draw({ view: near?.range ?? null }).axis?.scale.at(25)).toBeCloseTo(at(25));
    expect(press({ range: [20, 60], at: 1 }, '0')).toEqual({ range: null, at: 1 });
    expect(type(['+', '+', '-', '-', '-']).range).toBeNull();
  });

  it('moves by Shift and the arrows as far as the axis goes', () => {
    const range: Range = [20, 60];
    const shifted = (key: string, from = range) =>
      press({ range: from, at: null }, key, { shiftKey: true })?.range;
    expectRange(shifted('ArrowRight'), [28, 68]);
    expectRange(shifted('ArrowLeft'), [12, 52]);
    expectRange(shifted('ArrowRight', [58, 98]), [60, 100]);
  });

  it('moves rows by left and right, which else do nothing there', () => {
    const view = press({ range: [-0.1, 0.1], at: 1 }, 'ArrowRight', { chart: rows });
    expectRange(view?.range, [-0.06, 0.14]);
    expect(view?.at).toBe(1);
  });
});
