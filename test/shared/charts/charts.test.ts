import { describe, expect, it } from 'vitest';
import type { Comparison, StudiedPretraining, Verdict } from '../../../shared/analysis.ts';
import { taskStyle, transferStyle } from '../../../shared/charts/arm-style.ts';
import { legend } from '../../../shared/charts/chart.ts';
import { halvesChart, halvesOf } from '../../../shared/charts/halves.ts';
import { intervalRowsChart, type IntervalRow } from '../../../shared/charts/interval-rows.ts';
import { spokenReading } from '../../../shared/charts/drawing.ts';
import {
  type BandPoint,
  type BandSeries,
  lineBandChart,
} from '../../../shared/charts/line-band.ts';
import { PRETRAINING_TASKS, TRANSFERS } from '../../../shared/entities.ts';

/** The only primary question, so that its interval together is the single one. */
function comparison(over: Partial<Comparison>): Comparison {
  const { ci95 = [0.06, 0.12], ci90 = [0.07, 0.11], verdict = 'helps' } = over;
  return {
    pretraining: 'segmentation',
    labels: 8,
    comparison: 'encoder − random',
    family: 'encoder',
    effect: 0.09,
    ci95,
    ci90,
    ci95Bootstrap: [0.07, 0.11],
    p: 0.0625,
    pHolm: 0.125,
    seeds: [0, 1, 2, 3, 4],
    testImages: 64,
    perSeed: [0.08, 0.09, 0.09, 0.09, 0.1],
    variance: null,
    wilcoxonP: 0.001,
    nonInferiorToSkip: null,
    verdict,
    together: verdict === 'not tested' ? null : { ci95, ci90, verdict },
    words: 'The encoder helps.',
    ...over,
  };
}

describe('the halves of a network', () => {
  const pretrainings: StudiedPretraining[] = [
    { key: 'segmentation', task: 'segmentation', trains: ['encoder', 'decoder'] },
    { key: 'classification', task: 'classification', trains: ['encoder'] },
  ];
  const cell = { pretraining: 'segmentation', labels: 8 } as const;
  const decoder = (verdict: Verdict, ci90: Comparison['ci90'] = [-0.03, 0.03]) =>
    halvesOf(
      {
        delta: 0.02,
        pretrainings,
        comparisons: [
          comparison({}),
          comparison({
            comparison: 'encoder+decoder − encoder',
            verdict,
            ci90,
            effect: 0.01,
          }),
          comparison({ comparison: 'encoder+decoder − encoder', labels: 32, verdict: 'hurts' }),
        ],
      },
      cell,
    ).decoder;

  it('are kept, dropped or left open by the verdict of their own label count', () => {
    expect(
      halvesOf({ comparisons: [comparison({})], delta: 0.02, pretrainings }, cell).encoder,
    ).toEqual({
      state: 'keep',
      advice: 'Keep it',
      effect: '+0.090',
    });
    expect(decoder('helps').state).toBe('keep');
    expect(decoder('hurts', [-0.05, -0.03]).state).toBe('drop');
    expect(decoder('equivalent', [-0.01, 0.01]).state).toBe('same');
    expect(decoder('equivalent, small but detectable', [0.001, 0.01]).state).toBe('same');
    expect(decoder('inconclusive').state).toBe('unclear');
  });

  it('call a decoder skippable where only its gain is bounded', () => {
    expect(decoder('inconclusive', [-0.03, 0.019])).toEqual({
      state: 'same',
      advice: 'Can be skipped',
      effect: '+0.010',
    });
  });

  it('tell a decoder that was never pretrained from one that was not tested', () => {
    expect(
      halvesOf({ comparisons: [comparison({})], delta: 0.02, pretrainings }, cell).decoder.advice,
    ).toBe('Not tested');
    const classification = comparison({ pretraining: 'classification' });
    expect(
      halvesOf(
        { comparisons: [classification], delta: 0.02, pretrainings },
        { pretraining: 'classification', labels: 8 },
      ).decoder.advice,
    ).toBe('Not pretrained');
    expect(decoder('not tested')).toEqual({
      state: 'untested',
      advice: 'Not tested',
      effect: '',
    });
  });

  it('are described in words to those who cannot see them', () => {
    const halves = halvesOf({ comparisons: [comparison({})], delta: 0.02, pretrainings }, cell);
    expect(halvesChart({ title: 'Segmentation, 8 labels', halves }).draw().markup.text).toContain(
      'aria-label="Segmentation, 8 labels. Encoder: Keep it (+0.090). Decoder: Not tested."',
    );
  });
});

describe('interval rows', () => {
  const row: IntervalRow = {
    label: 'Segmentation, 8 labels',
    value: 0.02,
    wide: [0, 0.04],
    narrow: [0.01, 0.03],
    dots: [0.02],
    numbers: '+0.020',
    word: 'helps',
    style: transferStyle('encoder'),
    subject: 'encoder − random',
    note: 'It helps.',
  };
  const options = {
    title: 'Title',
    description: 'Description',
    rows: [row],
    alignedWith: [row],
    domain: [-0.1, 0.1],
    axisName: 'Difference',
    margin: [-0.02, 0.02],
    width: 760,
  } as const;

  it('shade ±δ symmetrically around zero', () => {
    const { text } = intervalRowsChart(options).draw().markup;
    const band = /class="band" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/.exec(text);
    const zero = /class="zero" x1="([\d.]+)"/.exec(text);
    const left = Number(band?.[1]);
    const width = Number(band?.[2]);
    expect(width).toBeGreaterThan(0);
    expect(left + width / 2).toBeCloseTo(Number(zero?.[1]), 1);
  });

  it('draw the 90 % whisker half as long as a 95 % one of twice its width, and thicker', () => {
    const { text } = intervalRowsChart(options).draw().markup;
    const whiskers = [
      ...text.matchAll(
        /x1="([\d.]+)" x2="([\d.]+)" y1="[\d.]+" y2="[\d.]+" stroke="[^"]*" stroke-width="([\d.]+)"/g,
      ),
    ].map((match) => ({ length: Number(match[2]) - Number(match[1]), thick: Number(match[3]) }));
    expect(whiskers).toHaveLength(2);
    expect(whiskers[0]?.length).toBeCloseTo(2 * (whiskers[1]?.length ?? 0), 1);
    expect(whiskers[1]?.thick).toBeGreaterThan(whiskers[0]?.thick ?? 0);
  });

  it('draw an estimate without whiskers where there is no interval', () => {
    const none = [Number.NaN, Number.NaN] as const;
    const { text } = intervalRowsChart({
      ...options,
      rows: [{ ...row, wide: none, narrow: none }],
    }).draw().markup;
    expect(text).not.toContain('stroke-width="1.4"');
    expect(text).toContain('stroke="var(--chart-paper)"');
  });

  it('are read row by row', () => {
    const { readings, axis } = intervalRowsChart(options).draw();
    expect(readings?.along).toBe('rows');
    expect(readings?.positions).toHaveLength(1);
    const reading = readings?.read(0);
    expect(reading).toMatchObject({ heading: 'Segmentation, 8 labels', note: 'It helps.' });
    expect(reading?.entries).toEqual([
      { style: row.style, label: 'encoder − random', value: '+0.020', interval: null },
    ]);
    expect(reading?.marks[0]?.x).toBeCloseTo(axis?.scale.at(0.02) ?? 0);
    expect(readings?.read(1)).toBeNull();
  });

  it('show of a stretch of the axis what lies in it', () => {
    const { markup, plot, readings } = intervalRowsChart(options).draw({ view: [0.015, 0.035] });
    const ends = [
      ...markup.text.matchAll(/x1="([\d.]+)" x2="([\d.]+)" y1="[\d.]+" y2="[\d.]+" stroke=/g),
    ];
    expect(ends).toHaveLength(2);
    // Both begin left of what is seen; the thin one also ends right of it.
    expect(ends.map((end) => Number(end[1]))).toEqual([
      expect.closeTo(plot.left, 1),
      expect.closeTo(plot.left, 1),
    ]);
    expect(Number(ends[0]?.[2])).toBeCloseTo(plot.right, 1);
    expect(Number(ends[1]?.[2])).toBeLessThan(plot.right);
    expect(markup.text).not.toMatch(/class="zero" x1="([\d.]+)" x2="\1" y1="26"/);
    const beyond = intervalRowsChart(options).draw({ view: [0.05, 0.06] });
    expect(beyond.markup.text).not.toContain('<circle');
    expect(beyond.readings?.read(0)?.marks).toEqual([]);
    expect(readings?.read(0)?.marks).toHaveLength(1);
  });
});

describe('lines with bands', () => {
  const point = (x: number, y: number) => ({ x, y, low: y - 0.02, high: y + 0.02 });
  const chartOf = (series: readonly BandSeries[], scale: 'log2' | 'linear' = 'log2') =>
    lineBandChart({
      title: 'Title',
      description: 'Description',
      series,
      x: { name: 'Labels', scale, values: [4, 8, 16], words: (x) => `x ${x}` },
      y: { name: 'Dice', sharedWith: series, limits: [0, 1], words: (y) => y.toFixed(2) },
      bandName: 'All of it.',
      markers: 'every point',
      width: 360,
      height: 260,
    });
  const encoder = (points: readonly BandPoint[]): BandSeries => ({
    label: 'encoder & co',
    style: transferStyle('encoder'),
    points,
  });
  const draw = (points: readonly BandPoint[]) => chartOf([encoder(points)]).draw().markup.text;

  it('run there along the lower and back along the upper bounds', () => {
    const polygon = /<polygon class="spread" points="([^"]*)"/.exec(
      draw([point(4, 0.6), point(8, 0.7)]),
    );
    const corners = (polygon?.[1] ?? '').trim().split(' ').map(Number);
    const [x1, y1, x2, y2, x3, y3, x4, y4] = corners;
    expect(corners).toHaveLength(8);
    expect([x3, x4]).toEqual([x2, x1]);
    expect(y1).toBeGreaterThan(y4 ?? Infinity);
    expect(y2).toBeGreaterThan(y3 ?? Infinity);
  });

  it('leave out points without a value', () => {
    const text = draw([point(4, 0.6), point(8, Number.NaN), point(16, 0.8)]);
    expect(text.match(/<title>/g)).toHaveLength(2);
    expect(text).toContain('<title>encoder &amp; co, x 16: 0.80 [0.78, 0.82]</title>');
  });

  it('are read at every x that one of them has a value at', () => {
    const random = { label: 'random', style: transferStyle('random') };
    const { readings, axis } = chartOf([
      encoder([point(4, 0.6), point(16, 0.8)]),
      { ...random, points: [point(4, 0.5), { ...point(8, 0.55), low: Number.NaN }] },
    ]).draw();
    expect(readings?.positions).toEqual([4, 8, 16].map((x) => axis?.scale.at(x)));
    expect(readings?.read(0)).toMatchObject({ heading: 'X 4', note: 'All of it.' });
    expect(readings?.read(0)?.entries.map(({ label, value }) => `${label} ${value}`)).toEqual([
      'encoder & co 0.60',
      'random 0.50',
    ]);
    const middle = readings?.read(1);
    expect(middle?.entries).toEqual([
      { style: random.style, label: 'random', value: '0.55', interval: null },
    ]);
    expect(middle === undefined || middle === null ? '' : spokenReading(middle)).toBe(
      'X 8: random 0.55.',
    );
  });

  it('end at the edges of a stretch of the axis, whose heights the y axis takes', () => {
    const line = [point(4, 0.1), point(8, 0.5), point(16, 0.9)];
    const { markup, plot } = chartOf([encoder(line)], 'linear').draw({ view: [6, 12] });
    const path = /<polyline class="series" points="([^"]*)"/.exec(markup.text)?.[1] ?? '';
    const xs = path
      .trim()
      .split(' ')
      .map(Number)
      .filter((_, i) => i % 2 === 0);
    expect(xs).toHaveLength(3);
    expect([xs[0], xs[2]]).toEqual([plot.left, plot.right]);
    // From 0.28 to 0.72, and not from 0.08 to 0.92.
    expect(markup.text).toContain('>0.2</text>');
    expect(markup.text).not.toContain('>0.0</text>');
    expect(markup.text.match(/<title>/g)).toHaveLength(1);
  });

  it('cross the edge of a logarithmic axis where the straight line between doublings does', () => {
    const { markup, plot } = chartOf([encoder([point(4, 0.2), point(16, 0.6)])]).draw({
      view: [8, 16],
    });
    const whole = chartOf([encoder([point(8, 0.4), point(16, 0.6)])]).draw({ view: [8, 16] });
    const firstOf = (text: string) => /class="series" points="([\d.]+ [\d.]+) /.exec(text)?.[1];
    expect(firstOf(markup.text)).toBe(firstOf(whole.markup.text));
    expect(firstOf(markup.text)?.startsWith(`${plot.left} `)).toBe(true);
  });

  it('keep round ticks where no label count is in view', () => {
    const { axis } = chartOf([encoder([point(4, 0.2), point(16, 0.6)])]).draw({ view: [9, 15] });
    expect(axis?.scale.ticks.length).toBeGreaterThan(1);
  });

  it('are drawn in any size, with more values on longer axes', () => {
    const chart = chartOf([encoder([point(4, 0.2), point(16, 0.6)])], 'linear');
    const ticksOf = (width: number) => chart.draw({ width }).axis?.scale.ticks.length ?? 0;
    expect(chart.draw({ width: 1400, heading: false }).plot.right).toBeGreaterThan(1300);
    expect(ticksOf(1400)).toBeGreaterThan(ticksOf(360));
    expect(chart.draw({ heading: false }).markup.text).not.toContain('>Title</text>');
  });
});

describe('arms', () => {
  it('differ in colour, dash and marker, each of them alone', () => {
    const styles = TRANSFERS.map(transferStyle);
    for (const property of ['colour', 'dash', 'marker'] as const) {
      expect(new Set(styles.map((style) => style[property])).size).toBe(TRANSFERS.length);
    }
  });

  it('of every task can be told apart in one chart', () => {
    const styles = PRETRAINING_TASKS.map((_, i) => taskStyle(i));
    expect(new Set(styles.map((style) => JSON.stringify(style))).size).toBe(styles.length);
  });

  it('have escaped names in legends', () => {
    expect(legend([{ label: '<b>', style: transferStyle('random') }]).text).toContain(
      '&lt;b&gt;</li>',
    );
  });
});
