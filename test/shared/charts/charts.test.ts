import { describe, expect, it } from 'vitest';
import type { Comparison, StudiedPretraining, Verdict } from '../../../shared/analysis.ts';
import { taskStyle, transferStyle } from '../../../shared/charts/arm-style.ts';
import { legend } from '../../../shared/charts/chart.ts';
import { halvesChart, halvesOf } from '../../../shared/charts/halves.ts';
import { intervalRowsChart, type IntervalRow } from '../../../shared/charts/interval-rows.ts';
import { lineBandChart } from '../../../shared/charts/line-band.ts';
import { PRETRAINING_TASKS, TRANSFERS } from '../../../shared/entities.ts';

function comparison(over: Partial<Comparison>): Comparison {
  return {
    pretraining: 'segmentation',
    labels: 8,
    comparison: 'encoder − random',
    family: 'encoder',
    effect: 0.09,
    ci95: [0.06, 0.12],
    ci90: [0.07, 0.11],
    ci95Bootstrap: [0.07, 0.11],
    p: 0.0625,
    pHolm: 0.125,
    seeds: [0, 1, 2, 3, 4],
    testImages: 64,
    perSeed: [0.08, 0.09, 0.09, 0.09, 0.1],
    variance: null,
    wilcoxonP: 0.001,
    nonInferiorToSkip: null,
    verdict: 'helps',
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
    expect(decoder('hurts').state).toBe('drop');
    expect(decoder('equivalent').state).toBe('same');
    expect(decoder('equivalent, small but detectable').state).toBe('same');
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
    expect(halvesChart({ title: 'Segmentation, 8 labels', halves }).text).toContain(
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
    note: '<note>',
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
    const text = intervalRowsChart(options).text;
    const band = /class="band" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/.exec(text);
    const zero = /class="zero" x1="([\d.]+)"/.exec(text);
    const left = Number(band?.[1]);
    const width = Number(band?.[2]);
    expect(width).toBeGreaterThan(0);
    expect(left + width / 2).toBeCloseTo(Number(zero?.[1]), 1);
  });

  it('draw the 90 % whisker half as long as a 95 % one of twice its width, and thicker', () => {
    const text = intervalRowsChart(options).text;
    const whiskers = [
      ...text.matchAll(
        /x1="([\d.]+)" x2="([\d.]+)" y1="[\d.]+" y2="[\d.]+" style="[^"]*stroke-width:([\d.]+)"/g,
      ),
    ].map((match) => ({ length: Number(match[2]) - Number(match[1]), thick: Number(match[3]) }));
    expect(whiskers).toHaveLength(2);
    expect(whiskers[0]?.length).toBeCloseTo(2 * (whiskers[1]?.length ?? 0), 1);
    expect(whiskers[1]?.thick).toBeGreaterThan(whiskers[0]?.thick ?? 0);
  });

  it('draw an estimate without whiskers where there is no interval', () => {
    const none = [Number.NaN, Number.NaN] as const;
    const text = intervalRowsChart({
      ...options,
      rows: [{ ...row, wide: none, narrow: none }],
    }).text;
    expect(text).not.toContain('stroke-width:1.4');
    expect(text).toContain('stroke:var(--chart-paper)');
  });
});

describe('lines with bands', () => {
  const point = (x: number, y: number) => ({ x, y, low: y - 0.02, high: y + 0.02 });
  const draw = (points: ReturnType<typeof point>[]) =>
    lineBandChart({
      title: 'Title',
      description: 'Description',
      series: [{ label: 'encoder & co', style: transferStyle('encoder'), points }],
      x: { name: 'Labels', scale: 'log2', values: [4, 8, 16] },
      y: { name: 'Dice', domain: [0.5, 1] },
      markers: 'every point',
      note: ({ label }, { x, y }) => `${label}: ${y} at ${x}`,
      width: 360,
      height: 260,
    }).text;

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
    expect(text).toContain('<title>encoder &amp; co: 0.8 at 16</title>');
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
