import { describe, expect, it } from 'vitest';
import type { OpenImage } from '../../../engine/data/decode.ts';
import { type Samples, samplesOf } from '../../../engine/data/decoded-image.ts';
import { reduceImage, reduceLabels, reductionOf } from '../../../engine/data/reduce.ts';

const [width, height, channels] = [7, 5, 2];

function opened(
  bitDepth: 8 | 16 | 32,
  valueAt: (x: number, y: number, c: number) => number,
): OpenImage {
  const data = samplesOf(bitDepth, width * height * channels).map((_, i) => {
    const pixel = Math.floor(i / channels);
    return valueAt(pixel % width, Math.floor(pixel / width), i % channels);
  });
  const rows = (top: number, count: number): Samples =>
    data.subarray(top * width * channels, (top + count) * width * channels);
  return {
    ...{ width, height, channels, bitDepth },
    rows: (top, count) => Promise.resolve(rows(top, count)),
    transparentPx: () => null,
    readThrough(visit) {
      for (let top = 0; top < height; top += 2) visit(rows(top, Math.min(2, height - top)));
      return Promise.resolve(['as it was']);
    },
  };
}

describe('an image that is reduced while it is read', () => {
  it.each([8, 16, 32] as const)('has the mean of each block, of %i bits', async (bitDepth) => {
    const valueAt = (x: number, y: number, c: number) => x * 9 + y * 5 + c;
    const small = await reduceImage(opened(bitDepth, valueAt), 3);
    expect(small).toMatchObject({ width: 3, height: 2, channels, bitDepth, notes: ['as it was'] });
    for (let y = 0; y < 2; y++) {
      for (let x = 0; x < 3; x++) {
        for (let c = 0; c < channels; c++) {
          const block: number[] = [];
          for (let v = 3 * y; v < Math.min(height, 3 * y + 3); v++) {
            for (let u = 3 * x; u < Math.min(width, 3 * x + 3); u++) block.push(valueAt(u, v, c));
          }
          const mean = block.reduce((a, b) => a + b, 0) / block.length;
          const value = small.data[(y * 3 + x) * channels + c];
          expect(value).toBeCloseTo(bitDepth === 32 ? mean : Math.round(mean), 4);
        }
      }
    }
  });

  it('stays as it is where it can be held, and keeps the size that is asked for', () => {
    const image = { widthPx: 4000, heightPx: 3000, channels: 3, bitDepth: 8 } as const;
    expect(reductionOf(image, 160)).toBe(1);
    expect(reductionOf(image, 160, 10_000)).toBe(25);
    expect(reductionOf(image, 8000, 10_000)).toBe(1);
  });
});

it('takes the label in the middle of each block', () => {
  const data = Uint8Array.from({ length: 35 }, (_, i) => i);
  const small = reduceLabels({ width, height, data }, 3);
  expect(small).toEqual({ width: 3, height: 2, data: Uint8Array.of(8, 11, 13, 29, 32, 34) });
});
