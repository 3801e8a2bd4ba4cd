/**
 * Networks that have not learned to find what they were asked for. They are all alike, so that halves look "equivalent"
 * and any number of labels "enough"; a headline has to say so before anything else.
 */
import { score } from '../../../shared/number-format.ts';

/** A test Dice that no network stays below which finds anything worth the name. */
const FINDS_LITTLE = 0.1;

/** @param dice mean test Dice of each arm; none: nothing is known */
export const isNothingFound = (dice: readonly number[]): boolean =>
  dice.length > 0 && dice.every((one) => one < FINDS_LITTLE);

/** The headline, with a sentence before it where no arm finds anything. */
export const headlineWithNothingFound = (
  headline: readonly string[],
  dice: readonly number[],
): string[] =>
  isNothingFound(dice)
    ? [
        `No arm has learned to find much: test Dice is at most ${score(Math.max(...dice))}. What follows compares networks that do not work yet; more steps, labels or another learning rate come first.`,
        ...headline,
      ]
    : [...headline];
