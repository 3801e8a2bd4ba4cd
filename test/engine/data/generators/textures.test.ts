import { describe, expect, it } from 'vitest';
import { gaussianBlur } from '../../../../engine/data/generators/exposure.ts';
import {
  drawShape,
  regularPolygon,
  Scene,
  SHAPES,
} from '../../../../engine/data/generators/shapes.ts';
import { drawTexture } from '../../../../engine/data/generators/textures.ts';
import { valueNoise } from '../../../../engine/data/generators/value-noise.ts';
import { createRandom } from '../../../../shared/random.ts';

const moments = (field: Float64Array) => {
  const mean = field.reduce((a, b) => a + b, 0) / field.length;
  return { mean, variance: field.reduce((a, b) => a + (b - mean) ** 2, 0) / field.length };
};

/** Correlation of horizontal neighbours: 1 for what is smooth, below 0 for what alternates. */
const neighbourCorrelation = (field: Float64Array, sizePx: number) => {
  let sum = 0;
  for (let i = 0; i < field.length; i++) {
    if (i % sizePx < sizePx - 1) sum += (field[i] ?? 0) * (field[i + 1] ?? 0);
  }
  return sum / (field.length - sizePx);
};

describe('textures', () => {
  it.each(['stripes', 'checker', 'dots', 'granular', 'smooth', 'honeycomb'] as const)(
    '%s have mean 0 and variance 1',
    (texture) => {
      const { mean, variance } = moments(drawTexture(texture, 64, createRandom(2, texture)));
      expect(mean).toBeCloseTo(0, 10);
      expect(variance).toBeCloseTo(1, 10);
    },
  );

  it('are rough where granular and soft where smooth', () => {
    const random = createRandom(4, 'grain');
    expect(neighbourCorrelation(drawTexture('granular', 96, random), 96)).toBeLessThan(0.9);
    expect(neighbourCorrelation(drawTexture('smooth', 96, random), 96)).toBeGreaterThan(0.95);
  });

  it('upsample their grid cubically: a field of few cells has no jumps', () => {
    const field = valueNoise(200, 3, createRandom(1, 'field'));
    for (let i = 0; i < field.length; i++) {
      if (i % 200 === 199) continue;
      expect(Math.abs((field[i + 1] ?? 0) - (field[i] ?? 0))).toBeLessThan(0.12);
    }
  });
});

describe('shapes', () => {
  it('stay within their reach and keep about the area of their radius', () => {
    const random = createRandom(5, 'shapes');
    for (const shape of SHAPES) {
      for (let k = 0; k < 20; k++) {
        const outline = drawShape(shape, 30, random);
        let area = 0;
        for (let y = -70; y <= 70; y++) {
          for (let x = -70; x <= 70; x++) {
            if (!outline.contains(x, y)) continue;
            area++;
            expect(Math.hypot(x, y)).toBeLessThanOrEqual(outline.reachPx + 1e-9);
          }
        }
        // A triangle covers .41 of its circumcircle, a wavy blob up to 1.07 of its circle.
        expect(area / (Math.PI * 30 ** 2)).toBeGreaterThan(0.4);
        expect(area / (Math.PI * 30 ** 2)).toBeLessThan(1.1);
      }
    }
  });

  it('know a square: corners on the axes', () => {
    const square = regularPolygon(4, 10, 0);
    expect(square.contains(9.9, 0)).toBe(true);
    expect(square.contains(4.9, 4.9)).toBe(true);
    expect(square.contains(5.1, 5.1)).toBe(false);
    expect(square.contains(-5.1, 5.1)).toBe(false);
  });

  it('never touch one another, and are left out where there is no room', () => {
    const random = createRandom(6, 'scene');
    const scene = new Scene(40);
    const owner = new Int32Array(1600);
    let placed = 0;
    for (let k = 1; k <= 40; k++) {
      const pixels = scene.place(drawShape('ellipse', 6, random), 6, random);
      if (pixels === null) continue;
      placed++;
      for (const p of pixels) owner[p] = k;
    }
    expect(placed).toBeGreaterThan(3);
    expect(placed).toBeLessThan(40);
    for (let i = 0; i < owner.length; i++) {
      const own = owner[i] ?? 0;
      const right = i % 40 < 39 ? (owner[i + 1] ?? 0) : 0;
      const below = owner[i + 40] ?? 0;
      for (const other of [right, below]) {
        if (own !== 0 && other !== 0) expect(other).toBe(own);
      }
    }
  });
});

describe('the blur', () => {
  it('keeps the mean of a point and spreads it as a Gaussian', () => {
    const point = new Float64Array(21 * 21);
    point[10 * 21 + 10] = 1;
    const blurred = gaussianBlur(point, 21, 1);
    expect(blurred.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect((blurred[10 * 21 + 11] ?? 0) / (blurred[10 * 21 + 10] ?? 1)).toBeCloseTo(
      Math.exp(-0.5),
      12,
    );
  });
});
