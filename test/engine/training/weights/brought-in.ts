/** Encoders that were brought in, as files of other tools hold them: trained and predicting on a card and by TensorFlow. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs-core';
import { flattenWeights, initialWeights } from '../../../../engine/training/network/parameters.ts';
import { segmentationObjective } from '../../../../engine/training/objectives/segmentation.ts';
import { stepScalars } from '../../../../engine/training/optimiser.ts';
import { createSegmenter } from '../../../../engine/training/scoring/segmenter.ts';
import type { Engine } from '../../../../engine/training/tensorflow/backend.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
} from '../../../../engine/training/training-step.ts';
import {
  type ImportedWeights,
  readWeightFile,
} from '../../../../engine/training/weights/import-weights.ts';
import { OptimisationConfig } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';
import { FIXTURES } from './made-up-weights.ts';

/** One of the files of weights/fixtures, as people have it; `folder`: where it may be put. */
export async function broughtIn(folder: string, name: string): Promise<ImportedWeights> {
  const path = join(folder, name);
  writeFileSync(path, gunzipSync(readFileSync(join(FIXTURES, `${name}.gz`))));
  return readWeightFile(path, { preprocessing: 'auto', base: 4 });
}

const config = OptimisationConfig.parse({
  ...{ steps: 10, batch: 2, learningRate: 1e-3, schedule: 'constant', evaluateEvery: 10 },
});
const classes = 2;

/** What `engine` finds with it: losses of `steps` steps, and probabilities before them and after them. */
export async function trainAndPredict(
  engine: Engine,
  { network, weights: loaded }: ImportedWeights,
  { steps, sizePx }: { readonly steps: number; readonly sizePx: number },
) {
  await tf.setBackend(engine.card === null ? 'tensorflow' : 'webgpu');
  const objective = segmentationObjective({ network, sizePx, classes });
  const specs = splitSpec(objective.spec, () => false);
  const initial = initialWeights(objective.spec, 1);
  const weights = {
    parameters: new Map([...initial.parameters, ...loaded.parameters]),
    statistics: new Map([...initial.statistics, ...loaded.statistics]),
  };
  const random = createRandom(5, 'brought in');
  const image = Float32Array.from({ length: 2 * sizePx ** 2 * 3 }, () => random.next());
  const labels = Int32Array.from({ length: 2 * sizePx ** 2 }, (_, i) => (i >> 3) % 2);
  const step = createTrainingStep({
    ...{ engine, objective, specs },
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
  });
  const segmenter = createSegmenter({ engine, network, sizePx, classes, specs: [specs.trained] });
  const predicted = async () => {
    const one = image.subarray(0, sizePx ** 2 * 3);
    const [values = new Float32Array()] = await segmenter.probabilities([step.tensors()], [one]);
    return values;
  };
  const before = await predicted();
  const inputs = new Map<string, Float32Array | Int32Array>([
    ['image', image],
    ['labels', labels],
  ]);
  const losses: number[] = [];
  for (let i = 1; i <= steps; i++) {
    losses.push(await step.run({ size: 2, inputs }, stepScalars(config, i)));
  }
  const after = await predicted();
  step.dispose();
  segmenter.dispose();
  return { losses, before, after };
}

/** The largest difference of any two values. */
export const farthest = (found: ArrayLike<number>, wanted: ArrayLike<number>): number =>
  Array.from(wanted).reduce((most, value, i) => {
    const apart = Math.abs(value - (found[i] ?? NaN));
    return apart <= most ? most : apart;
  }, 0);
