/** What the curve says, in words: whether it is enough yet. */
import type { Gain, LearningCurve } from '../../shared/labelling-progress.ts';
import { counted, duration, fixed } from '../../shared/number-format.ts';
import {
  type CurvePoint,
  curveObstacle,
  LEAST_POINTS,
} from '../study/statistics/learning-curve.ts';

/** A gain below this is not worth labelling for: the margin of equivalence that studies begin with. */
const WORTH_DICE = 0.02;
/** Wider than this, an interval says nothing. */
const SAYS_NOTHING = 0.2;

const plus = (value: number) => `${value >= 0 ? '+' : ''}${fixed(value, 2)}`;

interface Known {
  readonly points: readonly CurvePoint[];
  readonly labelled: number;
  readonly unlabelled: number;
  readonly next: Gain | null;
  readonly curve: LearningCurve | null;
}

function withoutCurve({ points, labelled }: Known): string {
  if (labelled === 0)
    return 'Nothing is labelled yet. Label some images and train a network on them.';
  const trained = new Set(points.map(({ x }) => x)).size;
  if (curveObstacle(points) === 'alike') {
    return 'The trainings so far are on about as many labels each: too alike to say where more would lead. Label half as many again, and train once more.';
  }
  const still = LEAST_POINTS - trained;
  return trained === 0
    ? `No network was trained on these labels yet. Three trainings, each on more labels than the one before, show where it goes.`
    : `Trained on ${trained === 1 ? 'one number' : `${trained} numbers`} of labels so far: after ${still === 1 ? 'one training' : 'two trainings'} more, each on more labels, it can be said where it goes.`;
}

export function verdictOf(known: Known): string {
  const { next, curve, unlabelled } = known;
  if (next === null || curve === null) return withoutCurve(known);
  const [low, high] = next.interval;
  const minutes =
    next.minutes === null ? '' : ` (about ${duration(next.minutes * 60)} of labelling)`;
  const range = `${plus(next.gain)} Dice (${fixed(low, 2)} … ${fixed(high, 2)})`;
  const gain = `${counted(next.images, 'more image')}${minutes} would bring about ${range}.`;
  const none =
    unlabelled === 0 ? ' All images here are labelled: they would have to be added.' : '';
  if (high - low > SAYS_NOTHING) {
    return `The trainings so far do not say yet: ${gain} Train again after some more labels.`;
  }
  const ceiling = ` It seems to level off at ${fixed(curve.ceiling.dice, 2)} (${fixed(curve.ceiling.interval[0], 2)} … ${fixed(curve.ceiling.interval[1], 2)}).`;
  if (high < WORTH_DICE) return `It is enough for now: ${gain}${ceiling}`;
  if (low > WORTH_DICE / 4) return `More labels help: ${gain}${ceiling}${none}`;
  return `It is open whether more labels help: ${gain}${ceiling}${none}`;
}
