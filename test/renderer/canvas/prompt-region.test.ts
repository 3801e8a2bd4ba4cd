import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { promptRegion } from '../../../renderer/canvas/prompt-region.ts';

const whole = (width: number, height: number) => ({ x0: 0, y0: 0, x1: width, y1: height });

describe('the part that a network looks at', () => {
  test('is the whole of an image that is seen whole, and what is in view of a larger one', () => {
    const image = { width: 1000, height: 700 };
    const options = { image, needed: null, last: null };
    expect(promptRegion({ ...options, view: whole(1000, 700) })).toEqual({
      ...{ left: 0, top: 0, width: 1000, height: 700 },
    });
    const view = { x0: 700, y0: 500, x1: 900, y1: 650 };
    const part = promptRegion({ ...options, view });
    expect(part.width).toBeLessThan(450);
    expect(part.left).toBeLessThanOrEqual(700);
    expect(part.left + part.width).toBeGreaterThanOrEqual(900);
  });

  test('stays while it serves, and is another where objects would be too small or beside it', () => {
    const image = { width: 4000, height: 4000 };
    const first = promptRegion({ ...{ image, needed: null, last: null }, view: whole(1000, 1000) });
    const near = { x0: 40, y0: 30, x1: 1000, y1: 1000 };
    expect(promptRegion({ image, needed: null, last: first, view: near })).toBe(first);
    const click = { x0: 500, y0: 500, x1: 500, y1: 500 };
    expect(promptRegion({ image, needed: click, last: first, view: near })).toBe(first);
    const closer = { x0: 450, y0: 450, x1: 550, y1: 550 };
    expect(promptRegion({ image, needed: click, last: first, view: closer })).not.toBe(first);
    const elsewhere = { x0: 3000, y0: 3000, x1: 3000, y1: 3000 };
    expect(promptRegion({ image, needed: elsewhere, last: first, view: near })).not.toBe(first);
  });

  test('always lies in the image and holds what is needed', () => {
    const side = fc.integer({ min: 1, max: 6000 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const rect = fc.tuple(share, share, share, share);
    const place = (
      [a, b, c, d]: readonly number[],
      { width, height }: { width: number; height: number },
    ) => ({
      x0: Math.min(a ?? 0, b ?? 0) * width,
      x1: Math.max(a ?? 0, b ?? 0) * width,
      y0: Math.min(c ?? 0, d ?? 0) * height,
      y1: Math.max(c ?? 0, d ?? 0) * height,
    });
    fc.assert(
      fc.property(side, side, rect, fc.option(rect), (width, height, inView, wanted) => {
        const image = { width, height };
        const needed = wanted === null ? null : place(wanted, image);
        const part = promptRegion({ image, view: place(inView, image), needed, last: null });
        expect(part.left).toBeGreaterThanOrEqual(0);
        expect(part.left + part.width).toBeLessThanOrEqual(width);
        expect(part.top + part.height).toBeLessThanOrEqual(height);
        if (needed === null || Math.max(needed.x1 - needed.x0, needed.y1 - needed.y0) > 4000)
          return;
        expect(part.left).toBeLessThanOrEqual(needed.x0);
        expect(part.left + part.width).toBeGreaterThanOrEqual(needed.x1);
        expect(part.top + part.height).toBeGreaterThanOrEqual(needed.y1);
      }),
    );
  });
});
