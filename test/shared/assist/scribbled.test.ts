/** What a classifier learns from: strokes here, and labels of other images beside them. */
import { describe, expect, it } from 'vitest';
import { labelledTiles, scribbledSet, type TileSamples } from '../../../shared/assist/scribbled.ts';

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
});
