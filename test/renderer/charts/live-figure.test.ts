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

describe('live curves that are saved', () => {
  it('say what they are and reach as far as the training will', () => {
    const text = liveFigure({ ...curves, series: [random] })?.text ?? '';
    expect(text).toContain('Validation Dice with 4 labels');
    expect(text).toContain('>100</text>');
    expect(text).toContain('stroke-dasharray:2 3');
    expect(text).not.toContain('legend');
  });

  it('name their lines where there are several', () => {
    const encoder = { ...random, label: 'Segmentation, encoder', dash: 'none' };
    const text = liveFigure({ ...curves, series: [random, encoder] })?.text ?? '';
    expect(text.match(/<li>/g)).toHaveLength(2);
    expect(text).toContain('Segmentation, encoder');
  });

  it('are nothing before there is a point', () => {
    expect(liveFigure({ ...curves, series: [{ ...random, points: [] }] })).toBeNull();
  });
});
