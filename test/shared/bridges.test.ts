import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinedRing } from '../../shared/bridges.ts';
import { forEachRingRun } from '../../shared/geometry.ts';
import { traceParts } from '../../shared/tracing.ts';

/** Pixels that rings cover by the even-odd rule. */
function covered(rings: readonly (readonly number[])[], width: number, height: number): number[] {
  const out = new Array<number>(width * height).fill(0);
  const fill = (y: number, x0: number, x1: number) => out.fill(1, y * width + x0, y * width + x1);
  forEachRingRun(rings, [height, width], fill);
  return out;
}

test('parts have their own holes, and joined by bridges they cover the same pixels', () => {
  const pixels = fc.array(fc.constantFrom(0, 1, 1), { minLength: 8, maxLength: 160 });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), pixels, (width, values) => {
      const height = Math.floor(values.length / width);
      const drawn = values.slice(0, width * height);
      const box = { x0: 0, y0: 0, x1: width, y1: height };
      const parts = traceParts((x, y) => drawn[y * width + x] === 1, box);
      const each = parts.map(({ outer, holes }) => covered([outer, ...holes], width, height));
      // No part covers a pixel of another: each hole is where it belongs.
      expect(drawn.map((_, i) => each.reduce((sum, one) => sum + (one[i] ?? 0), 0))).toEqual(drawn);
      const ring = joinedRing(parts);
      if (parts.length > 0) expect(covered([ring], width, height)).toEqual(drawn);
    }),
    { numRuns: 100 },
  );
});
