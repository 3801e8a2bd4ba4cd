import { describe, expect, it } from 'vitest';
import {
  addNoise,
  type Corruption,
  mapIntensities,
  maskPatches,
  paintIn,
  paintOut,
  randomIntensityMap,
  removeColour,
  shuffleLocally,
  type SquareImage,
  swapPatches,
} from '../../../../engine/training/pretrain/corruptions.ts';
import { createRandom } from '../../../../shared/random.ts';

/** No two pixels are alike: value = (pixel index + channel share) / pixels. */
function distinctImage(sizePx: number, channels: number): SquareImage {
  const count = sizePx * sizePx;
  const pixels = Float32Array.from(
    { length: count * channels },
    (_, i) => (Math.floor(i / channels) + (i % channels) / channels) / count,
  );
  return { sizePx, channels, pixels };
}

/** Index of the pixel that lies at each place now; −1 where it is no pixel of the clean image. */
function whereFrom({ channels, pixels }: SquareImage, changed: Float32Array): number[] {
  const known = new Map<number, number>();
  for (let p = 0; p < pixels.length / channels; p++) known.set(pixels[p * channels] ?? NaN, p);
  return Array.from({ length: pixels.length / channels }, (_, p) => {
    const from = known.get(changed[p * channels] ?? NaN) ?? -1;
    const whole =
      from >= 0 &&
      Array.from({ length: channels }, (_, c) => c).every(
        (c) => changed[p * channels + c] === pixels[from * channels + c],
      );
    return whole ? from : -1;
  });
}

const streams = (count: number) => Array.from({ length: count }, (_, i) => createRandom(i, 'test'));

const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values) + 1;
const extent = (places: readonly number[], sizePx: number) => ({
  width: spread(places.map((p) => p % sizePx)),
  height: spread(places.map((p) => Math.floor(p / sizePx))),
});

const CORRUPTIONS: readonly (readonly [string, Corruption])[] = [
  ['local shuffle', shuffleLocally],
  ['in-painting', paintIn],
  ['out-painting', paintOut],
  ['non-linear intensity', mapIntensities],
  ['swapped patches', swapPatches],
  ['noise', (clean, random) => addNoise(clean, random).noisy],
  ['masking', (clean, random) => maskPatches(clean, random).visible],
];

describe.each(CORRUPTIONS)('%s', (_, corrupt) => {
  it.each([1, 2, 3, 5])('changes images of %i channel(s), and never the clean one', (channels) => {
    const image = distinctImage(32, channels);
    const before = image.pixels.slice();
    const changed = corrupt(image, createRandom(3));
    expect(changed.length).toBe(before.length);
    expect(changed).not.toEqual(before);
    expect(changed.every(Number.isFinite)).toBe(true);
    expect(image.pixels).toEqual(before);
  });

  it('is the same for the same stream and another for another', () => {
    const image = distinctImage(32, 3);
    expect(corrupt(image, createRandom(1))).toEqual(corrupt(image, createRandom(1)));
    expect(corrupt(image, createRandom(1))).not.toEqual(corrupt(image, createRandom(2)));
  });
});

describe('local shuffle', () => {
  it('moves pixels as a whole and none away', () => {
    const image = distinctImage(64, 3);
    for (const random of streams(30)) {
      const from = whereFrom(image, shuffleLocally(image, random));
      expect(from.toSorted((a, b) => a - b)).toEqual(from.map((_, p) => p));
    }
  });

  it('touches at most fifteen blocks of sides 1 … 12 at 64 px, and on average about as much as that gives', () => {
    const image = distinctImage(64, 1);
    const moved = streams(200).map(
      (random) =>
        whereFrom(image, shuffleLocally(image, random)).filter((from, p) => from !== p).length,
    );
    expect(Math.max(...moved)).toBeLessThanOrEqual(15 * 12 * 12);
    const mean = moved.reduce((a, b) => a + b, 0) / moved.length;
    // 8 blocks of 6.5² = 338 pixels on average, less where blocks overlap or a pixel stays.
    expect(mean).toBeGreaterThan(200);
    expect(mean).toBeLessThan(338);
  });
});

describe('in-painting', () => {
  it('paints up to five blocks with sides .14 – .20, each in one colour', () => {
    const image = distinctImage(64, 3);
    const counts = new Set<number>();
    for (const random of streams(120)) {
      const changed = paintIn(image, random);
      const from = whereFrom(image, changed);
      const painted = from.flatMap((source, p) => (source === p ? [] : [p]));
      const byColour = Map.groupBy(painted, (p) => changed.slice(p * 3, p * 3 + 3).join());
      counts.add(byColour.size);
      for (const places of byColour.values()) {
        const { width, height } = extent(places, 64);
        expect(width).toBeLessThanOrEqual(Math.round(0.2 * 64));
        expect(height).toBeLessThanOrEqual(Math.round(0.2 * 64));
        if (byColour.size === 1) expect(Math.min(width, height)).toBeGreaterThanOrEqual(9);
      }
    }
    expect([...counts].sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('out-painting', () => {
  it('keeps windows of sides 4/7 – 5/7 on a canvas of one colour', () => {
    const image = distinctImage(64, 3);
    const kept: number[] = [];
    for (const random of streams(120)) {
      const changed = paintOut(image, random);
      const from = whereFrom(image, changed);
      const around = from.flatMap((source, p) => (source === p ? [] : [p]));
      const colours = new Set(around.map((p) => changed.slice(p * 3, p * 3 + 3).join()));
      expect(colours.size).toBeLessThanOrEqual(1);
      kept.push(64 * 64 - around.length);
    }
    // One window alone: from (4/7)² to (5/7)² of the image.
    expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.round((64 * 4) / 7) ** 2);
    expect(Math.min(...kept)).toBeLessThanOrEqual(Math.round((64 * 5) / 7) ** 2);
  });
});

describe('non-linear intensity', () => {
  const steps = Array.from({ length: 101 }, (_, i) => i / 100);

  it('is a Bézier curve from 0 to 1 that rises everywhere, or falls from 1 to 0 half the time', () => {
    let falling = 0;
    for (const random of streams(400)) {
      const values = steps.map(randomIntensityMap(random));
      const falls = (values[0] ?? 0) > 0.5;
      if (falls) falling++;
      const rising = falls ? values.map((v) => 1 - v) : values;
      expect(rising[0]).toBeCloseTo(0, 6);
      expect(rising[100]).toBeCloseTo(1, 6);
      rising.forEach((v, i) => expect(v).toBeGreaterThanOrEqual((rising[i - 1] ?? 0) - 1e-6));
    }
    expect(falling / 400).toBeGreaterThan(0.42);
    expect(falling / 400).toBeLessThan(0.58);
  });

  it('gives the ordinate that the curve has at an abscissa', () => {
    // The stream's first four numbers are the control points, the fifth decides whether it is inverted.
    const given = [0.1, 0.8, 0.4, 0.3, 0.9];
    const map = randomIntensityMap({
      ...createRandom(0),
      next: () => given.shift() ?? 0,
    });
    const bezier = (a: number, b: number, t: number) =>
      3 * (1 - t) ** 2 * t * a + 3 * (1 - t) * t ** 2 * b + t ** 3;
    for (const t of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      expect(map(bezier(0.1, 0.4, t))).toBeCloseTo(bezier(0.8, 0.3, t), 3);
    }
  });

  it('maps every channel by a curve of its own', () => {
    const pixels = new Float32Array(16 * 16 * 3).map((_, i) => Math.floor(i / 3) / 256);
    const changed = mapIntensities({ sizePx: 16, channels: 3, pixels }, createRandom(4));
    const channel = (c: number) => changed.filter((_, i) => i % 3 === c);
    expect(channel(0)).not.toEqual(channel(1));
    expect(channel(1)).not.toEqual(channel(2));
  });
});

describe('noise', () => {
  it('is (x + .22 ε) / √(1 + .22²) with standard normal ε', () => {
    const image = distinctImage(64, 1);
    const { noisy, noise } = addNoise(image, createRandom(1));
    const mean = noise.reduce((a, b) => a + b, 0) / noise.length;
    const variance = noise.reduce((sum, e) => sum + (e - mean) ** 2, 0) / noise.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(variance - 1)).toBeLessThan(0.08);
    noisy.forEach((value, i) => {
      const expected = ((image.pixels[i] ?? 0) + 0.22 * (noise[i] ?? 0)) / Math.sqrt(1.0484);
      expect(value).toBeCloseTo(expected, 6);
    });
  });
});

describe('removing colour', () => {
  it('leaves Rec. 601 luma in all three channels', () => {
    const pixels = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.5, 0.5]);
    const grey = removeColour({ sizePx: 2, channels: 3, pixels }, createRandom(0));
    const expected = [0.299, 0.587, 0.114, 0.5].flatMap((v) => [v, v, v]);
    grey.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 6));
  });
});

describe('swapped patches', () => {
  it('move whole pixels to other places, and none away', () => {
    const image = distinctImage(64, 2);
    for (const random of streams(30)) {
      const from = whereFrom(image, swapPatches(image, random));
      expect(from.toSorted((a, b) => a - b)).toEqual(from.map((_, p) => p));
      // 10 pairs of 8 × 8 px: fewer where a patch moves twice, or back.
      const moved = from.filter((source, p) => source !== p).length;
      expect(moved).toBeGreaterThan(6 * 2 * 64);
      expect(moved).toBeLessThanOrEqual(10 * 2 * 64);
    }
  });
});

describe('masking', () => {
  it('hides 60 % of the 8 px patches behind the mean of the rest', () => {
    const image = distinctImage(64, 3);
    const { visible, masked } = maskPatches(image, createRandom(2));
    const sum = masked.reduce((a, b) => a + b, 0);
    expect(sum).toBe(Math.round(0.6 * 64) * 64);
    const mean = [0, 0, 0];
    masked.forEach((isMasked, p) => {
      const block = Math.floor(p / 512) * 512 + Math.floor((p % 64) / 8) * 8;
      expect(isMasked).toBe(masked[block]);
      for (let c = 0; c < 3; c++) {
        if (isMasked === 0) {
          expect(visible[p * 3 + c]).toBe(image.pixels[p * 3 + c]);
          mean[c] = (mean[c] ?? 0) + (image.pixels[p * 3 + c] ?? 0) / (64 * 64 - sum);
        }
      }
    });
    masked.forEach((isMasked, p) => {
      if (isMasked === 1) expect(visible[p * 3 + 1]).toBeCloseTo(mean[1] ?? NaN, 5);
    });
  });

  it('covers sides that 8 does not divide', () => {
    const { masked } = maskPatches(distinctImage(20, 1), createRandom(2));
    const share = masked.reduce((a, b) => a + b, 0) / masked.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.9);
  });
});
