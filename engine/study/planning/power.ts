/**
 * From a pilot to the size of a study that decides. The paired differences of the pilot give the variance
 * between seeds, between images and beyond both; chance-of-verdict.ts judges studies of other sizes with it, row by row
 * and as advice, which holds for all primary questions at once. Nothing is trained or read here.
 */
import type { Comparison, VarianceComponents } from '../../../shared/analysis.ts';
import {
  MAX_PLANNED_SEEDS,
  POWER_GOALS,
  POWER_READINGS,
  type PowerGoal,
  type PowerNeed,
  type PowerPlan,
  type PowerQuestion,
  type PowerReading,
  POWERS,
  type StudyPower,
} from '../../../shared/power.ts';
import { counted, duration, score } from '../../../shared/number-format.ts';
import {
  type AskedQuestion,
  isAsked,
  type QuestionName,
  questionOf,
} from '../../../shared/primary-questions.ts';
import type { CrossedSize } from '../statistics/crossed-interval.ts';
import { powerOf, type ReadTogether } from './chance-of-verdict.ts';

/** Times as many test images as the pilot had. */
const IMAGE_FACTORS = [1, 2, 4];
/** z of the one-sided 80 % limit (Browne, Statistics in Medicine 14, 1995, 1933–1940). */
const Z_80 = 0.8416;

/** Comparisons whose answer a study is made for. */
const ASKED: ReadonlySet<Comparison['comparison']> = new Set([
  'encoder − random',
  'encoder+decoder − encoder',
  'decoder − random',
]);

/** Lower 20 % quantile of χ²/df: Wilson and Hilferty's cube, within 1 % from two degrees of freedom. */
function lowerFifth(freedom: number): number {
  if (freedom === 1) return 0.0642; // exact; the cube is off by a third here
  const q = 2 / (9 * freedom);
  return (1 - q - Z_80 * Math.sqrt(q)) ** 3;
}

/** Upper 80 % limits of what varies between seeds and between images. */
export function cautiousVariance(
  { seed, image, rest }: VarianceComponents,
  { seeds, images }: CrossedSize,
): VarianceComponents {
  const upper = (square: number, freedom: number) => square / lowerFifth(freedom);
  return {
    seed: Math.max(0, (upper(images * seed + rest, seeds - 1) - rest) / images),
    image: Math.max(0, (upper(seeds * image + rest, images - 1) - rest) / seeds),
    rest,
  };
}

/** Smallest number of seeds, by halving: more seeds never make a study weaker. */
function seedsFor(
  chance: (seeds: number) => Record<PowerGoal, number>,
  goal: PowerGoal,
  power: number,
): number | null {
  if (chance(MAX_PLANNED_SEEDS)[goal] < power) return null;
  let [enough, tooFew] = [MAX_PLANNED_SEEDS, 1];
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2);
    if (chance(middle)[goal] >= power) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

/** Arms that a primary question compares, by pretraining and transfer. */
const ARMS_OF: Readonly<Record<QuestionName, readonly string[]>> = {
  encoder: ['random', 'E'],
  decoder: ['E', 'E+D'],
  both: ['random', 'E+D'],
  'decoder-alone': ['random', 'D'],
  trend: ['random', 'E'],
  classification: ['E', 'E of classification'],
  simclr: ['E', 'E of simclr'],
  conrec: ['E', 'E of conrec'],
};

/** How a row is read as advice; null where it is no primary question. */
function togetherOf(
  cell: Pick<Comparison, 'pretraining' | 'labels' | 'comparison'>,
  primary: readonly AskedQuestion[],
): ReadTogether | null {
  const question = questionOf(cell.comparison);
  const { pretraining, labels } = cell;
  if (question === null || !isAsked({ question, pretraining, labels }, primary)) return null;
  const arms = primary
    .filter((one) => one.labels === labels || one.question === 'trend')
    .flatMap((one) =>
      ARMS_OF[one.question].map((arm) =>
        arm === 'E' || arm === 'E+D' || arm === 'D' ? `${arm} of ${one.pretraining}` : arm,
      ),
    );
  return { questions: primary.length, arms: new Set(arms).size };
}

function needsOf(
  variance: VarianceComponents,
  pilot: CrossedSize,
  options: {
    readonly delta: number;
    readonly testImages: readonly number[];
    readonly reading: PowerReading;
    /** null: as a row. */
    readonly together: ReadTogether | null;
  },
): PowerNeed[] {
  const { delta, testImages, reading, together } = options;
  const cautious = cautiousVariance(variance, pilot);
  return testImages.flatMap((images) => {
    const known = new Map<string, Record<PowerGoal, number>>();
    const chanceOf = (name: string, assumed: VarianceComponents) => (seeds: number) => {
      const key = `${name} ${seeds}`;
      const chance = known.get(key) ?? powerOf(assumed, { seeds, images }, { delta, together });
      known.set(key, chance);
      return chance;
    };
    const [likely, unlucky] = [chanceOf('likely', variance), chanceOf('cautious', cautious)];
    return POWER_GOALS.flatMap((goal) =>
      POWERS.map((power) => ({
        reading,
        goal,
        power,
        testImages: images,
        seeds: seedsFor(likely, goal, power),
        seedsCautious: seedsFor(unlucky, goal, power),
      })),
    );
  });
}

export interface PowerOptions {
  readonly studyName: string;
  readonly comparisons: readonly Comparison[];
  readonly delta: number;
  /** The primary questions of the study that is planned for. */
  readonly primary: readonly AskedQuestion[];
  /** Numbers of test images to plan for; once, twice and four times the pilot's where not given. */
  readonly testImages?: readonly number[] | undefined;
  readonly secondsPerSeed: number | null;
}

/** null where no comparison of the halves has two seeds and two test images, which is the least to learn from. */
export function planPower(options: PowerOptions): StudyPower | null {
  const { studyName, delta, primary, secondsPerSeed } = options;
  const asked = options.comparisons.filter((cell) => ASKED.has(cell.comparison));
  const images = asked[0]?.testImages ?? 0;
  const testImages = options.testImages ?? IMAGE_FACTORS.map((factor) => factor * images);
  const questions = asked.flatMap((cell): PowerQuestion[] => {
    const { pretraining, labels, comparison, variance, seeds } = cell;
    if (variance === null) return [];
    const pilot = { seeds: seeds.length, images: cell.testImages };
    return [
      {
        pretraining,
        labels,
        comparison,
        pilotSeeds: seeds.length,
        spread: {
          seed: Math.sqrt(variance.seed),
          image: Math.sqrt(variance.image),
          rest: Math.sqrt(variance.rest),
        },
        needs: POWER_READINGS.flatMap((reading) => {
          const together = reading === 'row' ? null : togetherOf(cell, primary);
          if (reading === 'advice' && together === null) return [];
          return needsOf(variance, pilot, { delta, testImages, reading, together });
        }),
      },
    ];
  });
  const [first] = questions;
  if (first === undefined) return null;
  // Questions that are not primary have rows alone, which come first.
  const all = questions.reduce((most, one) => (one.needs.length > most.needs.length ? one : most));
  const plans = all.needs.map((need, at): PowerPlan => {
    // Where no number of seeds is enough, the question with the largest spread between seeds stands for all.
    const asked = questions.filter(({ needs }) => at < needs.length);
    const most = (of: 'seeds' | 'seedsCautious') =>
      asked.reduce((hardest, one) => {
        const [here, before] = [one, hardest].map((each) => each.needs[at]?.[of] ?? Infinity);
        if (here === before) return one.spread.seed > hardest.spread.seed ? one : hardest;
        return (here ?? 0) > (before ?? 0) ? one : hardest;
      });
    const { pretraining, labels, comparison } = most('seeds');
    const seeds = most('seeds').needs[at]?.seeds ?? null;
    const seedsCautious = most('seedsCautious').needs[at]?.seedsCautious ?? null;
    const time = (count: number | null) =>
      count === null || secondsPerSeed === null ? null : count * secondsPerSeed;
    return {
      ...need,
      seeds,
      seedsCautious,
      hardest: { pretraining, labels, comparison },
      seconds: time(seeds),
      secondsCautious: time(seedsCautious),
    };
  });
  return {
    studyName,
    delta,
    pilot: {
      seeds: Math.min(...questions.map(({ pilotSeeds }) => pilotSeeds)),
      testImages: images,
    },
    primaryQuestions: primary.length,
    questions,
    plans,
    secondsPerSeed,
    words: plans
      .filter((plan) => plan.power === POWERS[0] && plan.testImages === testImages[0])
      .map((plan) => wordsOf(plan, { delta, primary: primary.length })),
  };
}

function wordsOf(
  plan: PowerPlan,
  { delta, primary }: { readonly delta: number; readonly primary: number },
): string {
  const { reading, goal, power, testImages, seeds, seedsCautious, seconds, secondsCautious } = plan;
  const margin = score(delta);
  const asked =
    primary === 1 ? 'the one primary question' : `all ${primary} primary questions at once`;
  const aims: Readonly<Record<PowerReading, Readonly<Record<PowerGoal, string>>>> = {
    row: {
      equivalence: `To call every half “equivalent within ±${margin} Dice” where it truly makes no difference, row by row`,
      superiority: `To see a true difference of ${margin} Dice in every comparison of the halves, row by row`,
    },
    advice: {
      equivalence: `To advise that a half makes no difference of ±${margin} Dice where it truly makes none, for ${asked}`,
      superiority: `To advise a half for a true difference of ${margin} Dice, for ${asked}`,
    },
  };
  const amount = (count: number | null, time: number | null) =>
    count === null
      ? `more than ${MAX_PLANNED_SEEDS} seeds`
      : `${counted(count, 'seed')}${time === null ? '' : ` (${duration(time)} on this machine)`}`;
  return `${aims[reading][goal]}, with a chance of ${Math.round(100 * power)} % each: ${counted(testImages, 'test image')} and ${amount(seeds, seconds)}; to be on the safe side ${amount(seedsCautious, secondsCautious)}.`;
}
