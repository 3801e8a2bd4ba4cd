import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  linearScale,
  log2Scale,
  niceDomain,
  niceTicks,
  tickLabel,
} from '../../../shared/charts/scale.ts';

describe('scales', () => {
  it('map the ends of a domain to the ends of the range, also downwards', () => {
    const y = linearScale([0.6, 0.8], [200, 20]);
    expect(y.at(0.6)).toBeCloseTo(200);
    expect(y.at(0.8)).toBeCloseTo(20);
    expect(y.at(0.7)).toBeCloseTo(110);
  });

  it('put doublings at equal distances', () => {
    const x = log2Scale([32, 4, 8, 8], [0, 300]);
    expect(x.ticks).toEqual([4, 8, 32]);
    expect([4, 8, 16, 32].map((value) => x.at(value))).toEqual([0, 100, 200, 300]);
  });

  it('put a single value in the middle', () => {
    expect(log2Scale([16], [0, 100]).at(16)).toBe(50);
  });

  it('choose ticks that are multiples of 1, 2 or 5', () => {
    expect(niceTicks([0.6, 0.85], 5)).toEqual([0.6, 0.65, 0.7, 0.75, 0.8, 0.85]);
    expect(niceTicks([0, 400], 4)).toEqual([0, 100, 200, 300, 400]);
    expect(niceTicks([-0.1, 0.15], 7)).toEqual([-0.1, -0.05, 0, 0.05, 0.1, 0.15]);
  });

  it('choose domains that hold every value and respect the limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
        (values) => {
          const [low, high] = niceDomain(values, { limits: [0, 1] });
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
          expect(low).toBeLessThan(high);
          expect(Math.min(...values)).toBeGreaterThanOrEqual(low - 1e-9);
          expect(Math.max(...values)).toBeLessThanOrEqual(high + 1e-9);
        },
      ),
    );
  });

  it('hold any number of values', () => {
    const values = Array.from({ length: 300_000 }, (_, i) => i / 300_000);
    expect(niceDomain(values)).toEqual([0, 1]);
  });

  it('ignore what is not finite, and have a domain for nothing at all', () => {
    expect(niceDomain([0.61, 0.84, Number.NaN])).toEqual([0.6, 0.85]);
    expect(niceDomain([])).toEqual([0, 1]);
  });

  it('label ticks with as few decimals as tell them apart', () => {
    expect([0, 0.05, 0.1].map((tick, _, ticks) => tickLabel(tick, ticks))).toEqual([
      '0.00',
      '0.05',
      '0.10',
    ]);
    expect([-100, 0, 100].map((tick, _, ticks) => tickLabel(tick, ticks))).toEqual([
      '−100',
      '0',
      '100',
    ]);
  });
});
