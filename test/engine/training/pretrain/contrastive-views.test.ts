import { describe, expect, it } from 'vitest';
import {
  changeBrightness,
  changeContrast,
  changeSaturation,
  jitterColours,
  turnHue,
} from '../../../../engine/training/pretrain/colour-jitter.ts';
import {
  blur,
  contrastiveView,
  drawCrop,
  resizeCrop,
} from '../../../../engine/training/pretrain/contrastive-views.ts';
import type { SquareImage } from '../../../../engine/training/pretrain/corruptions.ts';
import { createRandom } from '../../../../shared/random.ts';

function randomImage(sizePx: number, channels: number, seed = 0): SquareImage {
  const random = createRandom(seed, 'image');
  const length = sizePx * sizePx * channels;
  return { sizePx, channels, pixels: Float32Array.from({ length }, () => random.next()) };
}

const expectClose = (found: Float32Array, expected: readonly number[], digits = 6) => {
  expect(found.length).toBe(expected.length);
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, digits));
};

describe('the crop of a view', () => {
  const crops = Array.from({ length: 2000 }, (_, i) => drawCrop(64, createRandom(i, 'crop')));

  it('has .08 – 1 of the area, 3/4 – 4/3 as wide as high, inside the image', () => {
    for (const { left, top, width, height } of crops) {
      expect((width * height) / 64 ** 2).toBeGreaterThan(0.07);
      expect(width / height).toBeGreaterThan(0.72);
      expect(width / height).toBeLessThan(1.4);
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(Math.max(left + width, top + height)).toBeLessThanOrEqual(64);
    }
  });

  it('draws the area evenly, but for wide crops that do not fit', () => {
    const share = (from: number, to: number) =>
      crops.filter(({ width, height }) => {
        const area = (width * height) / 64 ** 2;
        return area >= from && area < to;
      }).length / crops.length;
    // Where all fit (area ≤ 3/4), equal shares come up equally often.
    expect(share(0.1, 0.3) / share(0.5, 0.7)).toBeGreaterThan(0.85);
    expect(share(0.1, 0.3) / share(0.5, 0.7)).toBeLessThan(1.18);
    expect(share(0.9, 1.1)).toBeLessThan(share(0.5, 0.7) / 2);
  });

  it('prefers neither orientation', () => {
    const wide = crops.filter(({ width, height }) => width > height).length;
    const high = crops.filter(({ width, height }) => width < height).length;
    expect(wide / high).toBeGreaterThan(0.9);
    expect(wide / high).toBeLessThan(1.12);
  });

  it('is enlarged bilinearly', () => {
    const pixels = Float32Array.from({ length: 16 }, (_, i) => i / 16);
    const crop = { left: 1, top: 1, width: 3, height: 2 };
    // torch.nn.functional.interpolate(crop, (4, 4), mode='bilinear', align_corners=False)
    const expected = [
      0.3125, 0.3515625, 0.3984375, 0.4375, 0.375, 0.4140625, 0.4609375, 0.5, 0.5, 0.5390625,
      0.5859375, 0.625, 0.5625, 0.6015625, 0.6484375, 0.6875,
    ];
    const image = { sizePx: 4, channels: 1, pixels };
    expectClose(resizeCrop(image, crop, false), expected);
    const rows = [0, 4, 8, 12].map((at) => expected.slice(at, at + 4));
    expectClose(
      resizeCrop(image, crop, true),
      rows.flatMap((row) => row.toReversed()),
    );
  });

  it('leaves the whole image as it is', () => {
    const image = randomImage(16, 3);
    const whole = { left: 0, top: 0, width: 16, height: 16 };
    expectClose(resizeCrop(image, whole, false), [...image.pixels]);
  });
});

describe('colour jitter', () => {
  const pixel = (...rgb: number[]) => ({ sizePx: 1, channels: 3, pixels: Float32Array.from(rgb) });

  it.each([
    // colorsys: rgb_to_hsv, hue + turn, hsv_to_rgb
    [[0.9, 0.2, 0.4], 0.2, [0.9, 0.84, 0.2]],
    [[0.9, 0.2, 0.4], -0.15, [0.77, 0.2, 0.9]],
    [[0.1, 0.6, 0.3], 0.2, [0.1, 0.3, 0.6]],
    [[0.1, 0.6, 0.3], -0.15, [0.35, 0.6, 0.1]],
    [[0.25, 0.3, 0.8], 0.2, [0.8, 0.25, 0.74]],
    [[0.25, 0.3, 0.8], -0.15, [0.25, 0.795, 0.8]],
    [[0.5, 0.5, 0.5], 0.2, [0.5, 0.5, 0.5]],
  ])('turns the hue of %j by %d', (rgb, turn, expected) => {
    const image = pixel(...rgb);
    turnHue(image, turn);
    expectClose(image.pixels, expected);
  });

  it('changes brightness, contrast and saturation about 0, the mean and the luma, and clips', () => {
    const image = () => ({ sizePx: 1, channels: 3, pixels: Float32Array.from([0.2, 0.4, 0.9]) });
    const changed = (change: typeof changeBrightness, factor: number, of = image()) => {
      change(of, factor);
      return of.pixels;
    };
    expectClose(changed(changeBrightness, 1.5), [0.3, 0.6, 1]);
    const grey = 0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.9;
    expectClose(changed(changeSaturation, 0.5), [
      (grey + 0.2) / 2,
      (grey + 0.4) / 2,
      (grey + 0.9) / 2,
    ]);
    const two = { sizePx: 2, channels: 1, pixels: Float32Array.from([0, 0.2, 0.4, 0.6]) };
    expectClose(changed(changeContrast, 2, two), [0, 0.1, 0.5, 0.9]);
  });

  it('draws factors of .2 – 1.8 in an order of its own', () => {
    const ratios: number[] = [];
    for (let i = 0; i < 300; i++) {
      const image = { sizePx: 2, channels: 1, pixels: new Float32Array(4).fill(0.1) };
      // A flat image has no contrast: what is left is brightness.
      jitterColours(image, createRandom(i, 'jitter'));
      ratios.push((image.pixels[0] ?? 0) / 0.1);
    }
    expect(Math.min(...ratios)).toBeGreaterThanOrEqual(0.2);
    expect(Math.min(...ratios)).toBeLessThan(0.25);
    expect(Math.max(...ratios)).toBeLessThanOrEqual(1.8);
    expect(Math.max(...ratios)).toBeGreaterThan(1.75);
  });
});

describe('blur', () => {
  it('is a Gaussian with a kernel of a tenth of the side, the edge repeated', () => {
    const pixels = Float32Array.from({ length: 400 }, (_, i) => Math.sin(0.37 * i) * 0.5 + 0.5);
    const blurred = blur({ sizePx: 20, channels: 1, pixels }, 0.8);
    // torch: pad(replicate), conv2d with exp(−i²/2σ²) over −1 … 1 along rows and columns
    const expected = [
      [0, 0.6430697812673829],
      [19, 0.8457052583646795],
      [57, 0.7775370132682823],
      [210, 0.7635476598536709],
      [399, 0.6533796257466936],
    ] as const;
    for (const [at, value] of expected) expect(blurred[at]).toBeCloseTo(value, 5);
  });

  it('keeps channels apart', () => {
    const pixels = Float32Array.from(
      { length: 16 * 16 * 3 },
      (_, i) => [0.1, 0.5, 0.9][i % 3] ?? 0,
    );
    const blurred = blur({ sizePx: 16, channels: 3, pixels }, 2);
    blurred.forEach((value, i) => expect(value).toBeCloseTo(pixels[i] ?? NaN, 6));
  });
});

describe('a view', () => {
  it.each([1, 2, 3, 5])('of %i channel(s) has its values in [0, 1]', (channels) => {
    const image = randomImage(32, channels);
    const before = image.pixels.slice();
    for (let i = 0; i < 60; i++) {
      const view = contrastiveView(image, createRandom(i, 'view'));
      expect(view.length).toBe(before.length);
      expect(view.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
    expect(image.pixels).toEqual(before);
  });

  it('is the same for the same stream and another for another', () => {
    const image = randomImage(32, 3);
    const view = (seed: number) => contrastiveView(image, createRandom(seed));
    expect(view(1)).toEqual(view(1));
    expect(view(1)).not.toEqual(view(2));
  });

  it('has no colour a fifth of the time, and only RGB views lose theirs', () => {
    const coloured = randomImage(16, 3);
    const views = Array.from({ length: 600 }, (_, i) => contrastiveView(coloured, createRandom(i)));
    const grey = views.filter((view) =>
      view.every((value, i) => Math.abs(value - (view[i - (i % 3)] ?? NaN)) < 1e-6),
    );
    expect(grey.length / 600).toBeGreaterThan(0.15);
    expect(grey.length / 600).toBeLessThan(0.25);
  });
});
