/**
 * What a study's advice really promises: simulated studies of known truth, analysed as real ones are, as the tables of
 * docs/study.md. Something false: a half or task called better or worse that is not, or a difference of δ or more
 * called too small to matter, in any primary question. "single" reads the same from single intervals, as headline and
 * claims did before.
 *
 *   node build/run.mjs test/bench/advice.ts [studies a cell: 400] [false | unequal | power]
 *
 * Binomial standard error of a rate: 1.1 percentage points at 5 % with 400 studies.
 */
import { armsOf } from '../../engine/study/analysis/arms.ts';
import { judgeClaims } from '../../engine/study/analysis/claims.ts';
import { compareArms, type Compared } from '../../engine/study/analysis/comparisons.ts';
import type {
  AnalysedRun,
  ClaimVerdict,
  Comparison,
  StudiedPretraining,
} from '../../shared/analysis.ts';
import { PRETRAINING_TASKS, type PretrainingTask, type Transfer } from '../../shared/entities.ts';
import { PRETRAINING_TASK_FACTS } from '../../shared/pretraining-tasks.ts';
import { createRandom, type Random } from '../../shared/random.ts';

const studies = Number(process.argv[2] ?? 400);
const only = process.argv[3];
const DELTA = 0.02;
const SEEDS = [3, 5, 8];
const IMAGES = 24;
/** Standard deviations of a single arm in Dice; differences of 5 seeds then have single intervals of about ± .017. */
const SPREAD = { seed: 0.006, image: 0.012, rest: 0.03 };

interface SimulatedArm {
  readonly task: PretrainingTask | null;
  readonly transfer: Transfer;
  /** True Dice over a random start. */
  readonly gain: (labels: number) => number;
  /** Times the spread of the others. */
  readonly luck?: number;
}

interface Design {
  readonly arms: readonly SimulatedArm[];
  readonly labelCounts: readonly number[];
  readonly seeds: number;
}

const nothing = () => 0;

function simulatedRuns({ arms, labelCounts, seeds }: Design, random: Random): AnalysedRun[] {
  return labelCounts.flatMap((labels) =>
    arms.flatMap(({ task, transfer, gain, luck = 1 }) => {
      const ofImage = Array.from({ length: IMAGES }, () => SPREAD.image * random.normal());
      return Array.from({ length: seeds }, (_, seed): AnalysedRun => {
        const ofSeed = 0.7 + gain(labels) + luck * SPREAD.seed * random.normal();
        return {
          ...{ runId: 0, pretraining: task, transfer, labels, seed, status: 'done' },
          ...{ validation: [], diceLast: null },
          images: ofImage.map((image, imageId) => {
            const dice = ofSeed + image + luck * SPREAD.rest * random.normal();
            return { imageId, dice, iou: 0, hd95: 0, boundaryF1: 0 };
          }),
        };
      });
    }),
  );
}

const studied = (arms: readonly SimulatedArm[]): StudiedPretraining[] =>
  [...new Set(arms.flatMap(({ task }) => task ?? []))].map((task) => ({
    ...{ key: task, task, trains: PRETRAINING_TASK_FACTS[task].trains },
  }));

function compared(design: Design, random: Random): Compared {
  return compareArms(armsOf(simulatedRuns(design, random)), {
    ...{ pretrainings: studied(design.arms), delta: DELTA, primary: [], seedForBootstrap: 1 },
    // Takes no part in advice, and is most of the work.
    bootstrap: () => ({ mean: 0, ci95: [0, 0], ci90: [0, 0] }),
    baselineNotConverged: [],
  });
}

type Reading = 'single' | 'together';

/** The same comparisons with single intervals in the place of those that hold together. */
function bySingle({ comparisons, trends }: Compared): Pick<Compared, 'comparisons' | 'trends'> {
  return {
    comparisons: comparisons.map((one) =>
      one.together === null
        ? one
        : { ...one, together: { ci95: one.ci95, ci90: one.ci90, verdict: one.verdict } },
    ),
    trends: trends.map((one) => ({ ...one, together: one.ci95 })),
  };
}

function claimsOf(found: Pick<Compared, 'comparisons' | 'trends'>, arms: readonly SimulatedArm[]) {
  const { comparisons, trends } = found;
  return judgeClaims({ comparisons, trends, pretrainings: studied(arms), delta: DELTA });
}

/** Anything false among what all questions say, where every true difference is 0. */
const isFalseAlarm = ({ comparisons, trends }: Pick<Compared, 'comparisons' | 'trends'>) =>
  comparisons.some(({ together }) => /helps|hurts|detectable/.test(together?.verdict ?? '')) ||
  trends.some(({ together }) => together !== null && (together[0] > 0 || together[1] < 0));

/** Whether a difference of δ or more is called less than δ. */
const isFalseEquality = (comparisons: readonly Comparison[], truth: (one: Comparison) => number) =>
  comparisons.some(
    (one) => one.together !== null && truth(one) >= DELTA && one.together.ci90[1] < DELTA,
  );

const percent = (count: number) => ((100 * count) / studies).toFixed(1);
const header = (columns: readonly string[]) =>
  console.log(`| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}`);

const TASKS = PRETRAINING_TASKS.filter((task) => task !== 'colourisation');
const HALVES: readonly Transfer[] = ['encoder', 'encoder+decoder', 'decoder'];
const RANDOM: SimulatedArm = { task: null, transfer: 'random', gain: nothing };

/** Up to six tasks with both halves; more with the encoder alone, as such studies are made. */
function armsOfTasks(
  count: number,
  gain: (transfer: Transfer, labels: number) => number,
): SimulatedArm[] {
  const transfers = count > 6 ? HALVES.slice(0, 1) : HALVES;
  const tasks = TASKS.filter((task) => count > 6 || PRETRAINING_TASK_FACTS[task].trains.length > 1);
  return [
    RANDOM,
    ...tasks.slice(0, count).flatMap((task) =>
      transfers.map((transfer): SimulatedArm => ({
        ...{ task, transfer, gain: (labels) => gain(transfer, labels) },
      })),
    ),
  ];
}

function falseAdvice(): void {
  console.log('\nSomething false among all advised, in per cent: single / together\n');
  const counts = [1, 2, 3].map((n) => [4, 16, 64].slice(0, n));
  header([
    'tasks',
    'S',
    ...counts.map((list) => `${list.length} label count(s), no difference`),
    'the same with 2 counts, every true difference δ',
    'claim 1 contradicted though no decoder does anything, 2 counts',
  ]);
  for (const tasks of [1, 3, 6, 13]) {
    for (const seeds of SEEDS) {
      const cells = counts.map((labelCounts) => {
        const random = createRandom(1, 'false advice', tasks, labelCounts.length, seeds);
        const arms = armsOfTasks(tasks, nothing);
        const rates = { single: 0, together: 0 };
        const claim: Record<Reading, number> = { single: 0, together: 0 };
        for (let k = 0; k < studies; k++) {
          const found = compared({ arms, labelCounts, seeds }, random);
          for (const [name, read] of [
            ['single', bySingle(found)],
            ['together', found],
          ] as const) {
            if (isFalseAlarm(read)) rates[name]++;
            if (claimsOf(read, arms)[0]?.status === 'contradicted') claim[name]++;
          }
        }
        return { rates, claim };
      });
      const random = createRandom(2, 'false equality', tasks, seeds);
      const arms = armsOfTasks(
        tasks,
        (transfer) => (transfer === 'encoder+decoder' ? 2 : 1) * DELTA,
      );
      const equal = { single: 0, together: 0 };
      for (let k = 0; k < studies; k++) {
        const found = compared({ arms, labelCounts: [4, 16], seeds }, random);
        const truth = ({ comparison }: Comparison) =>
          comparison.includes('encoder(')
            ? 0
            : comparison === 'encoder+decoder − random'
              ? 2 * DELTA
              : DELTA;
        if (isFalseEquality(bySingle(found).comparisons, truth)) equal.single++;
        if (isFalseEquality(found.comparisons, truth)) equal.together++;
      }
      const pair = (rate: Record<Reading, number>) =>
        `${percent(rate.single)} / ${percent(rate.together)}`;
      const claim = cells[1]?.claim ?? { single: NaN, together: NaN };
      console.log(
        `| ${tasks} | ${seeds} | ${cells.map(({ rates }) => pair(rates)).join(' | ')} | ${pair(equal)} | ${tasks > 6 ? '–' : pair(claim)} |`,
      );
    }
  }
}

/** Arms that are not equally lucky, which the shared spread takes them to be. */
function unequalLuck(): void {
  console.log('\nSomething false, no true difference, 2 label counts: single / together\n');
  header([
    'tasks',
    'S',
    'random twice as lucky or unlucky',
    'random 3 times',
    'the first task 3 times',
  ]);
  for (const tasks of [3, 13]) {
    for (const seeds of SEEDS) {
      const cells = (['random 2', 'random 3', 'task 3'] as const).map((who) => {
        const random = createRandom(3, 'unequal luck', tasks, seeds, who);
        const luck = Number(who.slice(-1));
        const arms = armsOfTasks(tasks, nothing).map((arm, k) =>
          k === (who.startsWith('random') ? 0 : 1) ? { ...arm, luck } : arm,
        );
        const rates = { single: 0, together: 0 };
        for (let k = 0; k < studies; k++) {
          const found = compared({ arms, labelCounts: [4, 16], seeds }, random);
          if (isFalseAlarm(bySingle(found))) rates.single++;
          if (isFalseAlarm(found)) rates.together++;
        }
        return `${percent(rates.single)} / ${percent(rates.together)}`;
      });
      console.log(`| ${tasks} | ${seeds} | ${cells.join(' | ')} |`);
    }
  }
}

const EFFECTS = [0, 0.01, 0.02, 0.04];

/** How often each of some things is seen in a study, read from single intervals and together. */
interface Watched {
  /** Of the random stream. */
  readonly name: string;
  readonly arms: readonly SimulatedArm[];
  readonly labelCounts: readonly number[];
  readonly seeds: number;
  readonly seen: (
    found: Pick<Compared, 'comparisons' | 'trends'>,
    claims: readonly ClaimVerdict[],
  ) => boolean[];
}

/** In whole per cent, in the order of what is seen. */
function watch({ name, arms, labelCounts, seeds, seen }: Watched): Record<Reading, string[]> {
  const random = createRandom(4, name, seeds);
  const counts: Record<Reading, number[]> = { single: [], together: [] };
  for (let k = 0; k < studies; k++) {
    const found = compared({ arms, labelCounts, seeds }, random);
    for (const [reading, read] of [
      ['single', bySingle(found)],
      ['together', found],
    ] as const) {
      seen(read, claimsOf(read, arms)).forEach((is, at) => {
        counts[reading][at] = (counts[reading][at] ?? 0) + Number(is);
      });
    }
  }
  const whole = (list: readonly number[]) =>
    list.map((count) => String(Math.round((100 * count) / studies)));
  return { single: whole(counts.single), together: whole(counts.together) };
}

/** A row a number of seeds and reading, a column an effect. */
function powerTable(
  design: (effect: number) => Omit<Watched, 'seeds'>,
  layout: (cell: readonly string[]) => string = (cell) => cell.join(' / '),
): void {
  header(['S', 'read from', ...EFFECTS.map((effect) => `effect ${effect}`)]);
  for (const seeds of SEEDS) {
    const cells = EFFECTS.map((effect) => watch({ ...design(effect), seeds }));
    for (const reading of ['single', 'together'] as const) {
      console.log(
        `| ${seeds} | ${reading} | ${cells.map((cell) => layout(cell[reading])).join(' | ')} |`,
      );
    }
  }
}

const isStatus = (claims: readonly ClaimVerdict[], claim: number, status: ClaimVerdict['status']) =>
  claims.some((one) => one.claim === claim && one.status === status);

function power(): void {
  const counts = [4, 16];
  console.log(
    '\nOne task (E, E+D, D), 4 and 16 labels; the encoder gains so much with 4, nothing with 16; the decoder nothing.',
  );
  console.log(
    'With 4 labels: encoder “helps” / encoder equivalent within ±δ / encoder less than δ, in per cent\n',
  );
  const encoderGains = (effect: number) =>
    armsOfTasks(1, (transfer, labels) => (transfer === 'decoder' || labels > 4 ? 0 : effect));
  powerTable((effect) => ({
    ...{ name: `encoder ${effect}`, arms: encoderGains(effect), labelCounts: counts },
    seen: ({ comparisons }) => {
      const encoder = comparisons.find(
        (c) => c.labels === 4 && c.comparison === 'encoder − random',
      )?.together;
      const [low, high] = encoder?.ci90 ?? [NaN, NaN];
      return [encoder?.verdict === 'helps', low > -DELTA && high < DELTA, high < DELTA];
    },
  }));
  console.log('\nThe same studies: claim 2 supported / contradicted, in per cent\n');
  powerTable((effect) => ({
    ...{ name: `encoder ${effect}`, arms: encoderGains(effect), labelCounts: counts },
    seen: (_, claims) => [isStatus(claims, 2, 'supported'), isStatus(claims, 2, 'contradicted')],
  }));
  console.log(
    '\nThe encoder gains .03 with both label counts, the decoder so much on top of it and alone: claim 1 supported / contradicted, in per cent\n',
  );
  powerTable((effect) => ({
    name: `decoder ${effect}`,
    labelCounts: counts,
    arms: armsOfTasks(
      1,
      (transfer) => (transfer === 'decoder' ? 0 : 0.03) + (transfer === 'encoder' ? 0 : effect),
    ),
    seen: (_, claims) => [isStatus(claims, 1, 'supported'), isStatus(claims, 1, 'contradicted')],
  }));
  const rivals: readonly PretrainingTask[] = ['classification', 'simclr', 'conrec'];
  const better: readonly PretrainingTask[] = ['segmentation', 'multi-conrec'];
  console.log(
    '\nFive encoders, 8 labels; segmentation and multi-reconstruction ConRec gain so much over a random start and over classification, SimCLR and ConRec.',
  );
  console.log('Claims 3 / 4 / 5 supported; contradicted, in per cent\n');
  powerTable(
    (effect) => ({
      name: `claims ${effect}`,
      labelCounts: [8],
      arms: [
        RANDOM,
        ...rivals.map((task): SimulatedArm => ({ task, transfer: 'encoder', gain: nothing })),
        ...better.map((task): SimulatedArm => ({ task, transfer: 'encoder', gain: () => effect })),
      ],
      seen: (_, claims) =>
        (['supported', 'contradicted'] as const).flatMap((status) =>
          [3, 4, 5].map((claim) => isStatus(claims, claim, status)),
        ),
    }),
    (cell) => `${cell.slice(0, 3).join(' / ')}; ${cell.slice(3).join(' / ')}`,
  );
}

console.log(`${studies} studies a cell, ${IMAGES} test images, δ = ${DELTA}`);
if (only === undefined || only === 'power') power();
if (only === undefined || only === 'false') falseAdvice();
if (only === undefined || only === 'unequal') unequalLuck();
