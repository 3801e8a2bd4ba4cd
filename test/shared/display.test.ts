import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  autoContrast,
  defaultDisplay,
  displayImage,
  type Display,
  type ImagePixels,
} from '../../shared/display.ts';

const grey8 = (width: number, height: number, data: Uint8Array): ImagePixels => ({
  width,
  height,
  channels: 1,
  bitDepth: 8,
  data,
});

/** 2 × 1 pixels. */
const rgb8: ImagePixels = {
  width: 2,
  height: 1,
  channels: 3,
  bitDepth: 8,
  data: Uint8Array.of(1, 2, 3, 250, 128, 0),
};

const grey = (level: number) => (level << 16) | (level << 8) | level;

describe('the display of an image', () => {
  test('shows 8-bit pictures as they are', () => {
    const shown = displayImage(rgb8, defaultDisplay(rgb8));
    expect(shown.rgbAt(0, 0)).toBe(0x010203);
    expect(shown.rgbAt(1, 0)).toBe(0xfa8000);
    const ramp = grey8(
      256,
      1,
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    const ramped = displayImage(ramp, defaultDisplay(ramp));
    for (let x = 0; x < 256; x++) expect(ramped.rgbAt(x, 0)).toBe(grey(x));
  });

  test('stretches 16-bit and floating-point images to what they hold', () => {
    const data = Uint16Array.from({ length: 1000 }, (_, i) => 4000 + i);
    const pixels: ImagePixels = { width: 1000, height: 1, channels: 1, bitDepth: 16, data };
    const display = defaultDisplay(pixels);
    expect(display.channels[0]).toMatchObject({ low: 4005, high: 4994 });
    const shown = displayImage(pixels, display);
    expect(shown.rgbAt(0, 0)).toBe(0);
    expect(shown.rgbAt(999, 0)).toBe(0xffffff);
    expect(shown.rgbAt(500, 0) & 255).toBeCloseTo(127, -1);
    const float: ImagePixels = {
      width: 5,
      height: 1,
      channels: 1,
      bitDepth: 32,
      data: Float32Array.of(-1, 0, 1, NaN, Infinity),
    };
    const floats = displayImage(float, defaultDisplay(float));
    expect([0, 1, 2, 3, 4].map((x) => floats.rgbAt(x, 0) & 255)).toEqual([0, 128, 255, 0, 255]);
  });

  test('a colour picture is stretched alike in its channels, a stack channel by channel', () => {
    const pixels = (channels: number): ImagePixels => ({
      width: 100,
      height: 1,
      channels,
      bitDepth: 16,
      data: Uint16Array.from({ length: 100 * channels }, (_, i) => 1000 * (i % channels) + i),
    });
    const [red, , blue] = autoContrast(pixels(3));
    expect(red).toEqual(blue);
    const [first, second] = autoContrast(pixels(4));
    expect((second?.low ?? 0) - (first?.low ?? 0)).toBe(1001);
  });

  test('hidden channels add nothing, colours add up and end at white', () => {
    const pixels: ImagePixels = {
      width: 1,
      height: 1,
      channels: 2,
      bitDepth: 8,
      data: Uint8Array.of(200, 100),
    };
    const display = (visible: boolean, color: [number, number, number]): Display => ({
      brightness: 0,
      contrast: 0,
      gamma: 1,
      channels: [
        { visible: true, color: [255, 0, 0], low: 0, high: 255 },
        { visible, color, low: 0, high: 255 },
      ],
    });
    expect(displayImage(pixels, display(false, [0, 255, 0])).rgbAt(0, 0)).toBe(0xc80000);
    expect(displayImage(pixels, display(true, [0, 255, 0])).rgbAt(0, 0)).toBe(0xc86400);
    expect(displayImage(pixels, display(true, [255, 255, 0])).rgbAt(0, 0)).toBe(0xff6400);
  });

  test('brightness, contrast and gamma move tones the way their names say', () => {
    const pixels = grey8(3, 1, Uint8Array.of(64, 128, 192));
    const tones = (change: Partial<Display>) => {
      const shown = displayImage(pixels, { ...defaultDisplay(pixels), ...change });
      return [0, 1, 2].map((x) => shown.rgbAt(x, 0) & 255);
    };
    expect(tones({})).toEqual([64, 128, 192]);
    expect(tones({ brightness: 0.1 })).toEqual([90, 154, 218]);
    expect(tones({ contrast: 0.5 })).toEqual([0, 129, 255]);
    expect(tones({ contrast: -1 })).toEqual([128, 128, 128]);
    expect(tones({ gamma: 2 })[0]).toBe(Math.round(255 * Math.sqrt(64 / 255)));
  });

  test('a tile holds the displayed colours, whatever path they take', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 4),
        fc.constantFrom(8 as const, 16 as const, 32 as const),
        fc.array(fc.nat(255), { minLength: 24 * 4, maxLength: 24 * 4 }),
        (channels, bitDepth, values) => {
          const Samples = { 8: Uint8Array, 16: Uint16Array, 32: Float32Array }[bitDepth];
          const data = Samples.from(values.slice(0, 24 * channels));
          const pixels: ImagePixels = { width: 6, height: 4, channels, bitDepth, data };
          const shown = displayImage(pixels, { ...defaultDisplay(pixels), gamma: 1.4 });
          const out = new Uint32Array(64);
          shown.rasterise({ x0: 2, y0: 1, level: 0 }, { data: out, sidePx: 8 });
          for (let y = 1; y < 4; y++) {
            for (let x = 2; x < 6; x++) {
              const color = out[(y - 1) * 8 + x - 2] ?? 0;
              const rgb = ((color & 255) << 16) | (color & 0xff00) | ((color >> 16) & 255);
              expect(rgb).toBe(shown.rgbAt(x, y));
              expect(color >>> 24).toBe(255);
            }
          }
          expect(out[4]).toBe(0);
        },
      ),
    );
  });

  test('zoomed out, a texel is the mean of its block', () => {
    const pixels = grey8(4, 2, Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 71));
    const out = new Uint32Array(4);
    displayImage(pixels, defaultDisplay(pixels)).rasterise(
      { x0: 0, y0: 0, level: 1 },
      { data: out, sidePx: 2 },
    );
    expect([...out].map((color) => color & 255)).toEqual([25, 45, 0, 0]);
  });
});
