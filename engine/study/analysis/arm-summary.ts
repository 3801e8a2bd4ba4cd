/** An arm in numbers: its scores over test images, seeds and splits. */
import type {
  AnalysedRun,
  ArmSummary,
  ClassScores,
  EmptyImages,
} from '../../../shared/analysis.ts';
import { type Arm, countsOf, splitOf } from './arms.ts';
import { meanClassScores, setIouOf } from './class-scores.ts';
import { differenceOf } from './contrasts.ts';
import { intervalOverSplits } from '../statistics/split-interval.ts';
import { mean, standardDeviation } from '../statistics/statistics.ts';

export function summariseArm(arm: Arm): ArmSummary {
  const { pretraining, transfer, labels, runs, failed } = arm;
  const { tables, testImages } = differenceOf([{ weight: 1, arm }]) ?? {
    tables: [],
    testImages: 0,
  };
  const { mean: dice, ci95 } = intervalOverSplits(tables);
  const [low, high] = ci95;
  const { seeds, splits } = countsOf(arm);
  const dicePerSeed = runs.map((run) => mean(run.images.map((image) => image.dice)));
  const classes = classesOver(arm);
  const average = (metric: 'iou' | 'hd95' | 'boundaryF1') =>
    overSplits(arm, (run) => mean(run.images.map((image) => image[metric])));
  return {
    pretraining,
    transfer,
    labels,
    seeds,
    ...(splits > 1 ? { splits } : {}),
    failed,
    testImages,
    dice,
    diceCi95: [Math.max(0, low), Math.min(1, high)],
    diceSd: standardDeviation(dicePerSeed),
    iou: average('iou'),
    hd95: average('hd95'),
    boundaryF1: average('boundaryF1'),
    diceLast: mean(runs.map((run) => run.diceLast).filter((value) => value !== null)),
    dicePerSeed,
    setIou: setIouOf(classes),
    classes,
    empty: emptyOver(arm),
  };
}

const bySplit = ({ runs }: Arm): (readonly AnalysedRun[])[] => [
  ...Map.groupBy(runs, splitOf).values(),
];

/** Mean over splits of the mean over their seeds. */
const overSplits = (arm: Arm, of: (run: AnalysedRun) => number): number =>
  mean(bySplit(arm).map((runs) => mean(runs.map(of))));

/** A number of images over all splits, each counted once however often it is tested. */
function imagesOver(arm: Arm, ofSplit: (runs: readonly AnalysedRun[]) => number): number {
  const splits = bySplit(arm);
  const tested = splits.flatMap(([run]) => run?.images.map(({ imageId }) => imageId) ?? []);
  const times = tested.length / Math.max(1, new Set(tested).size);
  return splits.reduce((sum, runs) => sum + ofSplit(runs), 0) / Math.max(1, times);
}

function classesOver(arm: Arm): ClassScores[] {
  return meanClassScores(arm.runs.map((run) => run.classes ?? [])).map((scores) => {
    const imagesOf = ({ classes = [] }: AnalysedRun) =>
      classes.find(({ classIndex }) => classIndex === scores.classIndex)?.images ?? 0;
    const images = imagesOver(arm, (runs) => Math.max(...runs.map(imagesOf)));
    return { ...scores, images: Math.round(images) };
  });
}

function emptyOver(arm: Arm): EmptyImages | null {
  const known = arm.runs.flatMap(({ empty }) => empty ?? []);
  if (known.length === 0 || known.length < arm.runs.length) return null;
  const over = (count: keyof EmptyImages) =>
    imagesOver(arm, (runs) => mean(runs.map(({ empty }) => empty?.[count] ?? 0)));
  return { images: Math.round(over('images')), falseAlarms: over('falseAlarms') };
}
