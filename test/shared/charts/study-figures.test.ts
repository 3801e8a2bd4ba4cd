import { describe, expect, it } from 'vitest';
import type { ArmSummary } from '../../../shared/analysis.ts';
import { scoreFigures } from '../../../shared/charts/study-figures.ts';

function arm(over: Partial<ArmSummary>): ArmSummary {
  return {
    pretraining: null,
    transfer: 'random',
    labels: 4,
    seeds: [0, 1],
    failed: 0,
    testImages: 40,
    dice: 0.6,
    diceCi95: [0.55, 0.65],
    diceSd: 0.03,
    iou: 0.5,
    hd95: 12,
    boundaryF1: 0.6,
    diceLast: 0.6,
    dicePerSeed: [0.59, 0.61],
    setIou: null,
    classes: [],
    empty: null,
    ...over,
  };
}

describe('Dice against label count, seen in part', () => {
  const encoder = { pretraining: 'segmentation', transfer: 'encoder' } as const;
  const figures = scoreFigures({
    arms: [
      arm({}),
      arm({ labels: 16, dice: 0.7, diceCi95: [0.66, 0.74] }),
      arm({ ...encoder, dice: 0.7, diceCi95: [0.66, 0.74] }),
      arm({ ...encoder, labels: 16, dice: 0.78, diceCi95: [0.75, 0.81] }),
    ],
  });
  /** Values left of the y axis. */
  const values = (view: readonly [number, number] | null) => {
    const text = figures[0]?.charts[0]?.draw({ view }).markup.text ?? '';
    return [...text.matchAll(/class="end"[^>]*>([\d.]+)</g)].map(([, value]) => Number(value));
  };

  it('has the y axis of what is seen, where lines pass without a point too', () => {
    expect(Math.min(...values(null))).toBeLessThanOrEqual(0.55);
    const between = values([7, 9]);
    expect(Math.min(...between)).toBeGreaterThanOrEqual(0.55);
    expect(Math.max(...between)).toBeLessThanOrEqual(0.8);
  });
});
