import { describe, expect, it } from 'vitest';
import { validationDice, validationViews } from '../../../engine/training/evaluation.ts';
import {
  meanEntropy,
  mostProbable,
  predictLabelMaps,
  windowStarts,
} from '../../../engine/training/predict.ts';
import type { Raster } from '../../../engine/training/resample.ts';
import type { Segmenter } from '../../../engine/training/segmenter.ts';
import type { Tile } from '../../../engine/training/tiles.ts';
import { IGNORE } from '../../../shared/entities.ts';
import { createRandom } from '../../../shared/random.ts';

const sizePx = 16;

/** Calls a pixel class 1 where its value is above one half: its label map can be worked out by hand. */
function threshold(): Segmenter & { readonly seen: number[] } {
  const seen: number[] = [];
  return {
    classes: 2,
    sizePx,
    seen,
    probabilities(_, inputs) {
      seen.push(inputs.length);
      return inputs.map((input) => Float32Array.from([...input].flatMap((v) => [1 - v, v])));
    },
    dispose: () => undefined,
  };
}

/** Left part dark, right part bright from column `edge` on. */
function image(width: number, height: number, edge: number): Raster {
  const data = Float32Array.from({ length: width * height }, (_, i) =>
    i % width < edge ? 0.1 : 0.9,
  );
  return { width, height, channels: 1, data };
}

/** A segmenter of `classes` whose probabilities are the input's own values, so that blending can be worked out. */
const passThrough = (classes: number): Segmenter => ({
  classes,
  sizePx,
  probabilities: (_, inputs) => inputs.map((input) => input.slice()),
  dispose: () => undefined,
});

const columnsOf = ({ width, data }: { width: number; data: Uint8Array }) => [
  ...data.subarray(0, width),
];

it('takes the class of the highest probability, the lowest where equal', () => {
  expect([...mostProbable(Float32Array.of(0.2, 0.5, 0.3, 0.5, 0.5, 0), 3)]).toEqual([1, 0]);
});

it('blends windows of a tall image, whose rows are finished on the way, as one of all rows would be', () => {
  const [width, height, classes] = [41, 131, 3];
  const random = createRandom(1, 'predict test');
  const data = Float32Array.from({ length: width * height * classes }, () => random.next());
  const whole: Raster = { width, height, channels: classes, data };
  const [map] = predictLabelMaps(passThrough(classes), [], [whole], 'patches');
  // Windows that agree on a pixel blend to what they agree on.
  expect(map?.data).toEqual(mostProbable(data, classes));
  expect(map?.uncertainty).toBeCloseTo(meanEntropy(data, classes), 5);
});

describe('the uncertainty of a prediction', () => {
  it('is 0 where every pixel is certain and 1 where all classes are alike', () => {
    expect(meanEntropy(Float32Array.of(1, 0, 0, 0, 0, 1), 3)).toBe(0);
    expect(meanEntropy(Float32Array.of(0.25, 0.25, 0.25, 0.25), 4)).toBeCloseTo(1, 6);
  });

  it('is the mean entropy of the pixels, whatever factor a pixel’s weights have', () => {
    // H(0.9, 0.1) = 0.325083 nats; ln 2 = 0.693147
    expect(meanEntropy(Float32Array.of(0.9, 0.1, 1, 0), 2)).toBeCloseTo(0.325083 / 0.693147 / 2, 5);
    expect(meanEntropy(Float32Array.of(2.7, 0.3, 5, 0), 2)).toBeCloseTo(0.325083 / 0.693147 / 2, 5);
  });

  it('comes with every label map', () => {
    for (const mode of ['resize', 'patches'] as const) {
      const [map] = predictLabelMaps(threshold(), [], [image(32, 24, 9)], mode);
      expect(map?.uncertainty).toBeGreaterThanOrEqual(0);
      expect(map?.uncertainty).toBeLessThanOrEqual(1);
    }
  });
});

describe('a prediction', () => {
  it.each([
    [37, 29, 20],
    [16, 16, 8],
    [100, 64, 50],
  ])(
    'has the size of the image when it is squeezed to the network (%i × %i)',
    (width, height, edge) => {
      const [map] = predictLabelMaps(threshold(), [], [image(width, height, edge)], 'resize');
      expect(map).toMatchObject({ width, height });
      const wrong = columnsOf(map ?? image0).filter((label, x) => label !== (x < edge ? 0 : 1));
      // The squeeze blurs the edge over about one pixel of the network's input.
      expect(wrong.length).toBeLessThanOrEqual(Math.ceil(width / sizePx / 2));
    },
  );

  it.each([
    [37, 29],
    [16, 16],
    [5, 40],
    [64, 50],
  ])('is exact by windows at full resolution (%i × %i)', (width, height) => {
    const source = image(width, height, Math.floor(width / 3));
    const [map] = predictLabelMaps(threshold(), [], [source], 'patches');
    expect([...(map?.data ?? [])]).toEqual([...source.data].map((v) => (v > 0.5 ? 1 : 0)));
  });
});

it('covers every extent with windows that overlap by a quarter at least', () => {
  for (const extent of [1, 16, 17, 28, 29, 40, 64, 100]) {
    const starts = windowStarts(extent, sizePx);
    expect(starts[0]).toBe(0);
    expect((starts.at(-1) ?? 0) + sizePx).toBe(Math.max(extent, sizePx));
    starts.slice(1).forEach((start, i) => expect(start - (starts[i] ?? 0)).toBeLessThanOrEqual(12));
  }
});

describe('validation', () => {
  const tile = (imageId: number, width: number, labels: (x: number) => number): Tile => ({
    ...image(width, sizePx, 8),
    imageId,
    name: `image ${imageId}`,
    labels: Uint8Array.from({ length: width * sizePx }, (_, i) => labels(i % width)),
    imageClass: null,
  });

  it('is the mean Dice over images, without ignored pixels', () => {
    const right = tile(1, 16, (x) => (x < 8 ? 0 : 1));
    const wrong = tile(2, 16, (x) => (x < 8 ? 1 : 0));
    const half = tile(3, 16, (x) => (x < 4 ? IGNORE : x < 8 ? 0 : x < 12 ? 1 : IGNORE));
    const views = [right, wrong, half].flatMap((own) => validationViews(own, sizePx));
    expect(validationDice(threshold(), [], views)).toBeCloseTo((1 + 0 + 1) / 3, 6);
  });

  it('looks at no more than four crops of a large image, and weighs images alike', () => {
    const large = tile(1, 160, (x) => (x < 8 ? 0 : 1));
    const wrong = tile(2, 16, (x) => (x < 8 ? 1 : 0));
    const views = [large, wrong].flatMap((own) => validationViews(own, sizePx));
    expect(views.length).toBeLessThanOrEqual(5);
    expect(validationDice(threshold(), [], views)).toBeCloseTo(0.5, 6);
  });
});

const image0 = { width: 0, data: new Uint8Array() };
