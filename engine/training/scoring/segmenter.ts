/**
 * A trained segmentation network for inference: class probabilities of square inputs, in batches of a fixed size so
 * that one traced graph serves them all. Weights are passed with every call, so that validation follows the training.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { NetworkConfig, Precision } from '../../../shared/entities.ts';
import type { Engine } from '../tensorflow/backend.ts';
import { createForwardPass, tensorWeights } from '../network/forward-pass.ts';
import { createLayers } from '../network/layers.ts';
import type { FlatWeights, NetworkSpec } from '../network/parameters.ts';
import { DEPTH_CLASSES, tellsObjects } from '../objectives/object-depths.ts';
import { segmentationAndDepths, segmentationLogits } from '../objectives/segmentation.ts';
import { createLateReads } from '../tensorflow/late-reads.ts';
import { trace } from '../tensorflow/trace.ts';

/** Pixels of a batch: enough to keep the processor busy, small enough for its memory (8 inputs of 128 px). */
const BATCH_PIXELS = 8 * 128 * 128;

/** A driver that computes on the processor does by far the most of its work for inputs that are not there. */
const SOFTWARE_PIXELS = 32 * 32;

/** Inputs that one pass through the network takes, however few there are. `engine`: left out: where none is one too many. */
export const inputsAPass = (sizePx: number, engine?: Pick<Engine, 'card'>): number => {
  const pixels = engine?.card?.adapter.isSoftware === true ? SOFTWARE_PIXELS : BATCH_PIXELS;
  return Math.max(1, Math.floor(pixels / sizePx ** 2));
};

/**
 * The size of a pass that computes least for inputs that are not there, where `atOnce` are asked for: the full one, a half or
 * a quarter, as long as they are even. Passes of these sizes cost the same an input, and a graph has one size.
 */
export function passFor(atOnce: number, full: number): number {
  const computed = (pass: number) => Math.ceil(atOnce / pass) * pass;
  const sizes = [full, full / 2, full / 4].filter((size) => size === full || size % 2 === 0);
  return sizes.reduce((best, size) => (computed(size) < computed(best) ? size : best));
}

/** One part of the weights (trained or frozen) as flat tensors; they belong to whoever made them. */
export interface WeightTensors {
  readonly theta: Tensor1D;
  readonly statistics: Tensor1D;
}

/** The caller disposes of the result. */
export const toTensors = (weights: readonly FlatWeights[]): WeightTensors[] =>
  weights.map(({ theta, statistics }) => ({
    theta: tf.tensor1d(theta),
    statistics: tf.tensor1d(statistics),
  }));

export const disposeWeights = (weights: readonly WeightTensors[]): void =>
  tf.dispose(weights.flatMap(({ theta, statistics }) => [theta, statistics]));

export interface Segmenter {
  readonly classes: number;
  readonly sizePx: number;
  /** Whether it tells objects apart: behind the classes of a pixel comes then how deep inside its object it lies, in [0, 1]. */
  readonly tellsObjects?: boolean;
  /**
   * Inputs [size, size, channels] each → probabilities [size, size, valuesOf(…)] each, in order.
   * `weights`: one for each of the specs that the segmenter was made for. Errors: those of Engine.values.
   */
  probabilities(
    weights: readonly WeightTensors[],
    inputs: readonly Float32Array[],
  ): Promise<Float32Array[]>;
  dispose(): void;
}

/** Values a pixel of what a segmenter says. */
export const valuesOf = ({ classes, tellsObjects: isTold = false }: Segmenter): number =>
  classes + (isTold ? 1 : 0);

/** What two heads say, pixel by pixel: the classes [pixels, classes], then how deep it lies (the second of DEPTH_CLASSES). */
function joined([classes, depths]: readonly Float32Array[], count: number): Float32Array {
  if (classes === undefined) throw new Error('the network gave nothing');
  if (depths === undefined) return classes;
  const pixels = classes.length / count;
  const out = new Float32Array(pixels * (count + 1));
  for (let p = 0; p < pixels; p++) {
    for (let c = 0; c < count; c++) out[p * (count + 1) + c] = classes[p * count + c] ?? 0;
    out[p * (count + 1) + count] = depths[p * DEPTH_CLASSES + 1] ?? 0;
  }
  return out;
}

export function createSegmenter(options: {
  readonly engine: Engine;
  readonly network: NetworkConfig;
  readonly sizePx: number;
  readonly classes: number;
  /** Parts that the weights come in. */
  readonly specs: readonly NetworkSpec[];
  /** Inputs that are asked for again and again, as those of a validation; left out: nothing is known. */
  readonly atOnce?: number | undefined;
  /** Left out: float32. Errors: unsupported (precision.ts). */
  readonly precision?: Precision;
}): Segmenter {
  const { engine, network, sizePx, classes, specs, precision, atOnce } = options;
  const layers = createLayers(engine, precision);
  const full = inputsAPass(sizePx, engine);
  // A card wants few passes.
  const batch = atOnce === undefined || engine.card !== null ? full : passFor(atOnce, full);
  const inputLength = sizePx * sizePx * network.inputChannels;
  const isTold = tellsObjects(specs);
  const outputLength = sizePx * sizePx * (classes + (isTold ? 1 : 0));
  const inferred = ([input, ...weights]: readonly Tensor[]) => {
    const fixed = specs.map((spec, i) => {
      // Two vectors a part, as `probabilities` below passes them.
      const [theta, statistics] = weights.slice(2 * i) as [Tensor1D, Tensor1D];
      return tensorWeights(spec, theta, statistics);
    });
    const pass = createForwardPass(layers, { trained: null, fixed });
    if (!isTold) return [tf.softmax(segmentationLogits(pass, network, input as Tensor4D))];
    const { logits, depths } = segmentationAndDepths(pass, network, input as Tensor4D);
    return [tf.softmax(logits), tf.softmax(depths)];
  };
  const infer = trace(engine, 'prediction', inferred, precision);
  return {
    classes,
    sizePx,
    tellsObjects: isTold,
    async probabilities(weights, inputs) {
      const vectors = weights.flatMap(({ theta, statistics }) => [theta, statistics]);
      const outputs: Float32Array[] = [];
      const passes = createLateReads<{ readonly count: number; readonly all: Float32Array }>(
        engine.stepsAhead,
      );
      const take = (read: readonly { readonly count: number; readonly all: Float32Array }[]) => {
        for (const { count, all } of read) {
          for (let i = 0; i < count; i++) {
            outputs.push(all.slice(i * outputLength, (i + 1) * outputLength));
          }
        }
      };
      for (let start = 0; start < inputs.length; start += batch) {
        const part = inputs.slice(start, start + batch);
        // The last batch is filled up with zeros: another size would be another graph.
        const values = new Float32Array(batch * inputLength);
        part.forEach((input, i) => values.set(input, i * inputLength));
        const shape = [batch, sizePx, sizePx, network.inputChannels] as const;
        const input = tf.tensor4d(values, [...shape]);
        const results = infer.run([input, ...vectors]);
        const coming = Promise.all(results.map((result) => engine.values(result)));
        tf.dispose([input, ...results]);
        const read = coming.then((all) => ({ count: part.length, all: joined(all, classes) }));
        take(await passes.next(read));
      }
      take(await passes.rest());
      return outputs;
    },
    dispose: () => infer.dispose(),
  };
}
