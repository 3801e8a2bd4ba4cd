/**
 * Pictures of a few training images after a pretraining: what the network was asked and what it answers. The images and
 * what happens to them are the same in every run of the same data, so that runs can be compared.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Precision, SegmentationClass } from '../../shared/entities.ts';
import { createRandom } from '../../shared/random.ts';
import { imagePng, maskPng } from '../data/thumbnail.ts';
import type { Example } from '../db/examples.ts';
import type { Engine } from './tensorflow/backend.ts';
import { type Batch, planBatches, sampleOf } from './batches/batches.ts';
import { createForwardPass, tensorWeights } from './network/forward-pass.ts';
import { createLayers } from './network/layers.ts';
import type { Illustrator, Objective, Picture } from './objectives/objective.ts';
import type { FlatWeights, NetworkSpec } from './network/parameters.ts';
import type { AnyTile } from './images/tiles.ts';
import { trace } from './tensorflow/trace.ts';

const EXAMPLES = 4;
/** Fixed: not a run's own. */
const SEED = 0;
const MAX_SIDE_PX = 256;

/** The few of a list that pictures are made of. */
export const chooseExamples = <T>(items: readonly T[]): T[] =>
  createRandom(SEED, 'examples').shuffled(items).slice(0, EXAMPLES);

/** [batch, …] each, on the host. */
async function outputsOf(
  options: ExampleOptions,
  illustrator: Illustrator,
  batch: Batch,
): Promise<Float32Array[]> {
  const { engine, objective, spec, weights, precision } = options;
  const layers = createLayers(engine, precision);
  const body = (tensors: readonly Tensor[]) => {
    // Two vectors, then the objective's inputs, as they are passed below.
    const [theta, statistics] = tensors as [Tensor1D, Tensor1D];
    const fixed = [tensorWeights(spec, theta, statistics)];
    return illustrator.outputs(createForwardPass(layers, { trained: null, fixed }), (name) => {
      const tensor = tensors[2 + objective.inputs.findIndex((input) => input.name === name)];
      if (tensor === undefined) throw new Error(`the objective has no input ${name}`);
      return tensor;
    });
  };
  const answer = trace(engine, 'examples', body, precision);
  const inputs = objective.inputs.map(({ name, shape, dtype }) => {
    const data = batch.inputs.get(name);
    if (data === undefined) throw new Error(`the batch lacks ${name}`);
    return tf.tensor(data, [batch.size, ...shape], dtype);
  });
  const vectors = [tf.tensor1d(weights.theta), tf.tensor1d(weights.statistics)];
  const outputs = answer.run([...vectors, ...inputs]);
  const values = outputs.map((output) => engine.values(output));
  tf.dispose([...vectors, ...inputs, ...outputs]);
  answer.dispose();
  return Promise.all(values);
}

function pictureOf(picture: Picture, { sizePx, classes }: ExampleOptions): Promise<Uint8Array> {
  const size = { width: sizePx, height: sizePx };
  if (picture.kind === 'labels') {
    return maskPng({ ...size, data: picture.values }, classes, MAX_SIDE_PX);
  }
  const { channels, values } = picture;
  // Clamped arrays round and saturate.
  const data = new Uint8Array(Uint8ClampedArray.from(values, (value) => 255 * value).buffer);
  return imagePng({ ...size, channels, bitDepth: 8, data, notes: [] }, MAX_SIDE_PX);
}

export interface ExampleOptions {
  readonly engine: Engine;
  readonly objective: Objective;
  readonly spec: NetworkSpec;
  readonly weights: FlatWeights;
  readonly tiles: readonly AnyTile[];
  readonly sizePx: number;
  /** Colours of label maps. */
  readonly classes: readonly SegmentationClass[];
  /** Left out: float32. Errors: unsupported (precision.ts). */
  readonly precision?: Precision;
}

/** One for each tile, in inference mode; none where the objective has nothing to show. */
export async function drawExamples(options: ExampleOptions): Promise<Example[]> {
  const { objective, tiles, sizePx } = options;
  const { illustrator } = objective;
  if (illustrator === undefined || tiles.length === 0) return [];
  const count = tiles.length;
  const plan = planBatches({ objective, sizePx, augment: false, batch: count, seed: SEED, count });
  const batch = plan.fill(1, tiles);
  const outputs = await outputsOf(options, illustrator, batch);
  const examples: Example[] = [];
  for (const [i, { imageId }] of tiles.entries()) {
    const own = outputs.map((values) => {
      const length = values.length / count;
      return values.subarray(i * length, (i + 1) * length);
    });
    const { panels, caption } = illustrator.illustrate(sampleOf(batch, i), own);
    const pictures = [];
    for (const { title, picture } of panels) {
      pictures.push({ title, png: await pictureOf(picture, options) });
    }
    examples.push({ imageId, caption, panels: pictures });
  }
  return examples;
}
