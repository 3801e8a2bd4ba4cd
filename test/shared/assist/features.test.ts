import { expect, it } from 'vitest';
import { featureCount, regionNeeded, TileFeatures } from '../../../shared/assist/features.ts';
import { type Area, cutRegion, mirrored } from '../../../shared/assist/region.ts';
import type { ImagePixels } from '../../../shared/display.ts';
import { createRandom } from '../../../shared/random.ts';

function noise(width: number, height: number, channels: number): ImagePixels {
  const random = createRandom(1, 'noise');
  const data = Uint16Array.from({ length: width * height * channels }, () => random.below(65_536));
  return { width, height, channels, bitDepth: 16, data };
}

/** Where the numbers of each scale begin, behind the sample. */
const SCALES = [0, 7, 12, 19];

/** Of every pixel of an area, row by row. */
function featuresOf(pixels: ImagePixels, area: Area): Float32Array {
  const tile = new TileFeatures(area, cutRegion(pixels, regionNeeded(area)));
  const width = area.x1 - area.x0;
  const out = new Float32Array(width * (area.y1 - area.y0) * tile.count);
  for (let y = 0; y < area.y1 - area.y0; y++) {
    const row = new Float32Array(width * tile.count);
    tile.row(y, row);
    out.set(row, y * row.length);
  }
  return out;
}

it('has the same bits whatever tile a pixel is computed in', () => {
  const pixels = noise(75, 61, 2);
  const count = featureCount(2);
  const whole = featuresOf(pixels, { x0: 0, y0: 0, x1: 75, y1: 61 });
  for (const area of [
    { x0: 0, y0: 0, x1: 32, y1: 61 },
    { x0: 13, y0: 7, x1: 40, y1: 30 },
    { x0: 74, y0: 60, x1: 75, y1: 61 },
  ]) {
    const width = area.x1 - area.x0;
    const own = featuresOf(pixels, area);
    for (let y = area.y0; y < area.y1; y++) {
      const at = (y - area.y0) * width * count;
      const from = (y * 75 + area.x0) * count;
      expect(own.subarray(at, at + width * count)).toEqual(
        whole.subarray(from, from + width * count),
      );
    }
  }
});

it('tells of one pixel what it tells in its row', () => {
  const pixels = noise(40, 30, 1);
  const area = { x0: 0, y0: 0, x1: 40, y1: 30 };
  const tile = new TileFeatures(area, cutRegion(pixels, regionNeeded(area)));
  const whole = featuresOf(pixels, area);
  const one = new Float32Array(tile.count);
  tile.pixel(17, 21, one, 0);
  const from = (21 * 40 + 17) * tile.count;
  expect(one).toEqual(whole.subarray(from, from + tile.count));
});

it('goes on mirrored beyond the edges', () => {
  expect([-3, -2, -1, 0, 1, 2, 3, 4, 5, 6].map((index) => mirrored(index, 3))).toEqual([
    2, 1, 0, 0, 1, 2, 2, 1, 0, 0,
  ]);
});

it('sees a slope as a gradient without curvature, at every scale', () => {
  const [width, height] = [400, 300];
  const data = Float32Array.from({ length: width * height }, (_, i) => 3 * (i % width));
  const pixels: ImagePixels = { width, height, channels: 1, bitDepth: 32, data };
  const area = { x0: 200, y0: 150, x1: 201, y1: 151 };
  const [sample, ...scales] = featuresOf(pixels, area);
  expect(sample).toBe(600);
  for (const [halvings, begin] of SCALES.entries()) {
    // A step of a halved image is two, four or eight pixels long.
    const slope = 3 * 2 ** halvings;
    const tensor = halvings % 2 === 0 ? [slope ** 2, 0] : [];
    [600, slope, 0, 0, 0, ...tensor].forEach((value, kind) =>
      expect(scales[begin + kind]).toBeCloseTo(value, 1),
    );
  }
});

it('smooths a point as the Gaussian of the scale says', () => {
  const size = 257;
  const data = new Float32Array(size * size);
  data[128 * size + 128] = 1e6;
  const pixels: ImagePixels = { width: size, height: size, channels: 1, bitDepth: 32, data };
  const found = featuresOf(pixels, { x0: 128, y0: 128, x1: 129, y1: 129 });
  [1, 2, 4, 8].forEach((sigma, scale) => {
    const wanted = 1e6 / (2 * Math.PI * sigma ** 2);
    const smoothed = found[1 + (SCALES[scale] ?? 0)] ?? 0;
    expect(Math.abs(smoothed / wanted - 1)).toBeLessThan(0.12);
  });
});

it('takes what is no number for 0', () => {
  const data = Float32Array.of(Number.NaN, Infinity, 1, 2);
  const pixels: ImagePixels = { width: 2, height: 2, channels: 1, bitDepth: 32, data };
  expect(featuresOf(pixels, { x0: 0, y0: 0, x1: 2, y1: 2 }).every(Number.isFinite)).toBe(true);
});
