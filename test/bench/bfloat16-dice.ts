/**
 * What bfloat16 does to a result: the same trainings from scratch on generated images in float32, in bfloat16, and in float32
 * with TensorFlow's own operations, whose other last digits show what rounding alone does. Same images, same initial weights,
 * same batches for each seed; every network is tested in what it was trained in.
 *
 * usage: bfloat16-dice.ts [--first-seed 0] [--seeds 12] [--steps 200] [--threads 1]
 *   The last line is JSON: { rows }, differences of test Dice with their 95 % interval over seeds (Student's t).
 */
import { parseArgs } from 'node:util';
import { drawTexShapes } from '../../engine/data/generators/tex-shapes.ts';
import { mean, standardDeviation } from '../../engine/study/statistics/statistics.ts';
import { tQuantile } from '../../engine/study/statistics/student-t.ts';
import { createBatches } from '../../engine/training/batches/batches.ts';
import type { Tile } from '../../engine/training/images/tiles.ts';
import { flattenWeights, initialWeights } from '../../engine/training/network/parameters.ts';
import { segmentationObjective } from '../../engine/training/objectives/segmentation.ts';
import { stepScalars } from '../../engine/training/optimiser.ts';
import { validationDice } from '../../engine/training/scoring/evaluation.ts';
import { createSegmenter } from '../../engine/training/scoring/segmenter.ts';
import { startEngine } from '../../engine/training/tensorflow/backend.ts';
import {
  assertPrecision,
  predictionPrecision,
} from '../../engine/training/tensorflow/precision.ts';
import { createTrainingStep, freshState, splitSpec } from '../../engine/training/training-step.ts';
import { NetworkConfig, OptimisationConfig, type Precision } from '../../shared/entities.ts';
import { report } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    'first-seed': { type: 'string', default: '0' },
    seeds: { type: 'string', default: '12' },
    steps: { type: 'string', default: '200' },
    threads: { type: 'string', default: '1' },
  },
});
const firstSeed = Number(flags['first-seed']);
const seeds = Number(flags.seeds);
const sizePx = 64;
const classes = 2;
const TRAINED = 16;
const TESTED = 64;
/** Of the images; the seed of a training draws its weights and batches. */
const IMAGE_SEED = 1;

const started = await startEngine({ threads: Number(flags.threads), engine: 'tensorflow' });
assertPrecision(started, 'bfloat16');
const network = NetworkConfig.parse({ base: 8, inputChannels: 3 });
const objective = segmentationObjective({ network, sizePx, classes });
const specs = splitSpec(objective.spec, () => false);
const config = OptimisationConfig.parse({
  ...{ steps: Number(flags.steps), batch: 8, schedule: 'cosine', evaluateEvery: 100 },
});

function tileAt(index: number): Tile {
  const { image, labelMap } = drawTexShapes(index, { sizePx, seed: IMAGE_SEED, kind: 'target' });
  return {
    ...{
      imageId: index,
      name: `${index}`,
      width: sizePx,
      height: sizePx,
      channels: image.channels,
    },
    data: Float32Array.from(image.data, (value) => value / 255),
    labels: labelMap.data,
    imageClass: null,
  };
}
const tiles = Array.from({ length: TRAINED }, (_, i) => tileAt(i));
const views = Array.from({ length: TESTED }, (_, i) => {
  const { data: pixels, labels } = tileAt(TRAINED + i);
  if (labels === null) throw new Error('a generated image has labels');
  return { imageId: i, pixels, truth: { width: sizePx, height: sizePx, data: labels } };
});

interface Arm {
  readonly name: string;
  readonly engine: typeof started;
  readonly precision: Precision;
}
const arms: readonly Arm[] = [
  { name: 'float32', engine: started, precision: 'float32' },
  { name: 'bfloat16', engine: started, precision: 'bfloat16' },
  { name: "float32, TensorFlow's", engine: { ...started, operations: [] }, precision: 'float32' },
];

async function train({ engine, precision }: Arm, seed: number): Promise<number> {
  const weights = initialWeights(objective.spec, seed);
  const step = createTrainingStep({
    ...{ engine, objective, specs, precision },
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
  });
  const { augment, batch, steps } = config;
  const makeBatch = createBatches({ objective, tiles, sizePx, augment, batch, seed });
  for (let at = 1; at <= steps; at++) await step.run(makeBatch(at), stepScalars(config, at));
  const segmenter = createSegmenter({
    ...{ engine, network, sizePx, classes, specs: [specs.trained] },
    precision: predictionPrecision(engine, precision),
  });
  const dice = await validationDice(segmenter, [step.tensors()], views, {
    classes: { count: classes, scored: [1] },
    rule: 'classes',
  });
  segmenter.dispose();
  step.dispose();
  if (dice === null) throw new Error('the test images hold no class');
  return dice;
}

const dice: number[][] = arms.map(() => []);
for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  for (const [i, arm] of arms.entries()) dice[i]?.push(await train(arm, seed));
  console.error(dice.map((values) => values.at(-1)?.toFixed(4)).join(' '));
}
const [exact = []] = dice;
report(
  'test Dice',
  arms.map(({ name }, i) => {
    const values = dice[i] ?? [];
    const differences = values.map((value, seed) => value - (exact[seed] ?? NaN));
    const half =
      (tQuantile(0.975, seeds - 1) * (standardDeviation(differences) ?? NaN)) / Math.sqrt(seeds);
    return {
      trained: name,
      Dice: mean(values),
      'less float32': mean(differences),
      '95 % interval, ±': half,
      'standard deviation of a seed': standardDeviation(differences) ?? NaN,
    };
  }),
);
