import { describe, expect, it } from 'vitest';
import { readoutPlace } from '../../../renderer/charts/readout-place.ts';

const size = { width: 200, height: 100 };
const page = { width: 1000, height: 600 };

describe('a readout', () => {
  it('stands right of and below what it is about', () => {
    expect(readoutPlace({ x: 300, y: 200 }, size, page)).toEqual({ left: 314, top: 214 });
  });

  it('stands left of it at the right edge, and covers it nowhere', () => {
    const { left } = readoutPlace({ x: 900, y: 200 }, size, page);
    expect(left + size.width).toBeLessThan(900);
  });

  it.each([
    { x: 2, y: 598 },
    { x: 998, y: 598 },
    { x: -40, y: -40 },
    { x: 150, y: 300 },
  ])('is wholly in the window at $x, $y', (anchor) => {
    const { left, top } = readoutPlace(anchor, size, page);
    expect(left).toBeGreaterThanOrEqual(0);
    expect(top).toBeGreaterThanOrEqual(0);
    expect(left + size.width).toBeLessThanOrEqual(page.width);
    expect(top + size.height).toBeLessThanOrEqual(page.height);
  });
});
