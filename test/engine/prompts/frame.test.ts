import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { framedPrompts, logitsOf, maskOf, pictureSize } from '../../../engine/prompts/frame.ts';
import { forEachSpan, pixelsOf, RunWriter } from '../../../shared/mask-runs.ts';

const disc = (
  region: { width: number; height: number },
  at: { x: number; y: number; r: number },
) => {
  const writer = new RunWriter(region.width);
  for (let y = 0; y < region.height; y++) {
    const half = at.r ** 2 - (y + 0.5 - at.y) ** 2;
    if (half <= 0) continue;
    const x0 = Math.max(0, Math.round(at.x - Math.sqrt(half)));
    const x1 = Math.min(region.width, Math.round(at.x + Math.sqrt(half)));
    if (x1 > x0) writer.add(y, x0, x1);
  }
  return writer;
};

const pixels = (runs: readonly number[], width: number): Set<number> => {
  const all = new Set<number>();
  forEachSpan(runs, width, (y, x0, x1) => {
    for (let x = x0; x < x1; x++) all.add(y * width + x);
  });
  return all;
};

describe('the frame', () => {
  it('holds the picture with its longest side filled', () => {
    expect(pictureSize({ width: 320, height: 256 })).toEqual({ width: 1024, height: 819 });
    expect(pictureSize({ width: 10, height: 4000 })).toEqual({ width: 3, height: 1024 });
  });

  it('counts points from the middle of the first pixel of the region, and pads where there is no box', () => {
    const region = { left: 100, top: 50, width: 512, height: 256 };
    const inside = { x: 100.5, y: 50.5, inside: true };
    expect(framedPrompts(region, { points: [inside] })).toEqual({
      coordinates: [0.5, 0.5, 0, 0],
      labels: [1, -1],
    });
    const box = { x0: 612, y0: 60, x1: 110, y1: 306 };
    expect(framedPrompts(region, { points: [{ ...inside, inside: false }], box })).toEqual({
      coordinates: [0.5, 0.5, 19.5, 19.5, 1023.5, 511.5],
      labels: [0, 2, 3],
    });
  });

  it('gives a drawn shape back almost as it was, in regions of any size', () => {
    for (const region of [
      { left: 0, top: 0, width: 320, height: 256 },
      { left: 7, top: 3, width: 1000, height: 1500 },
      { left: 0, top: 0, width: 90, height: 31 },
    ]) {
      const radius = Math.min(region.width, region.height) / 3;
      const drawn = disc(region, { x: region.width / 2, y: region.height / 2, r: radius });
      const found = maskOf(logitsOf(drawn.runs, region), region);
      const [before, after] = [pixels(drawn.runs, region.width), pixels(found.runs, region.width)];
      const common = [...after].filter((pixel) => before.has(pixel)).length;
      expect(common / (before.size + after.size - common)).toBeGreaterThan(0.97);
      expect(found.area).toBe(after.size);
    }
  });

  it('is all inside or all outside where the logits say so', () => {
    const region = { left: 0, top: 0, width: 33, height: 12 };
    expect(maskOf(new Float32Array(65_536).fill(1), region).runs).toEqual([0, 33 * 12]);
    expect(maskOf(new Float32Array(65_536).fill(-1), region).runs).toEqual([]);
  });
});

describe('runs of a shape', () => {
  it('come back as the spans that they were written from', () => {
    const row = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) => {
        const writer = new RunWriter(7);
        const expected = new Set<number>();
        rows.forEach((inside, y) =>
          inside.forEach((isIn, x) => {
            if (!isIn) return;
            writer.add(y, x, x + 1);
            expected.add(y * 7 + x);
          }),
        );
        expect(pixels(writer.runs, 7)).toEqual(expected);
        expect(writer.area).toBe(expected.size);
        expect(pixelsOf(writer.runs)).toBeLessThanOrEqual(7 * rows.length);
      }),
    );
  });
});
