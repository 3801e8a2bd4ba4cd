import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Conversions, toValues } from '../../../../engine/training/images/channels.ts';
import {
  sampleWindow,
  type Turn,
  type Window,
  windowAt,
} from '../../../../engine/training/images/sample-window.ts';
import type { Samples } from '../../../../engine/data/decoded-image.ts';
import { labelLayout, planeInMemory } from '../../../../engine/training/images/image-store.ts';
import type { StoredTile, Tile } from '../../../../engine/training/images/tiles.ts';
import { IGNORE } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';

function reflected(index: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const i = ((index % period) + period) % period;
  return i < n ? i : period - i;
}

/** The definition, one pixel after another: bilinear along the tile's x, then its y; labels of the nearest pixel. */
function pixelByPixel(tile: Tile, window: Window, sizePx: number) {
  const { width, height, channels, data } = tile;
  const { step, turn } = window;
  const pixels = new Float32Array(sizePx * sizePx * channels);
  const labels = new Uint8Array(sizePx * sizePx);
  const value = (x: number, y: number, c: number) =>
    data[(reflected(y, height) * width + reflected(x, width)) * channels + c] ?? NaN;
  for (let y = 0; y < sizePx; y++) {
    let fx = window.originX + y * (turn.downX * step);
    let fy = window.originY + y * (turn.downY * step);
    for (let x = 0; x < sizePx; x++) {
      const [x0, y0] = [Math.floor(fx), Math.floor(fy)];
      const [dx, dy] = [fx - x0, fy - y0];
      for (let c = 0; c < channels; c++) {
        const upper = value(x0, y0, c) * (1 - dx) + value(x0 + 1, y0, c) * dx;
        const lower = value(x0, y0 + 1, c) * (1 - dx) + value(x0 + 1, y0 + 1, c) * dx;
        pixels[(y * sizePx + x) * channels + c] = upper * (1 - dy) + lower * dy;
      }
      const [nx, ny] = [Math.round(fx), Math.round(fy)];
      const outside = nx < 0 || ny < 0 || nx >= width || ny >= height;
      labels[y * sizePx + x] = outside ? IGNORE : (tile.labels?.[ny * width + nx] ?? NaN);
      fx += turn.rightX * step;
      fy += turn.rightY * step;
    }
  }
  return { pixels, labels };
}

const UPRIGHT: Turn = { rightX: 1, rightY: 0, downX: 0, downY: 1 };
const turns = fc
  .record({
    upright: fc.boolean(),
    a: fc.constantFrom(1, -1),
    b: fc.constantFrom(1, -1),
  })
  .map(({ upright, a, b }): Turn =>
    upright
      ? { rightX: a, rightY: 0, downX: 0, downY: b }
      : { rightX: 0, rightY: a, downX: b, downY: 0 },
  );

function randomTile(width: number, height: number, channels: number): Tile {
  const random = createRandom(width, 'tile', height, channels);
  return {
    imageId: 1,
    name: 'random',
    width,
    height,
    channels,
    data: Float32Array.from({ length: width * height * channels }, () => random.next()),
    labels: Uint8Array.from({ length: width * height }, () => random.below(3)),
    imageClass: null,
  };
}

describe('a window of a tile', () => {
  it('is bit for bit what its definition gives, whole pixels or not, inside the tile or far outside', () => {
    const side = fc.integer({ min: 1, max: 24 });
    const place = fc.oneof(
      fc.integer({ min: -60, max: 60 }),
      fc.double({ min: -60, max: 60, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.record({ width: side, height: side, channels: fc.constantFrom(1, 2, 3), sizePx: side }),
        fc.record({ left: place, top: place, scale: fc.constantFrom(1, 0.75, 1.13), turn: turns }),
        ({ width, height, channels, sizePx }, { left, top, scale, turn }) => {
          const tile = randomTile(width, height, channels);
          const window = windowAt({ left, top, side: sizePx * scale, sizePx, turn });
          expect(sampleWindow(tile, window, sizePx)).toEqual(pixelByPixel(tile, window, sizePx));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('of a tile with its samples as they are stored is bit for bit that of its values', () => {
    const side = fc.integer({ min: 1, max: 24 });
    const place = fc.oneof(
      fc.integer({ min: -30, max: 30 }),
      fc.double({ min: -30, max: 30, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.record({ width: side, height: side, sizePx: side }),
        fc.constantFrom([1, 1, 'as it is'], [3, 1, 'luma'], [1, 3, 'repeat'], [5, 5, 'as it is']),
        fc.record({ left: place, top: place, scale: fc.constantFrom(1, 0.75, 1.13), turn: turns }),
        ({ width, height, sizePx }, kind, { left, top, scale, turn }) => {
          const [from, channels, how] = kind as [number, number, Conversions['how']];
          const random = createRandom(width, 'stored tile', height, from);
          const data = Uint16Array.from({ length: width * height * from }, () => random.below(900));
          const pixels = { width, height, channels: from, data };
          const conversions = { how, channels, range: { low: 100, high: 800 } };
          const { labels } = randomTile(width, height, channels);
          const facts = { width, height, channels };
          const common = { ...facts, imageId: 1, name: 'random', imageClass: null };
          const stored: StoredTile = {
            ...{ ...common, conversions, stored: from },
            samples: planeInMemory<Samples>(data, {
              width,
              channels: from,
              make: (n) => new Uint16Array(n),
            }),
            labels: labels && planeInMemory(labels, labelLayout(width)),
          };
          const whole: Tile = { ...common, labels, data: toValues(pixels, conversions).data };
          const window = windowAt({ left, top, side: sizePx * scale, sizePx, turn });
          expect(sampleWindow(stored, window, sizePx)).toEqual(sampleWindow(whole, window, sizePx));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('at whole pixels is a crop', () => {
    const tile = randomTile(8, 6, 3);
    const window = windowAt({ left: 2, top: 1, side: 4, sizePx: 4, turn: UPRIGHT });
    const { pixels } = sampleWindow(tile, window, 4);
    for (let y = 0; y < 4; y++) {
      const start = ((y + 1) * 8 + 2) * 3;
      expect(pixels.subarray(y * 12, y * 12 + 12)).toEqual(tile.data.subarray(start, start + 12));
    }
  });

  it('has no labels where the tile has none', () => {
    const window = windowAt({ left: 0, top: 0, side: 4, sizePx: 4, turn: UPRIGHT });
    expect(sampleWindow({ ...randomTile(4, 4, 1), labels: null }, window, 4).labels).toBeNull();
  });
});
