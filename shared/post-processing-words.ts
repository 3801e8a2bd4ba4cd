/** What post-processing, flips and averaging gain and cost, in words: for the window and the command line. */
import type { PredictionMeasurement } from './calls/predict.ts';
import { counted, score } from './number-format.ts';
import { isAsDrawn, type PostProcessing } from './post-processing.ts';
import { inWords } from './sentences.ts';

function postProcessingInText(rule: PostProcessing): string {
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
    ...(averaged === plain || times < 1.05
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
