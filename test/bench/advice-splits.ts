/**
 * What the advice of a study over several splits promises: simulated studies without any true difference, with training
 * images that matter and that splits share, analysed as real ones are. Something false: any primary question that says
 * better or worse; and with every true difference δ, any that is called too small. As the table of docs/study.md.
 *
 *   node build/run.mjs test/bench/advice-splits.ts [studies a cell: 400] [false | power]
 *
 * Binomial standard error of a rate: 1.1 percentage points at 5 % with 400 studies.
 */
import { armsOf } from '../../engine/study/analysis/arms.ts';
import { compareArms, type Compared } from '../../engine/study/analysis/comparisons.ts';
import type { AnalysedRun } from '../../shared/analysis.ts';
import { PRETRAINING_TASKS, type PretrainingTask, type Transfer } from '../../shared/entities.ts';
import { PRETRAINING_TASK_FACTS } from '../../shared/pretraining-tasks.ts';
import { createRandom, type Random } from '../../shared/random.ts';
import {
  dividedImages,
  measuredOn,
  type SimulatedLabels,
} from '../engine/study/statistics/simulated-splits.ts';

const studies = Number(process.argv[2] ?? 400);
const only = process.argv[3];
const DELTA = 0.02;
const IMAGES = 100;
/** Of a single arm in Dice, as in advice.ts, and what the choice of its training images adds. */
const SPREAD = { seed: 0.006, image: 0.012, rest: 0.03, train: 0.01 };
const LABELS: readonly SimulatedLabels[] = [8, 'all'];
const TASKS = PRETRAINING_TASKS.filter((task) => PRETRAINING_TASK_FACTS[task].trains.length > 1);

interface Design {
  readonly tasks: number;
  readonly repeats: number;
  readonly seeds: number;
}

/** Up to three tasks with both halves; more with the encoder alone. */
function armsOfDesign({ tasks }: Design): [PretrainingTask | null, Transfer][] {
  const transfers: Transfer[] = tasks > 3 ? ['encoder'] : ['encoder', 'encoder+decoder', 'decoder'];
  const arms = TASKS.slice(0, tasks).flatMap((task) =>
    transfers.map((transfer): [PretrainingTask, Transfer] => [task, transfer]),
  );
  return [[null, 'random'], ...arms];
}

/** @param gain of every pretrained arm over the random start */
function compared(design: Design, gain: number, random: Random): Compared {
  const { repeats, seeds, tasks } = design;
  const folds = { images: IMAGES, folds: 5, repeats, splits: 5 * repeats, seeds };
  const divided = dividedImages(folds, random);
  const runs = LABELS.flatMap((labels) =>
    armsOfDesign(design).flatMap(([task, transfer]) =>
      measuredOn(divided, SPREAD, { labels, random }).flatMap((table, index) =>
        table.trainedOn.map((trainedOn, s): AnalysedRun => ({
          ...{ runId: 0, pretraining: task, transfer, labels: trainedOn.length },
          ...{ status: 'done', validation: [], diceLast: null },
          seed: index + s * divided.length,
          split: { index, trainImages: table.trainImages, trainedOn },
          images: table.imageIds.map((imageId, i) => {
            const value = table.values[s * table.images + i] ?? Number.NaN;
            const dice = value + (task === null ? 0 : gain);
            return { imageId, dice, iou: 0, hd95: 0, boundaryF1: 0 };
          }),
        })),
      ),
    ),
  );
  return compareArms(armsOf(runs), {
    pretrainings: TASKS.slice(0, tasks).map((task) => ({
      ...{ key: task, task, trains: PRETRAINING_TASK_FACTS[task].trains },
    })),
    ...{ delta: DELTA, primary: [], seedForBootstrap: 1, baselineNotConverged: [] },
    // Takes no part in advice.
    bootstrap: () => ({ mean: 0, ci95: [0, 0], ci90: [0, 0] }),
  });
}

const isDifference = (verdict: string) => /helps|hurts|detectable/.test(verdict);

function rates(design: Design): string[] {
  const random = createRandom(7, 'split advice', JSON.stringify(design));
  const counts = { single: 0, together: 0, equal: 0 };
  for (let k = 0; k < studies; k++) {
    const { comparisons, trends } = compared(design, 0, random);
    const asked = comparisons.filter(({ together }) => together !== null);
    if (asked.some(({ verdict }) => isDifference(verdict))) counts.single++;
    if (
      asked.some(({ together }) => isDifference(together?.verdict ?? '')) ||
      trends.some(({ together }) => together !== null && (together[0] > 0 || together[1] < 0))
    ) {
      counts.together++;
    }
    const ofDelta = compared(design, DELTA, random).comparisons.filter(
      ({ comparison }) => comparison === 'encoder − random',
    );
    if (ofDelta.some(({ together }) => (together?.ci90[1] ?? DELTA) < DELTA)) counts.equal++;
  }
  const percent = (count: number) => ((100 * count) / studies).toFixed(1);
  return [`${percent(counts.single)} / ${percent(counts.together)}`, percent(counts.equal)];
}

/** How often the encoder of one task is said to help that gains so much Dice: with 8 labels, and with all. */
function power(design: Design, gain: number): string {
  const random = createRandom(8, 'split power', JSON.stringify(design), String(gain));
  const helps = LABELS.map(() => ({ single: 0, together: 0 }));
  for (let k = 0; k < studies; k++) {
    compared(design, gain, random)
      .comparisons.filter(({ comparison }) => comparison === 'encoder − random')
      .forEach(({ verdict, together }, n) => {
        const count = helps[n];
        if (count === undefined) return;
        if (verdict === 'helps') count.single++;
        if (together?.verdict === 'helps') count.together++;
      });
  }
  const percent = (count: number) => ((100 * count) / studies).toFixed(0);
  return helps
    .map(({ single, together }) => `${percent(single)} / ${percent(together)}`)
    .join(' | ');
}

function table(title: string, columns: readonly string[], cells: (design: Design) => string): void {
  console.log(`\n${studies} studies a cell; ${title}, in per cent\n`);
  console.log(`| tasks | splits | seeds in each | ${columns.join(' | ')} |`);
  console.log(`|${' --- |'.repeat(columns.length + 3)}`);
  for (const tasks of only === 'power' ? [1] : [1, 3, 10]) {
    for (const repeats of [1, 2]) {
      for (const seeds of [1, 3]) {
        const words = repeats === 1 ? '5 folds' : '5 folds, twice';
        console.log(`| ${tasks} | ${words} | ${seeds} | ${cells({ tasks, repeats, seeds })} |`);
      }
    }
  }
}

if (only !== 'power') {
  table('something false', ['no difference: single / together', 'δ called too small'], (design) =>
    rates(design).join(' | '),
  );
}
if (only !== 'false') {
  table(
    '"the encoder helps", single / together',
    ['.04, n = 8', '.04, n = all', '.06, n = 8', '.06, n = all'],
    (design) => [0.04, 0.06].map((gain) => power(design, gain)).join(' | '),
  );
}
