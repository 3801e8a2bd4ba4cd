import { describe, expect, it } from 'vitest';
import {
  meanDiceOfImages,
  pooledDice,
  validationDice,
  type ValidationView,
  validationViews,
} from '../../../../engine/training/scoring/evaluation.ts';
import { rowsOf } from '../../../../engine/training/images/image-rows.ts';
import {
  blendWeights,
  mostProbable,
  predictionInput,
  predictLabelMaps,
  windowStarts,
  shareOfLargest,
  totalEntropy,
} from '../../../../engine/training/scoring/predict.ts';
import type { Raster } from '../../../../engine/training/images/resample.ts';
import type { Segmenter } from '../../../../engine/training/scoring/segmenter.ts';
import type { Tile } from '../../../../engine/training/images/tiles.ts';
import { IGNORE } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';

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
      return Promise.resolve(
        inputs.map((input) => Float32Array.from([...input].flatMap((v) => [1 - v, v]))),
      );
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
  probabilities: (_, inputs) => Promise.resolve(inputs.map((input) => input.slice())),
  dispose: () => undefined,
});

/** The label map of an image in memory. */
async function predicted(segmenter: Segmenter, source: Raster, mode: 'resize' | 'patches') {
  const input = await predictionInput(rowsOf(source), { mode, sizePx });
  const [map] = await predictLabelMaps(segmenter, [], [input]);
  if (map === undefined) throw new Error('an image gave no label map');
  return map;
}

const columnsOf = ({ width, data }: { width: number; data: Uint8Array }) => [
  ...data.subarray(0, width),
];

it('takes the class of the highest probability, the lowest where equal', () => {
  expect([...mostProbable(Float32Array.of(0.2, 0.5, 0.3, 0.5, 0.5, 0), 3)]).toEqual([1, 0]);
});

it('blends windows of a tall image, whose rows are finished on the way, as one of all rows would be', async () => {
  const [width, height, classes] = [41, 131, 3];
  const random = createRandom(1, 'predict test');
  const data = Float32Array.from({ length: width * height * classes }, () => random.next());
  const whole: Raster = { width, height, channels: classes, data };
  const map = await predicted(passThrough(classes), whole, 'patches');
  // Windows that agree on a pixel blend to what they agree on.
  expect(map.data).toEqual(mostProbable(data, classes));
  expect(map.uncertainty).toBeCloseTo(meanEntropy(data, classes), 5);
});

const meanEntropy = (weights: Float32Array, of: number) =>
  shareOfLargest(totalEntropy(weights, of), weights.length / of, of);

it.each([
  ['a little smaller than a window', 12, 10],
  ['far smaller', 5, 3],
  ['of one row', 7, 1],
])(
  'shows a window of an image %s mirrored beyond its edges, without the edge twice',
  async (_, width, height) => {
    const data = Float32Array.from({ length: width * height }, (__, i) => i / (width * height));
    let shown = new Float32Array();
    const looking: Segmenter = {
      ...passThrough(1),
      probabilities: (__, inputs) => {
        shown = inputs[0]?.slice() ?? shown;
        return Promise.resolve(inputs.map((input) => input.slice()));
      },
    };
    await predicted(looking, { width, height, channels: 1, data }, 'patches');
    // There and back again, as a billiard ball runs.
    const run = (n: number) => [
      ...Array.from({ length: n }, (__, i) => i),
      ...Array.from({ length: Math.max(0, n - 2) }, (__, i) => n - 2 - i),
    ];
    const at = (i: number, n: number) => run(n)[i % run(n).length] ?? 0;
    const wanted = Array.from({ length: sizePx * sizePx }, (__, i) => {
      const [x, y] = [at(i % sizePx, width), at(Math.floor(i / sizePx), height)];
      return data[y * width + x];
    });
    expect([...shown]).toEqual(wanted);
  },
);

it('predicts a region as it would be with all of the image', async () => {
  const random = createRandom(3, 'region');
  const [width, height] = [45, 41];
  const data = Float32Array.from({ length: width * height }, () => random.next());
  // What it says depends on where in its window a pixel lies, so that each window counts.
  const leaning: Segmenter = {
    ...threshold(),
    probabilities: (_, inputs) =>
      Promise.resolve(
        inputs.map((input) =>
          Float32Array.from(
            [...input].flatMap((value, i) => {
              const lean = (i % sizePx) / sizePx - Math.floor(i / sizePx) / sizePx;
              const one = Math.min(1, Math.max(0, value + lean));
              return [1 - one, one];
            }),
          ),
        ),
      ),
  };
  const input = await predictionInput(rowsOf({ width, height, channels: 1, data }), {
    mode: 'patches',
    sizePx,
  });
  const [whole] = await predictLabelMaps(leaning, [], [input]);
  for (const area of [
    { left: 0, top: 0, width: 5, height: 5 },
    { left: 14, top: 13, width: 6, height: 9 },
    { left: 30, top: 3, width: 15, height: 38 },
    { left: 44, top: 40, width: 1, height: 1 },
  ]) {
    const [part] = await predictLabelMaps(leaning, [], [input], { area });
    const cut = Array.from({ length: area.height }, (_, y) => {
      const from = (area.top + y) * width + area.left;
      return [...(whole?.data.subarray(from, from + area.width) ?? [])];
    });
    expect([...(part?.data ?? [])]).toEqual(cut.flat());
  }
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

  it('comes with every label map', async () => {
    for (const mode of ['resize', 'patches'] as const) {
      const map = await predicted(threshold(), image(32, 24, 9), mode);
      expect(map.uncertainty).toBeGreaterThanOrEqual(0);
      expect(map.uncertainty).toBeLessThanOrEqual(1);
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
    async (width, height, edge) => {
      const map = await predicted(threshold(), image(width, height, edge), 'resize');
      expect(map).toMatchObject({ width, height });
      const wrong = columnsOf(map).filter((label, x) => label !== (x < edge ? 0 : 1));
      // The squeeze blurs the edge over about one pixel of the network's input.
      expect(wrong.length).toBeLessThanOrEqual(Math.ceil(width / sizePx / 2));
    },
  );

  it.each([
    [37, 29],
    [16, 16],
    [5, 40],
    [64, 50],
  ])('is exact by windows at full resolution (%i × %i)', async (width, height) => {
    const source = image(width, height, Math.floor(width / 3));
    const map = await predicted(threshold(), source, 'patches');
    expect([...map.data]).toEqual([...source.data].map((v) => (v > 0.5 ? 1 : 0)));
  });
});

describe('the blending of windows', () => {
  it('weighs the middle in full and edges least, never by 0, and neighbours to one', () => {
    for (const [side, overlap] of [
      [16, 4],
      [64, 16],
      [64, 40],
    ] as const) {
      const weights = [...blendWeights(side, overlap)];
      expect(weights).toEqual(weights.toReversed());
      expect(Math.min(...weights)).toBeGreaterThan(0);
      expect(weights[side / 2]).toBeCloseTo(1, 2);
      if (overlap > side / 2) continue;
      weights.slice(0, overlap).forEach((weight, i) => {
        expect(weight + (weights[side - overlap + i] ?? NaN)).toBeCloseTo(1, 6);
      });
    }
  });

  /**
   * What windows that disagree blend to along a row: every other window says .2, the others .8. From the argmax alone
   * a seam cannot be measured, so the blend is worked out from the weights, as the band does.
   */
  function blended(weights: ArrayLike<number>, extent: number, side: number): number[] {
    const sums = new Float64Array(extent);
    const totals = new Float64Array(extent);
    windowStarts(extent, side).forEach((start, w) => {
      for (let i = 0; i < side; i++) {
        sums[start + i] = (sums[start + i] ?? 0) + (weights[i] ?? 0) * (w % 2 === 0 ? 0.2 : 0.8);
        totals[start + i] = (totals[start + i] ?? 0) + (weights[i] ?? 0);
      }
    });
    return [...sums].map((sum, i) => sum / (totals[i] ?? 1));
  }
  const steps = (values: readonly number[]) =>
    values.slice(1).map((value, i) => Math.abs(value - (values[i] ?? value)));
  const kinks = (values: readonly number[]) =>
    steps(values.slice(1).map((value, i) => value - (values[i] ?? value)));

  it('leaves smaller seams than an average, and no kink where a window begins', () => {
    const [side, extent] = [64, 64 + 4 * 48];
    const smooth = blended(blendWeights(side, 16), extent, side);
    const average = blended(new Float32Array(side).fill(1), extent, side);
    const linear = blended(
      Float32Array.from({ length: side }, (_, i) =>
        Math.min(1, (Math.min(i, side - 1 - i) + 1) / 16),
      ),
      extent,
      side,
    );
    expect(Math.max(...steps(average))).toBeCloseTo(0.3, 6);
    expect(Math.max(...steps(smooth))).toBeLessThan(0.06);
    expect(Math.max(...kinks(smooth))).toBeLessThan(0.4 * Math.max(...kinks(linear)));
  });

  it('trusts what a window says of its middle more than what it says of its edge', async () => {
    // Sees a bright image as it is, but for the outermost pixel of the window, where it is wrong.
    const wrongAtEdges: Segmenter = {
      ...threshold(),
      probabilities: (_, inputs) =>
        Promise.resolve(
          inputs.map((input) =>
            Float32Array.from(
              [...input].flatMap((value, p) => {
                const [x, y] = [p % sizePx, Math.floor(p / sizePx)];
                const edge = Math.min(x, y, sizePx - 1 - x, sizePx - 1 - y);
                return edge < 1 ? [0.9, 0.1] : [1 - value, value];
              }),
            ),
          ),
        ),
    };
    const [width, height] = [52, 52]; // four windows a side that share 4 px: an average would be undecided
    const map = await predicted(wrongAtEdges, image(width, height, 0), 'patches');
    const inside = [...map.data].filter((_, p) => {
      const [x, y] = [p % width, Math.floor(p / width)];
      return Math.min(x, y, width - 1 - x, height - 1 - y) >= 1;
    });
    expect(inside.filter((label) => label !== 1)).toEqual([]);
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

  const BINARY = { count: 2, scored: [1] };
  const dice = (views: readonly ValidationView[], rule: 'classes' | 'images') =>
    validationDice(threshold(), [], views, { classes: BINARY, rule });

  it('is Dice over the pixels of all images, without ignored ones', async () => {
    const right = tile(1, 16, (x) => (x < 8 ? 0 : 1));
    const wrong = tile(2, 16, (x) => (x < 8 ? 1 : 0));
    const half = tile(3, 16, (x) => (x < 4 ? IGNORE : x < 8 ? 0 : x < 12 ? 1 : IGNORE));
    const views = [right, wrong, half].flatMap((own) => validationViews(own, sizePx));
    // Columns of class 1: predicted 8 + 8 + 4, true 8 + 8 + 4, both 8 + 0 + 4.
    expect(await dice(views, 'classes')).toBeCloseTo((2 * 12) / 40, 6);
    expect(await dice(views, 'images')).toBeCloseTo((1 + 0 + 1) / 3, 6);
  });

  it('looks at no more than four crops of a large image', async () => {
    const large = tile(1, 160, (x) => (x < 8 ? 0 : 1));
    const wrong = tile(2, 16, (x) => (x < 8 ? 1 : 0));
    const views = [large, wrong].flatMap((own) => validationViews(own, sizePx));
    expect(views.length).toBeLessThanOrEqual(5);
    expect(await dice(views, 'images')).toBeCloseTo(0.5, 6);
  });

  const maps = (...rows: string[]) =>
    rows.map((row) => ({ width: row.length, height: 1, data: Uint8Array.from(row, Number) }));

  it('is no higher for background alone than for anything that finds a pixel, however rare the classes', () => {
    // Nine classes, one in each image: the older rule gives background alone 8/9.
    const truths = maps(...Array.from({ length: 9 }, (_, i) => `000${i + 1}`));
    const nothing = maps(...truths.map(() => '0000'));
    const one = [...maps('1111'), ...nothing.slice(1)];
    const classes = { count: 10, scored: [1, 2, 3, 4, 5, 6, 7, 8, 9] };
    const views = truths.map((truth, imageId) => ({ imageId, truth }));
    expect(meanDiceOfImages(nothing, views, classes)).toBeCloseTo(8 / 9, 12);
    expect(pooledDice(nothing, truths, classes)).toBe(0);
    expect(pooledDice(one, truths, classes)).toBeCloseTo(0.4 / 9, 12);
  });

  it('is the mean over the classes that the validation images hold, whatever is predicted', () => {
    const classes = { count: 4, scored: [1, 2, 3] };
    const truths = maps('0011', '0022');
    expect(pooledDice(maps('0011', '0002'), truths, classes)).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(pooledDice(maps('0011', '0302'), truths, classes)).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(pooledDice(maps('0011'), maps('0000'), classes)).toBeNull();
  });
});
