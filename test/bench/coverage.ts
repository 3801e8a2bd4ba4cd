/**
 * What the intervals and tests of a study really promise: simulated studies of known truth over a grid
 * of seeds, test images, sources of variance and noise, as the tables of docs/study.md.
 *
 *   node build/run.mjs test/bench/coverage.ts [studies a cell: 2000]
 *
 * Binomial standard error of a rate: .5 percentage points at 95 % with 2000 studies.
 */
import { bootstrapMean, drawResamples } from '../../engine/study/bootstrap.ts';
import { crossedInterval } from '../../engine/study/crossed-interval.ts';
import { holm, isEquivalent, signFlipTest } from '../../engine/study/statistics.ts';
import { createRandom } from '../../shared/random.ts';
import {
  type Noise,
  NOISES,
  simulatedDifferences,
  SPREADS,
  type Spread,
} from '../engine/study/simulated-studies.ts';

const studies = Number(process.argv[2] ?? 2000);
/** Percentile intervals need fewer resamples here than in a report: their noise averages out. */
const RESAMPLES = 1000;
const DELTA = 0.02;
const SEEDS = [3, 5, 8, 10];
const IMAGES = [18, 64, 200];

const percent = (count: number) => ((100 * count) / studies).toFixed(1).padStart(5);

function coverage(noise: Noise, spread: Spread): void {
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
    console.log(`  S = ${String(seeds).padStart(2)}   ${cells.join('    ')}`);
  }
}

/** Five comparisons without any true difference that share their baseline, as the arms of a study do. */
function familyWise(imageSd: number): void {
  for (const seeds of SEEDS) {
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
    console.log(`  S = ${String(seeds).padStart(2)}   ${percent(alarms)}`);
  }
}

console.log(
  `${studies} studies a cell; ${IMAGES.join(', ')} test images; in each cell, in per cent:`,
);
console.log(
  'coverage of the 95 % interval / of the percentile interval / false equivalence at δ\n',
);
for (const noise of NOISES) {
  for (const [name, spread] of Object.entries(SPREADS)) {
    console.log(`${noise} noise, variance ${name} (${Object.values(spread).join(' / ')})`);
    coverage(noise, spread);
  }
}
for (const [imageSd, words] of [
  [0, 'none between test images'],
  [0.3, 'some between test images (.3 of the SD of a seed)'],
] as const) {
  console.log(`\nany false alarm of 5 Holm-corrected sign-flip tests at 5 %, ${words}`);
  familyWise(imageSd);
}
