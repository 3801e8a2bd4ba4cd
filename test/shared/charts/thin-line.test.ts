import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thinLine } from '../../../shared/charts/thin-line.ts';

describe('a thinned line', () => {
  it('is the line itself where its points are apart', () => {
    const line = [0.2, 1.9, 2, 7.5].map((x) => ({ x, y: -x }));
    expect(thinLine(line)).toEqual(line);
  });

  it('keeps ends, lowest and highest of what falls together, in their order', () => {
    const ys = [3, 4, 9, 5, 1, 2, 2];
    const line = ys.map((y, i) => ({ x: 5 + i / 10, y }));
    expect(thinLine(line).map(({ y }) => y)).toEqual([3, 9, 1, 2]);
  });

  it('reaches as far as the line, with at most four points a unit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ x: fc.double({ min: 0, max: 20, noNaN: true }), y: fc.integer() }), {
          minLength: 1,
        }),
        (points) => {
          const line = points.toSorted((a, b) => a.x - b.x);
          const thin = thinLine(line);
          const heights = (of: typeof line) => of.map(({ y }) => y);
          expect([thin[0], thin.at(-1)]).toEqual([line[0], line.at(-1)]);
          expect(Math.max(...heights(thin))).toBe(Math.max(...heights(line)));
          expect(Math.min(...heights(thin))).toBe(Math.min(...heights(line)));
          expect(thin.length).toBeLessThanOrEqual(4 * 21);
        },
      ),
    );
  });
});
