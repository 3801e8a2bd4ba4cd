/**
 * What the intervals of the curve of *Progress* really promise: simulated trainings of known truth, scored and fitted by what
 * the product scores and fits with, as the tables of docs/labelling.md.
 *
 *   node build/run.mjs test/bench/learning-curve.ts [histories a cell: 2000]
 *
 * A history: trainings on more and more labels, each with a luck of its own, scored on the same held-out images. In each cell, in
 * per cent: how often the interval holds the true gain of as many labels again / the true Dice there / the true ceiling, and half
 * the mean width of that of the gain. Binomial standard error of a rate: .5 percentage points at 95 % with 2000 histories.
 */
import { scoresTogether } from '../../engine/labelling/held-out-scores.ts';
import { errorOfPoint } from '../../engine/labelling/progress.ts';
import { fitCurve } from '../../engine/study/statistics/learning-curve.ts';
import { createRandom } from '../../shared/random.ts';

const histories = Number(process.argv[2] ?? 2000);
/** The last: it grows with the labels, as that of models does. */
const HELD_OUT = [5, 12, 40, 'a fifth'] as const;
/** SDs of Dice: between images, and of what training and image add together. */
const IMAGE_SD = 0.08;
const REST_SD = 0.05;

interface Truth {
  readonly words: string;
  readonly at: (labels: number) => number;
  readonly ceiling: number;
}

const power = (a: number, b: number, c: number): Truth => ({
  words: `${a} − ${b}·n^−${c}`,
  at: (n) => a - b * n ** -c,
  ceiling: a,
});

/** The last two are no power laws. */
const TRUTHS: readonly Truth[] = [
  power(0.9, 0.6, 0.7),
  power(0.85, 0.5, 0.35),
  power(0.8, 1.2, 1.5),
  power(0.85, 0, 1),
  { words: '.88 − .5·exp(−n/12)', at: (n) => 0.88 - 0.5 * Math.exp(-n / 12), ceiling: 0.88 },
  {
    words: '.9 / (1 + (6/n)^1.2)',
    at: (n) => 0.9 / (1 + (6 / n) ** 1.2),
    ceiling: 0.9,
  },
];
const DESIGNS: readonly (readonly number[])[] = [
  [4, 8, 16],
  [4, 6, 8, 12],
  [4, 8, 16, 32, 64],
  [5, 10, 15, 20, 25, 30, 35, 40],
];
const LUCKS = [0.005, 0.015, 0.03];

const covers = ([low, high]: readonly [number, number], value: number) =>
  low <= value + 1e-9 && value - 1e-9 <= high;

function cell(
  truth: Truth,
  design: readonly number[],
  luck: number,
  heldOut: number | 'a fifth',
): string {
  const random = createRandom(1, 'learning curve', truth.words, design.join(' '), luck, heldOut);
  const counts = { gain: 0, at: 0, ceiling: 0 };
  let widths = 0;
  const last = design.at(-1) ?? 0;
  for (let k = 0; k < histories; k++) {
    const ofTraining = (labels: number) =>
      heldOut === 'a fifth' ? Math.max(1, Math.round(labels / 5)) : heldOut;
    const images = Array.from({ length: ofTraining(last) }, () => IMAGE_SD * random.normal());
    // What these images have in common is part of what is asked for: Dice on them.
    const shift = images.reduce((sum, one) => sum + one, 0) / images.length;
    const { scores } = scoresTogether(
      design.map((labels) => {
        const mean = truth.at(labels) + luck * random.normal() - shift;
        const own = images.slice(0, ofTraining(labels));
        return new Map(own.map((one, i) => [i, mean + one + REST_SD * random.normal()]));
      }),
    );
    const fitted = fitCurve(
      scores.map((score, i) => ({
        x: design[i] ?? 0,
        y: score.mean,
        error: errorOfPoint(score),
      })),
    );
    const gain = fitted.gain(last, 2 * last).interval;
    if (covers(gain, truth.at(2 * last) - truth.at(last))) counts.gain++;
    if (covers(fitted.at(2 * last).interval, truth.at(2 * last))) counts.at++;
    if (covers(fitted.ceiling().interval, truth.ceiling)) counts.ceiling++;
    widths += (gain[1] - gain[0]) / 2 / histories;
  }
  const percent = (count: number) => ((100 * count) / histories).toFixed(1);
  return `${percent(counts.gain)} / ${percent(counts.at)} / ${percent(counts.ceiling)}, ±${widths.toFixed(3).slice(1)}`;
}

console.log(`${histories} histories a cell`);
for (const luck of LUCKS) {
  console.log(`\nluck of a training: SD ${luck}\n`);
  console.log(`| truth | labels | ${HELD_OUT.map((part) => `${part} held out`).join(' | ')} |`);
  console.log(`| --- | --- |${' --- |'.repeat(HELD_OUT.length)}`);
  for (const truth of TRUTHS) {
    for (const design of DESIGNS) {
      const cells = HELD_OUT.map((heldOut) => cell(truth, design, luck, heldOut));
      console.log(`| ${truth.words} | ${design.join(', ')} | ${cells.join(' | ')} |`);
    }
  }
}
