import { expect, it } from 'vitest';
import {
  classScores,
  emptyImages,
  meanClassScores,
  setIouOf,
} from '../../../../engine/study/analysis/class-scores.ts';
import { comparedImages, scoredImageIds } from '../../../../engine/study/analysis/scored-images.ts';
import { crossedInterval } from '../../../../engine/study/statistics/crossed-interval.ts';
import { mean } from '../../../../engine/study/statistics/statistics.ts';
import type { ImageResult } from '../../../../shared/entities.ts';

const results = (dice: readonly (number | null)[]): ImageResult[] =>
  dice.map((value, i) => ({
    imageId: i + 1,
    checkpoint: 'best',
    dice: value,
    iou: value === null ? null : value / 2,
    hd95: value === null ? null : 1,
    boundaryF1: value,
    classes: [],
    uncertainty: null,
  }));

it('images are those that any run has a score of, and stand as they are where every run has one', () => {
  const runs = [results([0.5, null, 0.7]), results([0.25, null, 0.75])];
  const ids = scoredImageIds(runs);
  expect([...ids]).toEqual([1, 3]);
  expect(comparedImages(runs[0] ?? [], ids)).toEqual([
    { imageId: 1, dice: 0.5, iou: 0.25, hd95: 1, boundaryF1: 0.5 },
    { imageId: 3, dice: 0.7, iou: 0.35, hd95: 1, boundaryF1: 0.7 },
  ]);
});

it('a false alarm counts, and its image is lost from no side of a pair', () => {
  // Image 3 holds nothing: the first run rightly says so, the second does not.
  const runs = [results([0.8, 0.6, null]), results([0.8, 0.6, 0])];
  const ids = scoredImageIds(runs);
  const [quiet = [], alarmed = []] = runs.map((run) => comparedImages(run, ids));
  expect(mean(quiet.map(({ dice }) => dice))).toBeCloseTo(0.7, 12);
  expect(mean(alarmed.map(({ dice }) => dice))).toBeCloseTo(1.4 / 3, 12);
  const differences = quiet.map(({ dice }, i) => dice - (alarmed[i]?.dice ?? NaN));
  expect(mean(differences)).toBeCloseTo(0.7 - 1.4 / 3, 12);
  expect(quiet.map(({ scored }) => scored?.dice)).toEqual([0.8, 0.6, undefined]);
});

it('images without a score say nothing about the spread of the others', () => {
  const dice = Array.from({ length: 40 }, (_, i) => 0.5 + 0.3 * Math.sin(i));
  const alone = results(dice);
  const among = results([...dice, ...new Array<null>(40).fill(null)]);
  const half = (run: readonly ImageResult[], ids: ReadonlySet<number>) => {
    const values = Float64Array.from(comparedImages(run, ids), (image) => image.dice);
    const { mean: centre, ci95 } = crossedInterval(values, { seeds: 1, images: values.length });
    return { centre, half: ci95[1] - centre };
  };
  const few = half(alone, scoredImageIds([alone]));
  const many = half(among, new Set(among.map(({ imageId }) => imageId)));
  expect(many.centre).toBeCloseTo(few.centre, 12);
  expect(many.half / few.half).toBeGreaterThan(0.97);
  expect(many.half / few.half).toBeLessThan(1.03);
});

it('classes are scored over images and over all pixels, and false alarms counted', () => {
  const cell = (classIndex: number, predictedPx: number, truePx: number, bothPx: number) => ({
    classIndex,
    predictedPx,
    truePx,
    bothPx,
  });
  const images = [
    { classes: [cell(1, 10, 10, 10)] },
    { classes: [cell(1, 30, 90, 30), cell(2, 4, 0, 0)] },
    { classes: [cell(2, 6, 0, 0)] },
    { classes: [] },
  ];
  const classes = classScores(images);
  expect(classes).toEqual([
    {
      ...{ classIndex: 1, images: 2, dice: (1 + 0.5) / 2 },
      ...{ iou: (1 + 1 / 3) / 2, setDice: 80 / 140, setIou: 40 / 100 },
    },
    { classIndex: 2, images: 0, dice: 0, iou: 0, setDice: 0, setIou: 0 },
  ]);
  expect(setIouOf(classes)).toBeCloseTo(0.4, 12);
  expect(emptyImages(images)).toEqual({ images: 2, falseAlarms: 1 });
  expect(emptyImages([{ classes: [] }])).toBeNull();
  const other = classScores([{ classes: [cell(1, 10, 10, 5)] }]);
  expect(meanClassScores([classes, other])[0]).toMatchObject({ dice: (0.75 + 0.5) / 2, images: 2 });
  expect(meanClassScores([classes, []])).toEqual([]);
});
