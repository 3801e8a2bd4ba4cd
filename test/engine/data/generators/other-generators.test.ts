import { describe, expect, it } from 'vitest';
import { findGenerator } from '../../../../engine/data/generators/registry.ts';

const draw = (name: string, count: number, sizePx = 64) => {
  const generator = findGenerator(name);
  return Array.from({ length: count }, (_, i) => generator.draw(i, { sizePx, seed: 2 }));
};

/** Number of 8-connected regions of a class. */
function regions(labels: Uint8Array, sizePx: number, classId: number): number {
  const left = new Set([...labels.keys()].filter((i) => labels[i] === classId));
  let count = 0;
  for (const start of left) {
    count++;
    const open = [start];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (!left.delete(at)) continue;
      const x = at % sizePx;
      for (const dy of [-sizePx, 0, sizePx]) {
        for (const dx of [-1, 0, 1]) {
          if (x + dx >= 0 && x + dx < sizePx) open.push(at + dy + dx);
        }
      }
    }
  }
  return count;
}

describe('the sets after ConRec', () => {
  it('hold two circles or squares, and are named after them', () => {
    const seen = new Set<number>();
    for (const { labelMap, imageClass } of draw('circle-square', 60)) {
      const squares = imageClass ?? NaN;
      expect(regions(labelMap.data, 64, 2)).toBe(squares);
      expect(regions(labelMap.data, 64, 1)).toBe(2 - squares);
      seen.add(squares);
    }
    expect(seen.size).toBe(3);
  });

  it('hold one rectangle and one triangle of the kinds that name them', () => {
    const seen = new Set<number>();
    for (const { labelMap, imageClass } of draw('rectangle-triangle', 60)) {
      const kinds = [1, 2, 3, 4].filter((c) => regions(labelMap.data, 64, c) === 1);
      const named = imageClass ?? NaN;
      expect(kinds).toEqual([named < 2 ? 1 : 2, named % 2 === 0 ? 3 : 4]);
      seen.add(named);
    }
    expect(seen.size).toBe(4);
  });
});

describe('cells and vessels', () => {
  it('draw several separate bright nuclei', () => {
    for (const { image, labelMap } of draw('cells', 10, 96)) {
      expect(regions(labelMap.data, 96, 1)).toBeGreaterThan(3);
      const mean = (classId: number) => {
        const values = image.data.filter((_, i) => labelMap.data[i] === classId);
        return values.reduce((a, b) => a + b, 0) / values.length;
      };
      expect(mean(1)).toBeGreaterThan(1.5 * mean(0));
    }
  });

  it('draw a few trees whose branches hang together, darker than their ground', () => {
    for (const { image, labelMap } of draw('vessels', 10, 96)) {
      expect(regions(labelMap.data, 96, 1)).toBeLessThanOrEqual(4);
      const share = labelMap.data.reduce((a, b) => a + b, 0) / labelMap.data.length;
      expect(share).toBeGreaterThan(0.02);
      expect(share).toBeLessThan(0.4);
      const mean = (classId: number) => {
        const values = image.data.filter((_, i) => labelMap.data[i] === classId);
        return values.reduce((a, b) => a + b, 0) / values.length;
      };
      expect(mean(1)).toBeLessThan(mean(0));
    }
  });
});
