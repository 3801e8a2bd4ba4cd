import { describe, expect, it } from 'vitest';
import {
  assertSeenAlike,
  conversionOf,
  toValues,
} from '../../../../engine/training/images/channels.ts';

/** Two pixels of so many channels: 0, 10, 20 … */
const pixels = (channels: number) => ({
  width: 2,
  height: 1,
  channels,
  data: Uint8Array.from({ length: 2 * channels }, (_, i) => 10 * i),
});

const seen = (from: number, to: number) =>
  Array.from(
    toValues(pixels(from), {
      how: conversionOf(from, to, 'a.tif'),
      channels: to,
      range: { low: 0, high: 1000 },
    }).data,
    (value) => Math.round(value * 1000),
  );

describe('what a network sees of two, four and more channels', () => {
  it('is each of them', () => {
    expect(seen(2, 2)).toEqual([0, 10, 20, 30]);
    expect(seen(4, 4)).toEqual([0, 10, 20, 30, 40, 50, 60, 70]);
    expect(seen(5, 5)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  it('is what it was for a run that was trained without the last of them', () => {
    expect(seen(2, 1)).toEqual([0, 20]);
    expect(seen(4, 3)).toEqual([0, 10, 20, 40, 50, 60]);
    expect(seen(4, 1)).toEqual([8, 48]);
    expect(() => conversionOf(2, 3, 'a.tif')).toThrow(/a\.tif has 2 channel\(s\)/);
  });
});

describe('a prediction', () => {
  const run = (inputChannels: number, ...imageChannels: number[]) => ({
    runId: 7,
    inputChannels,
    imageChannels: new Set(imageChannels),
  });

  it('of an image with more channels than the run was trained on is refused', () => {
    expect(() => assertSeenAlike('b.tif', 4, run(3, 3))).toThrow(
      /b\.tif has 4 channel\(s\), and run 7 was trained on images of 3\. Choose a run/,
    );
    expect(() => assertSeenAlike('b.tif', 2, run(1, 1, 3))).toThrow(/images of 1 or 3/);
  });

  it('of images like those of the training, or of grey ones and RGB, is not', () => {
    expect(() => assertSeenAlike('b.tif', 4, run(3, 4))).not.toThrow();
    expect(() => assertSeenAlike('b.tif', 2, run(2, 2))).not.toThrow();
    expect(() => assertSeenAlike('b.png', 3, run(1, 1))).not.toThrow();
    expect(() => assertSeenAlike('b.png', 1, run(3, 3))).not.toThrow();
  });
});
