/** What a classifier learns from: strokes here, and labels of other images beside them. */
import { describe, expect, it } from 'vitest';
import {
  labelledPixels,
  labelledTiles,
  NO_SCRIBBLE,
  scribbledSet,
  type TileSamples,
} from '../../../shared/assist/scribbled.ts';

/** So many samples of a class, whose one number says where they come from. */
const samples = (value: number, count: number, from: number): TileSamples => ({
  features: new Float32Array(count).fill(from),
  values: new Uint8Array(count).fill(value),
});

/** How often each number is learned from, by class number. */
function learned(strokes: readonly TileSamples[], labelled: readonly TileSamples[]) {
  const { features, classes, values } = scribbledSet(strokes, 1, labelled);
  const counts: Record<string, number> = {};
  classes.forEach((index, i) => {
    const key = `${values[index] ?? -1} from ${features[i] ?? -1}`;
    counts[key] = (counts[key] ?? 0) + 1;
  });
  return counts;
}

describe('what is learned from', () => {
  const [here, elsewhere] = [1, 2];

  it('is every stroke once where no labels teach', () => {
    expect(learned([samples(3, 40, here), samples(0, 60, here)], [])).toEqual({
      '3 from 1': 40,
      '0 from 1': 60,
    });
  });

  it('is every stroke many times beside labels, which are at most 4,000 of a class', () => {
    const labels = [samples(0, 9000, elsewhere), samples(3, 500, elsewhere)];
    expect(learned([samples(3, 100, here)], labels)).toEqual({
      '0 from 2': 4000,
      '3 from 2': 500,
      '3 from 1': 1600,
    });
  });

  it('is no more than some thousand samples of strokes, however many there are', () => {
    const counts = learned([samples(3, 3000, here)], [samples(0, 10, elsewhere)]);
    expect(counts['3 from 1']).toBe(6000);
    expect(learned([], [samples(0, 10, elsewhere)])).toEqual({ '0 from 2': 10 });
  });
});

describe('the labels of an image', () => {
  it('teach as much of a small image as of a large one', () => {
    expect(labelledTiles(1, () => false)).toEqual({ tiles: [0], most: 500 });
    const { tiles, most } = labelledTiles(100, () => false);
    expect([new Set(tiles).size, most]).toEqual([16, 32]);
    expect(tiles).toEqual(tiles.toSorted((a, b) => a - b));
    expect(tiles).not.toEqual([...Array(16).keys()]);
  });

  it('are taken from where several classes are, first', () => {
    const isMixed = (tile: number) => [7, 50, 93].includes(tile);
    const { tiles } = labelledTiles(100, (tile) => !isMixed(tile));
    expect(tiles).toEqual(expect.arrayContaining([7, 50, 93]));
  });

  it('are learned from where a class ends, for one half, and elsewhere for the other', () => {
    const size = { width: 60, height: 40, stride: 60 };
    const tile = Uint8Array.from({ length: 2400 }, (_, i) => (i % 60 < 20 ? 2 : 0));
    const { pixels, values } = labelledPixels(tile, size, 50);
    const far = [...pixels].map((pixel) => Math.abs((pixel % 60) + 0.5 - 20));
    const ofClass = (value: number) => far.filter((_, i) => values[i] === value);
    for (const value of [0, 2]) {
      expect(ofClass(value)).toHaveLength(50);
      expect(ofClass(value).filter((one) => one <= 3).length).toBeGreaterThanOrEqual(25);
      expect(ofClass(value).filter((one) => one > 3).length).toBeGreaterThanOrEqual(15);
    }
    expect(new Set(pixels).size).toBe(100);
    expect([...values]).toEqual([...pixels].map((pixel) => tile[pixel]));
  });

  it('are learned from everywhere where one class is alone, and nowhere where nothing is said', () => {
    const size = { width: 30, height: 30, stride: 40 };
    const flat = new Uint8Array(1200).fill(3);
    expect(labelledPixels(flat, size, 50).pixels).toHaveLength(50);
    expect(labelledPixels(flat.fill(NO_SCRIBBLE), size, 50).pixels).toHaveLength(0);
    const few = flat.fill(0).fill(1, 0, 4);
    const { values } = labelledPixels(few, size, 50);
    expect([...values].filter((value) => value === 1)).toHaveLength(4);
  });
});
