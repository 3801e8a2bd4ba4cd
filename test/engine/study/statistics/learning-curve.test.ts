import { expect, it } from 'vitest';
import { curveObstacle, fitCurve } from '../../../../engine/study/statistics/learning-curve.ts';

const truth = (x: number) => 0.9 - 0.6 * x ** -0.7;
const exact = [4, 8, 16, 32, 64].map((x) => ({ x, y: truth(x), error: 0.005 }));

it('finds the curve that the points lie on', () => {
  const { at, gain } = fitCurve(exact);
  expect(at(16).estimate).toBeCloseTo(truth(16), 2);
  expect(at(128).estimate).toBeCloseTo(truth(128), 2);
  expect(gain(64, 128).estimate).toBeCloseTo(truth(128) - truth(64), 2);
});

it('holds what is true in its intervals, and is never outside of its bounds', () => {
  const fitted = fitCurve(exact);
  const gain = fitted.gain(64, 128);
  const real = truth(128) - truth(64);
  expect(gain.interval[0]).toBeLessThanOrEqual(real);
  expect(gain.interval[1]).toBeGreaterThanOrEqual(real);
  expect(gain.interval[0]).toBeGreaterThanOrEqual(0);
  const [low, high] = fitted.ceiling().interval;
  expect(low).toBeLessThanOrEqual(0.9);
  expect(high).toBeGreaterThanOrEqual(0.9);
  expect(high).toBeLessThanOrEqual(1);
});

it('promises nothing where the points fall', () => {
  const fitted = fitCurve([4, 8, 16].map((x, i) => ({ x, y: 0.8 - 0.1 * i, error: 0.01 })));
  expect(fitted.gain(16, 32).estimate).toBeCloseTo(0, 10);
});

it('refuses too few points, and points that are too alike', () => {
  expect(curveObstacle([{ x: 4 }, { x: 8 }, { x: 8 }])).toBe('few');
  expect(curveObstacle([{ x: 10 }, { x: 11 }, { x: 12 }])).toBe('alike');
  expect(curveObstacle([{ x: 4 }, { x: 8 }, { x: 16 }])).toBeNull();
});
