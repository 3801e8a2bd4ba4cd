/**
 * What the interval of a study over several splits promises beside that of one split: simulated studies of known truth,
 * with training images that matter and that splits share, as the table of docs/study.md.
 *
 *   node build/run.mjs test/bench/coverage-splits.ts [studies a cell: 2000]
 *
 * Binomial standard error of a rate: .5 percentage points at 95 % with 2000 studies.
 */
import { halfWidth, type Spread } from '../../engine/study/statistics/crossed-interval.ts';
import { meanOverSplits, spreadOverSplits } from '../../engine/study/statistics/split-interval.ts';
import { createRandom } from '../../shared/random.ts';
import {
  type SimulatedLabels,
  simulatedSplits,
  type SplitDesign,
} from '../engine/study/statistics/simulated-splits.ts';

const studies = Number(process.argv[2] ?? 2000);
const IMAGES = 100;
const LABELS = [8, 'all'] as const;
/** SD in Dice that the choice of training images adds. */
const TRAIN = [0, 0.01, 0.02];
const OTHERS = { seed: 0.01, image: 0.03, rest: 0.06 };

const DESIGNS: readonly { words: string; splits: number; folds: number; repeats: number }[] = [
  { words: 'one split', splits: 1, folds: 5, repeats: 1 },
  { words: '5 folds', splits: 5, folds: 5, repeats: 1 },
  { words: '5 folds, twice', splits: 10, folds: 5, repeats: 2 },
];

/** As if the training images were given: no spread between splits. */
const withinSplits = ({ splits, ...spread }: Spread): Spread =>
  splits === undefined ? spread : { ...spread, splits: { ...splits, variance: 0 } };

function cell(design: SplitDesign & { readonly labels: SimulatedLabels }, train: number): string {
  const random = createRandom(5, 'split coverage', JSON.stringify(design), String(train));
  const counts = { within: 0, plain: 0, between: 0, width: 0 };
  for (let k = 0; k < studies; k++) {
    const tables = simulatedSplits(design, { ...OTHERS, train }, random);
    const spread = spreadOverSplits(tables);
    const off = Math.abs(meanOverSplits(tables));
    const half = halfWidth(spread, 0.95);
    if (off <= halfWidth(withinSplits(spread), 0.95)) counts.within++;
    // Nadeau and Bengio's own correlation, as if no training image were shared.
    const plain = spreadOverSplits(tables.map((table) => ({ ...table, trainedOn: [] })));
    if (off <= halfWidth(plain, 0.95)) counts.plain++;
    if (off <= half) counts.between++;
    counts.width += half / studies;
  }
  const percent = (count: number) => ((100 * count) / studies).toFixed(1);
  const width = counts.width.toFixed(3).replace('0.', '.');
  return design.splits === 1
    ? `${percent(counts.within)} (± ${width})`
    : `${percent(counts.within)} / ${percent(counts.plain)} / ${percent(counts.between)} (± ${width})`;
}

console.log(
  `${studies} studies a cell, ${IMAGES} images; coverage of the 95 % interval within splits / with n_test/n_train / over splits (its mean half width)`,
);
const columns = LABELS.flatMap((n) => TRAIN.map((sd) => `n = ${n}, SD ${sd}`));
console.log(`| splits | seeds in each | ${columns.join(' | ')} |`);
console.log(`|${' --- |'.repeat(columns.length + 2)}`);
for (const { words, ...splits } of DESIGNS) {
  for (const seeds of splits.splits === 1 ? [3, 5] : [1, 3, 5]) {
    const cells = LABELS.flatMap((labels) =>
      TRAIN.map((train) => cell({ images: IMAGES, ...splits, seeds, labels }, train)),
    );
    console.log(`| ${words} | ${seeds} | ${cells.join(' | ')} |`);
  }
}
