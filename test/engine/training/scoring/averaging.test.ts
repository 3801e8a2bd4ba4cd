/** Averages over flips and networks, and predictions of a region: what stays the same, and what may not. */
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../engine/training/images/image-rows.ts';
import type { Raster } from '../../../../engine/training/images/resample.ts';
import { averaging, symmetriesOf } from '../../../../engine/training/scoring/averaging.ts';
import {
  choosePostProcessing,
  meanDice,
} from '../../../../engine/training/scoring/choose-post-processing.ts';
import { predictionInput, predictLabelMaps } from '../../../../engine/training/scoring/predict.ts';
import type { Segmenter } from '../../../../engine/training/scoring/segmenter.ts';
import { createRandom } from '../../../../shared/random.ts';

const sizePx = 8;
const random = createRandom(1, 'averaging test');

/** Class 1 has the value of the pixel; the sum over the window's first row is added where `positional`. */
const network = (positional: boolean): Segmenter => ({
  classes: 2,
  sizePx,
  probabilities: (_, inputs) =>
    Promise.resolve(
      inputs.map((input) => {
        const shift = positional ? input.slice(0, sizePx).reduce((sum, v) => sum + v, 0) / 100 : 0;
        return Float32Array.from([...input].flatMap((v) => [1 - v - shift, v + shift]));
      }),
    ),
  dispose: () => undefined,
});
const noise = (width: number, height: number): Raster => ({
  ...{ width, height, channels: 1 },
  data: Float32Array.from({ length: width * height }, () => random.next() * 0.8),
});
const scored = { scores: { hasBackground: true } };

describe('averages', () => {
  it('of a network that sees no direction are what it says', async () => {
    const input = noise(sizePx, sizePx).data;
    for (const square of [true, false]) {
      const symmetries = symmetriesOf({ flips: true, square });
      expect(symmetries).toHaveLength(square ? 8 : 4);
      const averaged = averaging(network(false), { members: [[], []], symmetries });
      const [mean] = await averaged.probabilities([], [input]);
      input.forEach((v, i) => expect(mean?.[2 * i + 1]).toBeCloseTo(v, 5));
    }
  });

  it('turn with the image: a flipped or turned input gives the flipped or turned mean', async () => {
    const symmetries = symmetriesOf({ flips: true, square: true });
    const of = async (input: Float32Array) => {
      const averaged = averaging(network(true), { members: [[]], symmetries });
      const [mean] = await averaged.probabilities([], [input]);
      return mean ?? new Float32Array();
    };
    const input = noise(sizePx, sizePx).data;
    const at = (x: number, y: number) => y * sizePx + x;
    const quarter = (i: number) => at(sizePx - 1 - Math.floor(i / sizePx), i % sizePx);
    const turned = await of(input.map((_, i) => input[quarter(i)] ?? 0));
    const mean = await of(input);
    turned.forEach((v, i) => {
      expect(v).toBeCloseTo(mean[2 * quarter(i >> 1) + (i % 2)] ?? NaN, 5);
    });
  });
});

describe('a region', () => {
  it.each(['resize', 'patches'] as const)(
    'is predicted as with the whole image (%s)',
    async (mode) => {
      const raster = noise(37, 29);
      const segmenter = network(true);
      const predicted = async (area?: {
        left: number;
        top: number;
        width: number;
        height: number;
      }) => {
        const input = await predictionInput(rowsOf(raster), { mode, sizePx });
        const options = area === undefined ? scored : { ...scored, area };
        const [map] = await predictLabelMaps(segmenter, [], [input], options);
        if (map?.scores == null) throw new Error('no scores');
        return map;
      };
      const whole = await predicted();
      for (let round = 0; round < 30; round++) {
        const [left, top] = [random.below(37), random.below(29)];
        const area = {
          left,
          top,
          width: 1 + random.below(37 - left),
          height: 1 + random.below(29 - top),
        };
        const part = await predicted(area);
        expect(part).toMatchObject({ width: area.width, height: area.height });
        for (let i = 0; i < part.data.length; i++) {
          const from = (top + Math.floor(i / area.width)) * 37 + left + (i % area.width);
          expect(part.data[i]).toBe(whole.data[from]);
          expect(part.scores?.score[i]).toBe(whole.scores?.score[from]);
        }
      }
    },
  );
});

describe('scores of pixels', () => {
  it('say how likely a pixel is foreground, and the best foreground class, below the threshold too', async () => {
    const segmenter: Segmenter = {
      ...network(false),
      classes: 3,
      probabilities: () => Promise.resolve([answers]),
    };
    const answers = new Float32Array(sizePx * sizePx * 3).fill(1 / 3);
    answers.set([0.6, 0.1, 0.3, 0.2, 0.4, 0.4]);
    const input = await predictionInput(rowsOf(noise(sizePx, sizePx)), { mode: 'resize', sizePx });
    const of = async (hasBackground: boolean) => {
      const [map] = await predictLabelMaps(segmenter, [], [input], { scores: { hasBackground } });
      const { likely, foreground, score } = map?.scores ?? {};
      return [likely, foreground, score].map((plane) => [...(plane ?? []).slice(0, 2)]);
    };
    expect(await of(true)).toEqual([
      [0, 1],
      [2, 1],
      [102, 204],
    ]);
    expect(await of(false)).toEqual([
      [0, 1],
      [0, 1],
      [153, 102],
    ]);
  });
});

describe('what is chosen on validation images', () => {
  const classes = { count: 2, scored: [1] };
  /** A disc that the network sees at .4, noise of single pixels beside it, a hole of one pixel in it. */
  const truth = new Uint8Array(400).map((_, i) => Number(Math.hypot((i % 20) - 8, i / 20 - 8) < 6));
  const scoresWith = (value: (inside: boolean, i: number) => number) => {
    const score = Uint8Array.from(truth, (v, i) => Math.round(255 * value(v === 1, i)));
    const likely = score.map((v) => Number(v > 127));
    return { width: 20, height: 20, likely, foreground: new Uint8Array(400).fill(1), score };
  };
  const map = { width: 20, height: 20, data: truth };

  it('finds threshold, smallest object and holes that bring a network to the truth', () => {
    const scores = scoresWith((inside, i) => {
      if (i === 8 * 20 + 8) return 0.1;
      if (!inside && i % 37 === 5) return 0.45;
      return inside ? 0.44 : 0.2;
    });
    const { rule, held } = choosePostProcessing([{ scores, truth: map }], { classes, blank: 0 });
    expect(rule.threshold).toBe(0.4);
    expect([rule.minObjectPx, rule.fillHolesPx]).toEqual([4, 4]);
    // One speck touches the disc.
    expect(meanDice(held)).toBeCloseTo(0.9955, 4);
  });

  it('leaves a network that is right as it is', () => {
    const scores = scoresWith((inside) => (inside ? 0.9 : 0.1));
    const { rule } = choosePostProcessing([{ scores, truth: map }], { classes, blank: 0 });
    expect(rule).toEqual({ threshold: null, minObjectPx: 0, fillHolesPx: 0 });
  });
});
