import { describe, expect, it } from 'vitest';
import { imageRows, type ImageArm, testedRun } from '../../../renderer/state/image-scores.ts';
import { parseLabelCounts, parseLearningRates } from '../../../renderer/state/label-counts.ts';
import { paintErrors, paintLabels } from '../../../renderer/views/compare/overlay-paint.ts';
import type { Run } from '../../../shared/entities.ts';

describe('label counts as typed', () => {
  it('are numbers and “all”, however they are separated', () => {
    expect(parseLabelCounts('4, 16;ALL  8')).toEqual([4, 16, 'all', 8]);
  });
  it('are refused where one cannot be read', () => {
    for (const text of ['', ' , ', '4, x', '0', '-2', '1.5', 'al']) {
      expect(parseLabelCounts(text), text).toBeNull();
    }
  });
});

describe('learning rates as typed', () => {
  it('are numbers between 0 and 1, in any notation', () => {
    expect(parseLearningRates('5e-4, 0.002')).toEqual([0.0005, 0.002]);
    expect(parseLearningRates('0.01')).toEqual([0.01]);
  });
  it('are refused where one cannot be read', () => {
    for (const text of ['', 'x', '0', '-1', '1', '0.1, fast']) {
      expect(parseLearningRates(text), text).toBeNull();
    }
  });
});

describe('scores image by image', () => {
  // Only id and seed of a run are looked at.
  const run = (id: number, seed: number) => ({ id, seed }) as Run;
  const arm = (key: string, ...runs: Run[]): ImageArm => ({
    key,
    name: key,
    pretraining: null,
    transfer: 'random',
    runs,
  });
  const results = {
    images: [
      { imageId: 1, name: 'a', labelMapId: 1 },
      { imageId: 2, name: 'b', labelMapId: 2 },
    ],
    runs: [
      { runId: 10, predicts: true, dice: [0.2, 0.4] },
      { runId: 11, predicts: true, dice: [0.4, null] },
      { runId: 20, predicts: true, dice: [1, 1] },
    ],
  };

  it('are means over the seeds that have one', () => {
    const rows = imageRows(results, [arm('r', run(10, 0), run(11, 1)), arm('e', run(20, 0))], null);
    expect(rows[0]?.dice[0]).toBeCloseTo(0.3, 12);
    expect(rows[1]?.dice).toEqual([0.4, 1]);
  });

  it('or those of one seed, empty where it has none', () => {
    const rows = imageRows(results, [arm('r', run(10, 0), run(11, 1)), arm('e', run(20, 0))], 1);
    expect(rows.map((row) => row.dice)).toEqual([
      [0.4, null],
      [null, null],
    ]);
  });
});

describe('the run that is shown with an image', () => {
  it('is one that was tested on it: of several splits not all are', () => {
    const run = (id: number) => ({ id, seed: id }) as Run;
    const images = [1, 2].map((imageId) => ({ imageId, labelMapId: null, name: `${imageId}` }));
    const results = {
      images,
      runs: [
        { runId: 10, predicts: true, dice: [0.2, null] },
        { runId: 11, predicts: true, dice: [null, 0.4] },
      ],
    };
    expect(testedRun(results, [run(10), run(11)], 1)?.id).toBe(10);
    expect(testedRun(results, [run(10), run(11)], 2)?.id).toBe(11);
    expect(testedRun(results, [run(10)], 2)).toBeUndefined();
  });
});

describe('painting predictions over an image', () => {
  const pixel = (rgba: Uint8ClampedArray, at: number) => [...rgba.slice(4 * at, 4 * at + 4)];

  it('shows classes in their colours and leaves the background clear', () => {
    const rgba = new Uint8ClampedArray(16);
    const classes = [{ index: 1, name: 'cell', color: '#102030' }];
    paintLabels(rgba, new Uint8Array([0, 1, 255, 9]), { classes, hasBackground: true });
    expect(pixel(rgba, 0)).toEqual([0, 0, 0, 0]);
    expect(pixel(rgba, 1)).toEqual([16, 32, 48, 255]);
    expect(pixel(rgba, 2)[3]).toBe(255);
    expect(pixel(rgba, 3)[3]).toBe(255);
  });

  it('tells found, missed and invented apart, and skips what is ignored', () => {
    const rgba = new Uint8ClampedArray(24);
    const maps = {
      truth: new Uint8Array([1, 1, 0, 2, 255, 0]),
      prediction: new Uint8Array([1, 0, 1, 1, 1, 0]),
    };
    paintErrors(rgba, maps, { hasBackground: true });
    const [found, missed, invented, wrongClass, ignored, background] = [0, 1, 2, 3, 4, 5].map(
      (at) => pixel(rgba, at),
    );
    expect(new Set([found, missed, invented].map(String)).size).toBe(3);
    expect(wrongClass).toEqual(invented);
    expect(ignored).toEqual([0, 0, 0, 0]);
    expect(background).toEqual([0, 0, 0, 0]);
  });

  it('paints class 0 where it is no background, found or of another class', () => {
    const labels = new Uint8ClampedArray(8);
    const classes = [{ index: 0, name: 'sky', color: '#405060' }];
    paintLabels(labels, new Uint8Array([0, 255]), { classes, hasBackground: false });
    expect(pixel(labels, 0)).toEqual([64, 80, 96, 255]);
    const rgba = new Uint8ClampedArray(16);
    const maps = {
      truth: new Uint8Array([0, 0, 1, 255]),
      prediction: new Uint8Array([0, 1, 0, 0]),
    };
    paintErrors(rgba, maps, { hasBackground: false });
    const [found, wrong, other, ignored] = [0, 1, 2, 3].map((at) => pixel(rgba, at));
    expect(found?.[3]).toBe(255);
    expect(wrong).toEqual(other);
    expect(wrong).not.toEqual(found);
    expect(ignored).toEqual([0, 0, 0, 0]);
  });
});
