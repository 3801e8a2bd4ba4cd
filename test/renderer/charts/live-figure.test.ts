import { describe, expect, it } from 'vitest';
import { liveFigure } from '../../../renderer/charts/live-figure.ts';

const curves = {
  title: 'Validation Dice with 4 labels',
  description: 'One curve an arm.',
  xLabel: 'Step',
  yLabel: 'Dice',
  yRange: [0, 1],
  xMax: 100,
} as const;
const random = {
  label: 'Random start',
  colour: 'var(--arm-random)',
  dash: '2 3',
  points: [
    { x: 0, y: 0.1 },
    { x: 50, y: 0.5 },
  ],
};

describe('live curves', () => {
  it('say what they are and reach as far as the training will', () => {
    const figure = liveFigure({ ...curves, series: [random] });
    const text = figure?.chart.draw().markup.text ?? '';
    expect(text).toContain('Validation Dice with 4 labels');
    expect(text).toContain('>100</text>');
    expect(text).toContain('stroke-dasharray="2 3"');
    expect(figure?.legend).toEqual([]);
  });

  it('name their lines where there are several', () => {
    const encoder = { ...random, label: 'Segmentation, encoder', dash: 'none' };
    const figure = liveFigure({ ...curves, series: [random, encoder] });
    expect(figure?.legend.map(({ label }) => label)).toEqual([
      'Random start',
      'Segmentation, encoder',
    ]);
  });

  it('show the whole range that was asked for, and a zoomed one as high as what is in it', () => {
    const figure = liveFigure({ ...curves, series: [random] });
    expect(figure?.chart.draw().markup.text).toContain('>1.0</text>');
    expect(figure?.chart.draw({ view: [0, 40] }).markup.text).not.toContain('>1.0</text>');
  });

  it('stay where they are zoomed while points arrive', () => {
    const more = { ...random, points: [...random.points, { x: 90, y: 0.9 }] };
    const ticks = [[random], [more]].map(
      (series) =>
        liveFigure({ ...curves, series })?.chart.draw({ view: [10, 40] }).axis?.scale.ticks,
    );
    expect(ticks[0]).toEqual(ticks[1]);
  });

  it('are nothing before there is a point', () => {
    expect(liveFigure({ ...curves, series: [{ ...random, points: [] }] })).toBeNull();
  });
});
