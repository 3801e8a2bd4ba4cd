/**
 * How many labels are enough, from the random start alone: the answer of a study without pretraining. Arms of two label
 * counts share their seeds and test images, so they are compared pair by pair like any others.
 */
import type { Interval } from '../../../shared/analysis.ts';
import {
  counted,
  countedWith,
  score,
  scoreInterval,
  signed,
  signedInterval,
} from '../../../shared/number-format.ts';
import { inWords } from '../../../shared/sentences.ts';
import { halfWidth } from '../statistics/crossed-interval.ts';
import { intervalOverSplits, spreadOverSplits } from '../statistics/split-interval.ts';
import { summariseArm } from './arm-summary.ts';
import { type Arm, countsOf } from './arms.ts';
import { differenceOf } from './contrasts.ts';
import { isNothingFound } from './nothing-found.ts';
import { fewerThanEnough, isIndicative } from './verdict.ts';

/** What the larger of two label counts gains over the smaller. */
interface Gain {
  readonly fewer: number;
  readonly more: number;
  readonly effect: number;
  readonly ci95: Interval;
  /** Both ends hold together with those of the other gains that the answer is chosen from, at 5 % (Bonferroni). */
  readonly adjusted: Interval;
}

/** @param family number of gains that the answer is chosen from */
function gainOf(few: Arm, many: Arm, family: number): Gain | null {
  const difference = differenceOf([
    { weight: 1, arm: many },
    { weight: -1, arm: few },
  ]);
  // One seed's luck cannot be told from an effect.
  if (difference === null || difference.seeds.length < 2) return null;
  const { tables } = difference;
  const { mean: effect, ci95 } = intervalOverSplits(tables);
  const half = halfWidth(spreadOverSplits(tables), 1 - 0.05 / family);
  const { labels: fewer } = few;
  return { fewer, more: many.labels, effect, ci95, adjusted: [effect - half, effect + half] };
}

/** "With 16 labels …": the smallest number that the largest gains less than δ over; else what more labels still gain. */
function answerOf(arms: readonly Arm[], delta: number): string {
  const largest = arms.at(-1);
  const fewer = arms.slice(0, -1);
  if (largest === undefined || fewer.length === 0) {
    return `With ${counted(largest?.labels ?? 0, 'label')} the random start is as good as the numbers below say; more label counts would tell whether more labels help.`;
  }
  if (isNothingFound(arms.map((arm) => summariseArm(arm).dice))) {
    return 'How many labels are enough cannot be told from networks that find nothing with any number.';
  }
  const gains = fewer.flatMap((arm) => gainOf(arm, largest, fewer.length) ?? []);
  const enough = gains.find(({ adjusted }) => adjusted[1] < delta);
  if (enough !== undefined) {
    return `${countedWith(enough.fewer, 'label', 'are')} enough here: ${largest.labels} gain less than δ = ${delta} Dice over them.`;
  }
  const last = gains.at(-1);
  const helps = last !== undefined && last.adjusted[0] > 0;
  return helps
    ? `More labels still help: ${largest.labels} gain ${signed(last.effect)} Dice over ${last.fewer}, so no number that was tried is known to be enough.`
    : `How many labels are enough is not decided: no number below ${largest.labels} is shown to come within δ = ${delta} Dice of it, and more seeds or test images may settle it.`;
}

/** Most important first; `arms` of the random start alone, in any order. */
export function labelHeadline(random: readonly Arm[], delta: number): string[] {
  if (random.length === 0) return ['Nothing is known yet: no arm has finished.'];
  const arms = random.toSorted((a, b) => a.labels - b.labels);
  const few = arms.find((arm) => isIndicative(countsOf(arm)));
  const indicative =
    few === undefined ? '' : ` Indicative only, with ${fewerThanEnough(countsOf(few))}.`;
  const scores = arms.map((arm) => {
    const { dice, diceCi95 } = summariseArm(arm);
    return `${score(dice)} ${scoreInterval(diceCi95)} with ${counted(arm.labels, 'label')}`;
  });
  const steps = arms.flatMap((arm, i) => {
    const before = arms[i - 1];
    const gain = before === undefined ? null : gainOf(before, arm, 1);
    return gain === null
      ? []
      : [`from ${gain.fewer} to ${gain.more}: ${signed(gain.effect)} ${signedInterval(gain.ci95)}`];
  });
  return [
    `${answerOf(arms, delta)}${indicative}`,
    `Test Dice of the random start: ${inWords(scores)}.`,
    ...(steps.length === 0
      ? []
      : [`What more labels gain, with 95 % intervals: ${inWords(steps)}.`]),
  ];
}
