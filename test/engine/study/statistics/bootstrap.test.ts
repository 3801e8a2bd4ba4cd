import { describe, expect, it } from 'vitest';
import {
  bootstrapMean,
  drawResamples,
  type Resamples,
} from '../../../../engine/study/statistics/bootstrap.ts';
import { excludesZero, isEquivalent } from '../../../../engine/study/statistics/statistics.ts';
import { createRandom } from '../../../../shared/random.ts';

function lcg(seed: number, count: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

describe('the crossed bootstrap', () => {
  /*
   * numpy 2.4.6, 400 000 resamples: D = x.reshape(S, I) − .4 + np.linspace(−.1, .1, S)[:, None],
   * θ = einsum('rs,si,ri->r', rng.multinomial(S, …)/S, D, rng.multinomial(I, …)/I)
   */
  it.each([
    {
      seeds: 5,
      images: 40,
      lcg: 11,
      mean: 0.06464769365731625,
      ci95: [-0.03022885, 0.15256594],
      ci90: [-0.01380594, 0.13887457],
    },
    {
      seeds: 10,
      images: 25,
      lcg: 12,
      mean: 0.09344771271664647,
      ci95: [0.01778745, 0.16717229],
      ci90: [0.03051569, 0.15518878],
    },
    {
      seeds: 3,
      images: 8,
      lcg: 13,
      mean: 0.04451906450558452,
      ci95: [-0.13247951, 0.18761561],
      ci90: [-0.09808538, 0.16096931],
    },
  ] as const)('agrees with numpy within the noise of 10 000 resamples: $seeds × $images', (c) => {
    const values = Float64Array.from(lcg(c.lcg, c.seeds * c.images), (x, at) => {
      const seed = Math.floor(at / c.images);
      return x - 0.4 - 0.1 + (0.2 * seed) / (c.seeds - 1);
    });
    const random = createRandom(0, 'bootstrap');
    const result = bootstrapMean(values, drawResamples({ ...c, random }));
    expect(result.mean).toBeCloseTo(c.mean, 12);
    const width = c.ci95[1] - c.ci95[0];
    for (const [ours, numpys] of [
      [result.ci95, c.ci95],
      [result.ci90, c.ci90],
    ] as const) {
      expect(Math.abs(ours[0] - numpys[0])).toBeLessThan(0.03 * width);
      expect(Math.abs(ours[1] - numpys[1])).toBeLessThan(0.03 * width);
    }
  });

  it('draws every seed and image S and I times, the same ones at the same address', () => {
    const draw = () =>
      drawResamples({ seeds: 3, images: 7, count: 50, random: createRandom(1, 'x') });
    const resamples = draw();
    for (let r = 0; r < 50; r++) {
      const sum = (weights: Uint8Array, of: number) =>
        weights.subarray(r * of, (r + 1) * of).reduce((a, b) => a + b, 0);
      expect(sum(resamples.seedWeights, 3)).toBe(3);
      expect(sum(resamples.imageWeights, 7)).toBe(7);
    }
    expect(draw()).toEqual(resamples);
  });

  it('has no width where nothing varies', () => {
    const random = createRandom(1, 'flat');
    const resamples = drawResamples({ seeds: 4, images: 6, count: 200, random });
    const flat = bootstrapMean(new Float64Array(24).fill(0.25), resamples);
    expect(flat).toEqual({ mean: 0.25, ci95: [0.25, 0.25], ci90: [0.25, 0.25] });
    expect(bootstrapMean(new Float64Array(24), resamples).ci95).toEqual([0, 0]);
  });

  it('speaks of images only with one seed, of seeds only with one image, of nothing with one of each', () => {
    const interval = (values: readonly number[], seeds: number, images: number) =>
      bootstrapMean(
        Float64Array.from(values),
        drawResamples({ seeds, images, count: 4000, random: createRandom(2, 'one') }),
      ).ci95;
    const values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    const ofImages = interval(values, 1, 6);
    const ofSeeds = interval(values, 6, 1);
    for (const [low, high] of [ofImages, ofSeeds]) {
      expect(low).toBeGreaterThan(0.2);
      expect(low).toBeLessThan(0.25);
      expect(high).toBeGreaterThan(0.45);
      expect(high).toBeLessThan(0.5);
    }
    expect(interval([0.3], 1, 1)).toEqual([0.3, 0.3]);
  });
});

/** d[s, i] = effect + seed + image + rest, all normal: the shape of a study's paired differences. */
function simulate(options: {
  studies: number;
  resamples: Resamples;
  effect: number;
  sd: { seed: number; image: number; rest: number };
}) {
  const { studies, resamples, effect, sd } = options;
  const { seeds, images } = resamples;
  const random = createRandom(11, 'simulated studies', seeds, effect);
  const counts = { covered95: 0, covered90: 0, equivalent: 0, nonzero: 0 };
  for (let study = 0; study < studies; study++) {
    const perImage = Array.from({ length: images }, () => sd.image * random.normal());
    const values = new Float64Array(seeds * images);
    for (let s = 0; s < seeds; s++) {
      const ofSeed = effect + sd.seed * random.normal();
      perImage.forEach((ofImage, i) => {
        values[s * images + i] = ofSeed + ofImage + sd.rest * random.normal();
      });
    }
    const { ci95, ci90 } = bootstrapMean(values, resamples);
    if (ci95[0] <= effect && effect <= ci95[1]) counts.covered95++;
    if (ci90[0] <= effect && effect <= ci90[1]) counts.covered90++;
    if (isEquivalent(ci90, 0.02)) counts.equivalent++;
    if (excludesZero(ci95)) counts.nonzero++;
  }
  return {
    covered95: counts.covered95 / studies,
    covered90: counts.covered90 / studies,
    equivalent: counts.equivalent / studies,
    nonzero: counts.nonzero / studies,
  };
}

/** In the region of real studies: training luck .02, images .03, both together .06 Dice. */
const MIXED = { seed: 0.02, image: 0.03, rest: 0.06 };

describe('simulated studies', () => {
  const resamplesOf = (seeds: number) =>
    drawResamples({ seeds, images: 64, count: 1000, random: createRandom(3, 'simulation', seeds) });

  it('cover about 95 % and 90 % with ten seeds, a little less with five', () => {
    const ten = simulate({ studies: 800, resamples: resamplesOf(10), effect: 0, sd: MIXED });
    // Binomial standard error .008 at .95, .011 at .9.
    expect(Math.abs(ten.covered95 - 0.95)).toBeLessThan(0.025);
    expect(Math.abs(ten.covered90 - 0.9)).toBeLessThan(0.035);
    expect(ten.nonzero).toBeCloseTo(1 - ten.covered95, 12);
    const five = simulate({ studies: 800, resamples: resamplesOf(5), effect: 0, sd: MIXED });
    expect(five.covered95).toBeGreaterThan(0.9);
    expect(five.covered95).toBeLessThan(ten.covered95);
  });

  it('cover too little where all noise is training luck: why five seeds are an estimate, ten a test', () => {
    const noise = { seed: 0.02, image: 0, rest: 0 };
    const rate = (seeds: number) =>
      simulate({ studies: 500, resamples: resamplesOf(seeds), effect: 0, sd: noise }).covered95;
    const five = rate(5);
    const ten = rate(10);
    expect(five).toBeGreaterThan(0.78);
    expect(five).toBeLessThan(0.9);
    expect(ten).toBeGreaterThan(five);
  });

  it('call a true difference of δ equivalent in about 5 % of studies, and no difference in most', () => {
    const resamples = resamplesOf(10);
    const atMargin = simulate({ studies: 500, resamples, effect: 0.02, sd: MIXED });
    expect(atMargin.equivalent).toBeLessThan(0.09);
    const none = simulate({ studies: 500, resamples, effect: 0, sd: MIXED });
    expect(none.equivalent).toBeGreaterThan(0.5);
  });
});
