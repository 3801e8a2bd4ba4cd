import { describe, expect, it } from 'vitest';
import type { ImageOfRows, Samples } from '../../../../engine/data/decoded-image.ts';
import { networkRows, rowsOf, squeezed } from '../../../../engine/training/images/image-rows.ts';
import {
  createEnlargement,
  createShrinking,
  resizeLabels,
  type Raster,
} from '../../../../engine/training/images/resample.ts';
import { measureRange } from '../../../../engine/training/images/value-range.ts';
import { createRandom } from '../../../../shared/random.ts';

const raster = (width: number, height: number, channels: number, value: (i: number) => number) => ({
  width,
  height,
  channels,
  data: Float32Array.from({ length: width * height * channels }, (_, i) => value(i)),
});

/** Values at another size, all rows at once. */
function resizeValues(source: Raster, width: number, height: number): Raster {
  const shrinking = createShrinking(source, width, height);
  shrinking.add(source);
  return shrinking.result;
}

describe('resizing values', () => {
  it('agrees with an antialiased bilinear reference', () => {
    // torch 2.13: interpolate(arange(20).reshape(1, 1, 4, 5) ** 1.5, size, mode='bilinear', antialias=True)
    const source = raster(5, 4, 1, (i) => i ** 1.5);
    const down = resizeValues(source, 2, 3).data;
    [5.3439, 10.569, 25.6861, 34.8365, 55.817, 67.5869].forEach((v, i) =>
      expect(down[i]).toBeCloseTo(v, 3),
    );
    const up = resizeValues(source, 7, 6).data;
    const rows = [
      [0.0, 0.5714, 1.5224, 2.8284, 4.5197, 6.3978, 8.0],
      [5.5902, 6.8806, 8.6559, 10.6743, 12.9868, 15.4496, 17.5],
      [14.5874, 16.7248, 19.4804, 22.3618, 25.4378, 28.6235, 31.2305],
      [28.2157, 30.8649, 34.245, 37.7277, 41.3732, 45.1119, 48.1527],
      [44.8588, 47.9346, 51.8385, 55.831, 59.9659, 64.1833, 67.6011],
      [58.0948, 61.4692, 65.7408, 70.0928, 74.5748, 79.1325, 82.8191],
    ];
    rows.flat().forEach((v, i) => expect(up[i]).toBeCloseTo(v, 3));
  });

  it('averages areas when it shrinks by a whole factor far enough, and keeps constants', () => {
    const constant = resizeValues(
      raster(37, 23, 2, (i) => (i % 2 === 0 ? 0.25 : 0.75)),
      16,
      16,
    );
    expect(constant.data.every((v, i) => Math.abs(v - (i % 2 === 0 ? 0.25 : 0.75)) < 1e-6)).toBe(
      true,
    );
    const checker = resizeValues(
      raster(64, 64, 1, (i) => (i + Math.floor(i / 64)) % 2),
      16,
      16,
    );
    // At the border the filter is cut off, and one colour has a little more of it.
    expect(checker.data.every((v) => Math.abs(v - 0.5) < 0.02)).toBe(true);
  });

  it('leaves the size alone where it is right', () => {
    const source = raster(8, 8, 1, (i) => i);
    expect(resizeValues(source, 8, 8)).toEqual(source);
  });
});

it('resizes labels to the pixel under each centre', () => {
  const labels = { width: 4, height: 2, data: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 255) };
  expect([...resizeLabels(labels, 2, 2).data]).toEqual([1, 3, 5, 255]);
  expect([...resizeLabels(labels, 8, 2).data.subarray(0, 8)]).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
});

it('resizes the rows of labels as it does their columns, also where the width stays', () => {
  const column = { width: 1, height: 4, data: Uint8Array.of(1, 2, 3, 4) };
  expect([...resizeLabels(column, 1, 2).data]).toEqual([2, 4]);
  expect(resizeLabels(column, 1, 4)).toBe(column);
});

it('resizes an image that comes in rows to the same bits as one that is there', () => {
  const source = raster(23, 31, 2, (i) => Math.sin(i * 0.7));
  for (const [width, height] of [
    [16, 16],
    [40, 50],
  ] as const) {
    const whole = resizeValues(source, width, height);
    const shrinking = createShrinking(source, width, height);
    for (let top = 0; top < 31; top += 7) {
      const count = Math.min(7, 31 - top);
      const data = source.data.subarray(top * 46, (top + count) * 46);
      shrinking.add({ ...source, height: count, data });
    }
    expect(shrinking.result.data).toEqual(whole.data);
    const rows = createEnlargement(source, width, height);
    expect(rows(3, 5)).toEqual(whole.data.slice(3 * width * 2, 8 * width * 2));
  }
});

it('squeezes an image of many pieces as a whole one', async () => {
  // 2048 × 5000 values are two pieces.
  const source = raster(2048, 5000, 1, (i) => ((i * 7919) % 1000) / 1000);
  expect((await squeezed(rowsOf(source), 16)).data).toEqual(resizeValues(source, 16, 16).data);
});

/** One row of pixels as an opened image, which is read as often as it is asked for. */
function opened(channels: number, data: Samples, bitDepth: 8 | 16 | 32 = 8): ImageOfRows {
  const width = data.length / channels;
  return {
    ...{ width, height: 1, channels, bitDepth },
    rows: () => Promise.resolve(data),
  };
}
const networkInput = async (image: ImageOfRows, channels: number, subject = 'x') =>
  (await (await networkRows(image, channels, subject)).rows(0, 1)).data;

describe('network input', () => {
  it('scales 8-bit values by 255', async () => {
    expect([...(await networkInput(opened(1, Uint8Array.of(0, 51, 255)), 1))]).toEqual([
      ...Float32Array.of(0, 0.2, 1),
    ]);
  });

  it('stretches 16- and 32-bit values between percentiles and clips beyond', async () => {
    const values = Uint16Array.from({ length: 1001 }, (_, i) => 1000 + i);
    values[1000] = 65535;
    expect(await measureRange(opened(1, values, 16))).toEqual({ low: 1001, high: 1999 });
    const data = await networkInput(opened(1, values, 16), 1);
    expect([data[0], data[500], data[1000]].map((v) => Math.round((v ?? 0) * 1000) / 1000)).toEqual(
      [0, 0.5, 1],
    );
    const floats = await networkInput(opened(1, Float32Array.of(NaN, -1, 1, 3), 32), 1);
    expect([...floats]).toEqual([0, 0, 0.5, 1]);
  });

  it('finds percentiles exactly as sorting would, of any sign and size', async () => {
    const random = createRandom(3, 'value range test');
    for (const scale of [1e-30, 1, 1e30]) {
      const values = Float32Array.from({ length: 5003 }, () => scale * random.normal());
      values.set([Infinity, -Infinity, NaN, 0, -0], 17);
      const sorted = values.filter(Number.isFinite).sort();
      const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
      expect(await measureRange(opened(1, values, 32))).toEqual({
        low: at(0.001),
        high: at(0.999),
      });
    }
    expect(await measureRange(opened(1, Float32Array.of(NaN), 32))).toEqual({ low: 0, high: 0 });
  });

  it('turns a constant 16-bit image into zeros, not into NaN', async () => {
    expect([...(await networkInput(opened(1, Uint16Array.of(7, 7, 7), 16), 1))]).toEqual([0, 0, 0]);
  });

  it('converts grey and RGB into each other', async () => {
    const grey = await networkInput(opened(3, Uint8Array.of(255, 0, 0, 0, 255, 0)), 1);
    expect([...grey].map((v) => Math.round(v * 1000))).toEqual([299, 587]);
    const rgb = await networkInput(opened(1, Uint8Array.of(255, 0)), 3);
    expect([...rgb]).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it('leaves out the last of two and of four channels where a run of an older project did', async () => {
    const one = await networkInput(opened(2, Uint8Array.of(255, 9, 0, 9)), 1);
    expect([...one]).toEqual([1, 0]);
    const three = await networkInput(opened(4, Uint8Array.of(0, 255, 0, 9)), 3);
    expect([...three]).toEqual([0, 1, 0]);
  });

  it('refuses other conversions, naming the image', async () => {
    const five = opened(5, new Uint8Array(10));
    await expect(networkInput(five, 1, 'cells.tif')).rejects.toThrow(/cells\.tif has 5 channel/);
    expect([...(await networkInput(five, 5))]).toEqual(new Array(10).fill(0));
  });
});
