/** What post-processing, flips and averaging gain and cost, in words: for the window and the command line. */
import type { PredictionMeasurement } from './calls/predict.ts';
import { counted, score } from './number-format.ts';
import { isAsDrawn, type PostProcessing } from './post-processing.ts';
import { inWords } from './sentences.ts';

export function postProcessingInText(rule: PostProcessing): string {
  const { threshold, minObjectPx, fillHolesPx } = rule;
  if (isAsDrawn(rule)) return 'as the network draws';
  return inWords([
    ...(threshold === null ? [] : [`threshold ${threshold.toFixed(2)}`]),
    ...(minObjectPx > 1 ? [`objects of ${minObjectPx} px and more`] : []),
    ...(fillHolesPx > 0 ? [`holes of up to ${fillHolesPx} px filled`] : []),
  ]);
}

const dice = (value: number | null) => (value === null ? 'no score' : score(value));

/** "Dice on 12 validation images: 0.812 alone, 0.823 averaged (7.9 times as long), 0.835 with threshold 0.40." */
export function measurementInText(found: PredictionMeasurement): string {
  const { images, left, plain, averaged, chosen } = found;
  const times = averaged.secondsPerImage / Math.max(plain.secondsPerImage, 1e-6);
  const parts = [
    `${dice(plain.dice)} alone`,
    ...(times < 1.05
      ? []
      : [`${dice(averaged.dice)} averaged (${times.toFixed(1)} times as long)`]),
    isAsDrawn(chosen.postProcessing)
      ? 'and no threshold or size gains anything'
      : `${dice(chosen.dice)} with ${postProcessingInText(chosen.postProcessing)}`,
  ];
  const rest =
    left === 0 ? '' : ` ${counted(left, 'validation image')} more did not fit in memory.`;
  return `Dice on ${counted(images, 'validation image')}: ${parts.join(', ')}.${rest}`;
}

/** One way of looking, measured with others on the same images. */
export interface MeasuredLooks {
  readonly flips: boolean;
  /** Networks that are averaged; 1: the one alone. */
  readonly members: number;
  readonly found: PredictionMeasurement;
}

/** "flips and 3 seeds" */
export function looksInText({ flips, members }: Pick<MeasuredLooks, 'flips' | 'members'>): string {
  const parts = [...(flips ? ['flips'] : []), ...(members > 1 ? [`${members} seeds`] : [])];
  return parts.length === 0 ? 'one look' : inWords(parts);
}

/** Of Dice. What gains less is not worth its time. */
const WORTHWHILE = 0.002;

/** The quickest of those that are nearly as good as the best, with what suits it. undefined: there are none. */
export function advisedLooks(rows: readonly MeasuredLooks[]): MeasuredLooks | undefined {
  const dices = rows.map(({ found }) => found.chosen.dice ?? 0);
  const best = Math.max(...dices);
  return rows
    .filter((_, i) => (dices[i] ?? 0) > best - WORTHWHILE)
    .toSorted((a, b) => a.found.averaged.secondsPerImage - b.found.averaged.secondsPerImage)[0];
}

/** What each way gains over the network alone as it draws, and what it costs: a sentence each. `rows`: the one look first. */
export function gainsInText(rows: readonly MeasuredLooks[]): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { plain, chosen } = first.found;
  const gain = (from: number | null, to: number | null) => (to ?? 0) - (from ?? 0);
  const rule = isAsDrawn(chosen.postProcessing)
    ? 'No threshold, smallest object or filling of holes gains anything.'
    : `Cleaning up (${postProcessingInText(chosen.postProcessing)}) gains ${score(gain(plain.dice, chosen.dice))} Dice and takes no time.`;
  const rest = rows.slice(1).map((row) => {
    const gained = gain(plain.dice, row.found.averaged.dice);
    const times = row.found.averaged.secondsPerImage / Math.max(plain.secondsPerImage, 1e-6);
    const words = looksInText(row);
    const name = words.charAt(0).toUpperCase() + words.slice(1);
    const takes = `${times.toFixed(1)} times as long`;
    if (Math.abs(gained) < WORTHWHILE) return `${name} gain nothing here and take ${takes}.`;
    const verb = gained > 0 ? 'gain' : 'lose';
    return `${name} ${verb} ${score(Math.abs(gained))} Dice and take ${takes}.`;
  });
  return [rule, ...rest];
}
