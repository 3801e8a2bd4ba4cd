/**
 * Runs on the same test images, though not every run has a score of every image: where the truth of an image holds no
 * class, a run that predicts one scores 0 and a run that rightly predicts none has no score (docs/method.md §5). Leaving
 * the image out of a pair would forgive the one, counting the other as 1 would reward predicting nothing.
 *
 * A run's Dice is the mean over the n images that it has a score of: a ratio, sum over count. Of the I images that any
 * run has a score of, image i then stands for
 *
 *   z_i = m + I/n · (x_i − m), and m where there is no score; m the run's mean
 *
 * (statistics/partly-scored.ts). The mean of z is m, so that differences of
 * pairs add up to the difference of the arms' means, and its spread is that of m over other images. Where every run has
 * a score of every image, z is x.
 */
import type { AnalysedRun, ImageMeasures } from '../../../shared/analysis.ts';
import type { ImageResult } from '../../../shared/entities.ts';
import { standingFor } from '../statistics/partly-scored.ts';

function measuresOf(result: ImageResult): ImageMeasures | null {
  const { dice, iou, hd95, boundaryF1 } = result;
  if (dice === null || iou === null || hd95 === null || boundaryF1 === null) return null;
  return { dice, iou, hd95, boundaryF1 };
}

/** Images that any of the runs has a score of, in their order; each result is of one checkpoint. */
export function scoredImageIds(runs: readonly (readonly ImageResult[])[]): ReadonlySet<number> {
  return new Set(runs.flat().flatMap((one) => (one.dice === null ? [] : [one.imageId])));
}

/** The images of one run, as the analysis compares them. A run without any score has none. */
export function comparedImages(
  results: readonly ImageResult[],
  ids: ReadonlySet<number>,
): AnalysedRun['images'] {
  const images = results
    .filter(({ imageId }) => ids.has(imageId))
    .map((result) => ({ imageId: result.imageId, scored: measuresOf(result) }));
  const scored = images.flatMap((image) => image.scored ?? []);
  if (scored.length === images.length) {
    return images.flatMap(({ imageId, scored: x }) => (x === null ? [] : [{ imageId, ...x }]));
  }
  if (scored.length === 0) return [];
  const of = (measure: keyof ImageMeasures) =>
    standingFor(images.map((image) => image.scored?.[measure] ?? null));
  const [dice, iou, hd95, boundaryF1] = [of('dice'), of('iou'), of('hd95'), of('boundaryF1')];
  return images.map(({ imageId, scored }, i) => ({
    imageId,
    scored,
    dice: dice[i] ?? 0,
    iou: iou[i] ?? 0,
    hd95: hd95[i] ?? 0,
    boundaryF1: boundaryF1[i] ?? 0,
  }));
}
