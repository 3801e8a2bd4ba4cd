/**
 * What the intervals and tests of a study really promise: simulated studies of known truth over a grid
 * of seeds, test images, sources of variance and noise, as the tables of docs/study.md.
 *
 *   node build/run.mjs test/bench/coverage.ts [studies a cell: 2000]
 *
 * Binomial standard error of a rate: .5 percentage points at 95 % with 2000 studies.
 */
import { bootstrapMean, drawResamples } from '../../engine/study/statistics/bootstrap.ts';
import {
  crossedInterval,
  halfWidth,
  spreadOf,
} from '../../engine/study/statistics/crossed-interval.ts';
import { holm, isEquivalent, signFlipTest } from '../../engine/study/statistics/statistics.ts';
import { createRandom } from '../../shared/random.ts';
import {
  type Noise,
  NOISES,
  simulatedDifferences,
  simulatedSquares,
  SPREADS,
  type Spread,
} from '../engine/study/statistics/simulated-studies.ts';

const studies = Number(process.argv[2] ?? 2000);
/** Percentile intervals need fewer resamples here than in a report: their noise averages out. */
const RESAMPLES = 1000;
const DELTA = 0.02;
const SEEDS = [3, 5, 8, 10];
const IMAGES = [18, 64, 200];

const percent = (count: number) => ((100 * count) / studies).toFixed(1).padStart(5);

/** A row a number of seeds, as in a Markdown table. */
function coverage(noise: Noise, spread: Spread, words: string): void {
  for (const seeds of SEEDS) {
    const cells = IMAGES.map((images) => {
      const random = createRandom(1, 'coverage', noise, seeds, images);
      const resamples = drawResamples({
        seeds,
        images,
        count: RESAMPLES,
        random: createRandom(2, 'coverage resamples', seeds, images),
      });
      const counts = { crossed: 0, percentile: 0, margin: 0 };
      for (let k = 0; k < studies; k++) {
        const size = { seeds, images };
        const values = simulatedDifferences({ ...size, effect: 0, spread, noise, random });
        const covers = ([low, high]: readonly [number, number]) => low <= 0 && 0 <= high;
        const { ci95, ci90 } = crossedInterval(values, size);
        if (covers(ci95)) counts.crossed++;
        // The same study around a true difference of exactly δ.
        if (isEquivalent([ci90[0] + DELTA, ci90[1] + DELTA], DELTA)) counts.margin++;
        if (covers(bootstrapMean(values, resamples).ci95)) counts.percentile++;
      }
      return `${percent(counts.crossed)} / ${percent(counts.percentile)} / ${percent(counts.margin)}`;
    });
    console.log(`| ${words} | ${seeds} | ${cells.join(' | ')} |`);
  }
}

/** Studies of normal differences whose seeds agree better than the rest of the table allows, and how many these are. */
function agreeingSeeds(words: string, spread: Spread): void {
  for (const seeds of SEEDS.slice(0, 3)) {
    const cells = IMAGES.map((images) => {
      const size = { seeds, images };
      const random = createRandom(4, 'agreeing seeds', words, seeds, images);
      const counts = { all: 0, covered: 0, margin: 0 };
      for (let k = 0; k < 10 * studies; k++) {
        const { mean, squares } = simulatedSquares(spread, size, random);
        if (squares.seed >= squares.rest) continue;
        const half = (share: number) => halfWidth(spreadOf(squares, size), share);
        counts.all++;
        if (Math.abs(mean) <= half(0.95)) counts.covered++;
        if (isEquivalent([mean + DELTA - half(0.9), mean + DELTA + half(0.9)], DELTA)) {
          counts.margin++;
        }
      }
      const share = (count: number, of: number) => ((100 * count) / of).toFixed(1);
      return `${share(counts.all, 10 * studies)}: ${share(counts.covered, counts.all)} / ${share(counts.margin, counts.all)}`;
    });
    console.log(`| ${words} | ${seeds} | ${cells.join(' | ')} |`);
  }
}

/**
 * Any false alarm among five comparisons without a true difference that share their baseline, as the arms of a study do.
 * @param imageSd what the test images add to all seeds of a comparison alike, in SDs of an arm's seed means
 */
function familyWise(imageSd: number): void {
  const rates = SEEDS.map((seeds) => {
    const random = createRandom(3, 'family', seeds, imageSd);
    let alarms = 0;
    for (let k = 0; k < studies; k++) {
      const baseline = Array.from({ length: seeds }, () => random.normal());
      const ps = Array.from({ length: 5 }, () => {
        const images = imageSd * random.normal();
        return signFlipTest(
          baseline.map((b) => b + random.normal() + images),
          random,
        );
      });
      if (holm(ps).some((p) => p <= 0.05)) alarms++;
    }
    return percent(alarms);
  });
  console.log(`| ${imageSd} | ${rates.join(' | ')} |`);
}

const header = (columns: readonly (string | number)[]) =>
  console.log(`| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}`);

console.log(
  `${studies} studies a cell; in each cell, in per cent: coverage of the 95 % interval /`,
);
console.log('of the percentile interval / how often a true difference of δ is called equivalent');
for (const noise of NOISES) {
  console.log(`\n${noise} noise\n`);
  header(['variance', 'S', ...IMAGES.map((images) => `${images} images`)]);
  for (const [name, spread] of Object.entries(SPREADS)) coverage(noise, spread, name);
}
console.log(
  '\nWhere seeds happen to agree (share of studies: coverage / a true δ called equivalent)\n',
);
header(['SD between seeds', 'S', ...IMAGES.map((images) => `${images} images`)]);
for (const seed of [0, 0.004, 0.008]) {
  agreeingSeeds(String(seed), { seed, image: 0.02, rest: 0.06 });
}
console.log('\nAny false alarm of five Holm-corrected sign-flip tests at 5 %, in per cent\n');
header(['spread from test images', ...SEEDS.map((seeds) => `S = ${seeds}`)]);
for (const imageSd of [0, 0.2, 0.5]) familyWise(imageSd);
