import { describe, expect, test } from 'vitest';
import { decodeImage, type DecodedImage } from '../../../engine/data/decode.ts';
import { fileInMemory } from '../../../engine/data/image-file.ts';
import { defaultDisplay, displayImage } from '../../../shared/display.ts';
import { imagePng, maskPng, thumbnailPng } from '../../../engine/data/thumbnail.ts';

const classes = [
  { index: 0, name: 'background', color: '#000000' },
  { index: 1, name: 'cell', color: '#e69f00' },
];

const image = (over: Partial<DecodedImage> & Pick<DecodedImage, 'data'>): DecodedImage => ({
  width: 2,
  height: 1,
  channels: 1,
  bitDepth: 8,
  notes: [],
  ...over,
});

const pixels = async (png: Uint8Array | Promise<Uint8Array>) =>
  decodeImage(fileInMemory(await png), { subject: 'thumbnail' });

describe('pictures for people', () => {
  test('8-bit images are shown as they are', async () => {
    const shown = await pixels(imagePng(image({ data: Uint8Array.of(10, 200) }), 100));
    expect([shown.channels, ...shown.data]).toEqual([1, 10, 200]);
  });

  test('16-bit and floating-point images are stretched between percentiles', async () => {
    const ramp = Uint16Array.from({ length: 1001 }, (_, i) => 2000 + i);
    ramp[500] = 65_535; // one hot pixel must not darken the rest
    const wide = await pixels(imagePng(image({ width: 1001, bitDepth: 16, data: ramp }), 2000));
    expect([wide.data[0], wide.data[250], wide.data[500], wide.data[1000]]).toEqual([
      0, 63, 255, 255,
    ]);
    const float = Float32Array.of(-1, 1);
    expect([...(await pixels(imagePng(image({ bitDepth: 32, data: float }), 9))).data]).toEqual([
      0, 255,
    ]);
    const flat = new Uint16Array(2).fill(900);
    expect([...(await pixels(imagePng(image({ bitDepth: 16, data: flat }), 9))).data]).toEqual([
      0, 0,
    ]);
  });

  test('channels of a stack are shown in colours of their own, as many as can be told apart', async () => {
    const five = image({ channels: 5, data: Uint8Array.of(255, 0, 0, 0, 9, 0, 100, 0, 51, 9) });
    // Green; then magenta at 100, and a fifth of amber.
    expect([...(await pixels(imagePng(five, 9))).data]).toEqual([0, 255, 0, 151, 40, 100]);
  });

  test('an image looks the same as in Annotate, whatever its channels and depth', async () => {
    const side = 16;
    const arrays = { 8: Uint8Array, 16: Uint16Array, 32: Float32Array } as const;
    for (const bitDepth of [8, 16, 32] as const) {
      for (const channels of [1, 2, 3, 4, 7]) {
        const scale = bitDepth === 16 ? 200 : 1;
        const data = new arrays[bitDepth](side * side * channels);
        for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 251) * scale;
        const stored = image({ width: side, height: side, channels, bitDepth, data });
        const small = await pixels(imagePng(stored, side));
        const annotate = displayImage(stored, defaultDisplay(stored));
        for (let p = 0; p < side * side; p++) {
          const [red = 0, green = red, blue = red] = small.data.subarray(
            p * small.channels,
            (p + 1) * small.channels,
          );
          expect(annotate.rgbAt(p % side, Math.floor(p / side))).toBe(
            (red << 16) | (green << 8) | blue,
          );
        }
      }
    }
  });

  test('large images are reduced in proportion, small ones are not enlarged', async () => {
    const large = image({ width: 300, height: 100, data: new Uint8Array(30_000).fill(7) });
    const shown = await pixels(imagePng(large, 60));
    expect([shown.width, shown.height, shown.data[0]]).toEqual([60, 20, 7]);
    const line = image({ width: 1000, height: 1, data: new Uint8Array(1000) });
    expect((await pixels(imagePng(line, 50))).height).toBe(1);
  });

  test('label maps are shown in class colours, ignored pixels white, without blending', async () => {
    const map = { width: 4, height: 1, data: Uint8Array.of(0, 1, 255, 1) };
    expect([...(await pixels(maskPng(map, classes, 9))).data]).toEqual([
      ...[0, 0, 0],
      ...[0xe6, 0x9f, 0],
      ...[255, 255, 255],
      ...[0xe6, 0x9f, 0],
    ]);
    const wide = { width: 64, height: 64, data: new Uint8Array(4096).map((_, i) => (i >> 4) & 1) };
    const colours = await pixels(maskPng(wide, classes, 16));
    for (let i = 0; i < colours.data.length; i += 3) {
      expect([0, 0xe6]).toContain(colours.data[i]);
    }
  });

  test('a label map is laid over its image, the background left clear', async () => {
    const labels = {
      labelMap: { width: 2, height: 1, data: Uint8Array.of(0, 1) },
      classes,
      hasBackground: true,
    };
    const png = await thumbnailPng(image({ data: Uint8Array.of(100, 100) }), {
      maxSidePx: 9,
      labels,
    });
    // 100 + .45 · (colour − 100): 158.5 (clamped arrays round halves to even), 127, 55.
    expect([...(await pixels(png)).data]).toEqual([100, 100, 100, 158, 127, 55]);
    const whole = await thumbnailPng(image({ data: Uint8Array.of(100, 100) }), {
      maxSidePx: 9,
      labels: { ...labels, hasBackground: false },
    });
    expect([...(await pixels(whole)).data]).toEqual([55, 55, 55, 158, 127, 55]);
    await expect(
      thumbnailPng(image({ width: 1, data: Uint8Array.of(1) }), { maxSidePx: 9, labels }),
    ).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
