/**
 * From a pilot to the size of a study that decides. The paired differences of the pilot give the variance
 * between seeds, between images and beyond both; studies of other sizes are then drawn from the same normal
 * model (mean and mean squares, which are all that the interval of crossed-interval.ts reads) and judged as
 * real ones are. Nothing is trained or read here.
 */
import type { Comparison, VarianceComponents } from '../../../shared/analysis.ts';
import {
  MAX_PLANNED_SEEDS,
  type PowerGoal,
  type PowerNeed,
  type PowerPlan,
  type PowerQuestion,
  POWERS,
  type StudyPower,
} from '../../../shared/power.ts';
import { counted, duration, score } from '../../../shared/number-format.ts';
import { createRandom } from '../../../shared/random.ts';
import { chiSquare } from '../statistics/chi-square.ts';
import { type CrossedSize, halfWidth, spreadOf } from '../statistics/crossed-interval.ts';
import { normalTail } from '../statistics/normal-tail.ts';

const DRAWS = 500;
const GOALS = ['equivalence', 'superiority'] as const satisfies readonly PowerGoal[];
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

/**
 * Chance of each goal. The mean squares are drawn; given these, the chance that the normal mean falls where the
 * interval decides is exact, so that few draws suffice: the standard error of a chance is below .01.
 */
export function powerOf(
  variance: VarianceComponents,
  { seeds, images }: CrossedSize,
  delta: number,
): Record<PowerGoal, number> {
  const random = createRandom(0, 'power', seeds, images);
  const { seed, image, rest } = variance;
  const expected = { seed: images * seed + rest, image: seeds * image + rest, rest };
  const deviation = Math.sqrt(seed / seeds + image / images + rest / (seeds * images));
  const drawn = (square: number, freedom: number) =>
    (square * chiSquare(freedom, random)) / freedom;
  const chance = { equivalence: 0, superiority: 0 };
  for (let k = 0; k < DRAWS; k++) {
    const squares = {
      seed: drawn(expected.seed, seeds - 1),
      image: drawn(expected.image, images - 1),
      rest: drawn(expected.rest, (seeds - 1) * (images - 1)),
    };
    const spread = spreadOf(squares, { seeds, images });
    // Around no difference, the 90 % interval inside ±δ; around δ, the 95 % interval above 0.
    const room = delta - halfWidth(spread, 0.9);
    if (room > 0) chance.equivalence += 1 - 2 * normalTail(room / deviation);
    const above = (delta - halfWidth(spread, 0.95)) / deviation;
    chance.superiority += above >= 0 ? 1 - normalTail(above) : normalTail(-above);
  }
  return { equivalence: chance.equivalence / DRAWS, superiority: chance.superiority / DRAWS };
}

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

function needsOf(
  variance: VarianceComponents,
  pilot: CrossedSize,
  options: { readonly delta: number; readonly testImages: readonly number[] },
): PowerNeed[] {
  const { delta, testImages } = options;
  const cautious = cautiousVariance(variance, pilot);
  return testImages.flatMap((images) => {
    const known = new Map<string, Record<PowerGoal, number>>();
    const chanceOf = (name: string, assumed: VarianceComponents) => (seeds: number) => {
      const key = `${name} ${seeds}`;
      const chance = known.get(key) ?? powerOf(assumed, { seeds, images }, delta);
      known.set(key, chance);
      return chance;
    };
    const [likely, unlucky] = [chanceOf('likely', variance), chanceOf('cautious', cautious)];
    return GOALS.flatMap((goal) =>
      POWERS.map((power) => ({
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
  /** Numbers of test images to plan for; once, twice and four times the pilot's where not given. */
  readonly testImages?: readonly number[] | undefined;
  readonly secondsPerSeed: number | null;
}

/** null where no comparison of the halves has two seeds and two test images, which is the least to learn from. */
export function planPower(options: PowerOptions): StudyPower | null {
  const { studyName, delta, secondsPerSeed } = options;
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
        needs: needsOf(variance, pilot, { delta, testImages }),
      },
    ];
  });
  const [first] = questions;
  if (first === undefined) return null;
  const plans = first.needs.map((need, at): PowerPlan => {
    // Where no number of seeds is enough, the question with the largest spread between seeds stands for all.
    const most = (of: 'seeds' | 'seedsCautious') =>
      questions.reduce((hardest, one) => {
        const [here, before] = [one, hardest].map((each) => each.needs[at]?.[of] ?? Infinity);
        if (here === before) return one.spread.seed > hardest.spread.seed ? one : hardest;
        return (here ?? 0) > (before ?? 0) ? one : hardest;
      }, first);
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
    questions,
    plans,
    secondsPerSeed,
    words: plans.filter(({ power }) => power === POWERS[0]).map((plan) => wordsOf(plan, delta)),
  };
}

function wordsOf(plan: PowerPlan, delta: number): string {
  const { goal, power, testImages, seeds, seedsCautious, seconds, secondsCautious } = plan;
  const aim =
    goal === 'equivalence'
      ? `To call every half “equivalent within ±${score(delta)} Dice” where it truly makes no difference`
      : `To see a true difference of ${score(delta)} Dice in every comparison of the halves`;
  const amount = (count: number | null, time: number | null) =>
    count === null
      ? `more than ${MAX_PLANNED_SEEDS} seeds`
      : `${counted(count, 'seed')}${time === null ? '' : ` (${duration(time)} on this machine)`}`;
  return `${aim}, with a chance of ${Math.round(100 * power)} % each: ${counted(testImages, 'test image')} and ${amount(seeds, seconds)}; to be on the safe side ${amount(seedsCautious, secondsCautious)}.`;
}
