/**
 * The head that tells objects apart: how deep inside its object each pixel lies, as a probability (the "object probability"
 * of StarDist, Schmidt et al. 2018, arXiv 1806.03535: the distance to the boundary over the largest of the object, learned
 * by cross-entropy). Where two objects touch it is low, and so predictions come apart there (shared/objects/depths.ts).
 *
 * It has two outputs of which the softmax is taken, as classes have: cross-entropy with truths between 0 and 1 is then what
 * every engine computes already.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { IGNORE, type NetworkConfig } from '../../../shared/entities.ts';
import { DEEPEST } from '../../../shared/objects/depths.ts';
import type { NetworkOperations } from '../network/network-operations.ts';
import {
  filterSpec,
  headLayer,
  joinSpecs,
  type NetworkSpec,
  type Weights,
} from '../network/parameters.ts';
import { crossEntropy } from './losses.ts';
import type { Sample } from './objective.ts';

const HEAD = 'head/objects';
/** Its single output, as it is written out. */
const WRITTEN_HEAD = 'head/depth';

/** Outputs of the head a pixel: how little, and how much, it lies inside an object. */
export const DEPTH_CLASSES = 2;

export const depthSpec = (network: NetworkConfig): NetworkSpec =>
  headLayer(HEAD, [1, 1, network.base, DEPTH_CLASSES]);

/** Whether a network has that head. */
export const tellsObjects = (specs: readonly NetworkSpec[]): boolean =>
  specs.some(({ parameters }) => parameters.some(({ layer }) => layer === HEAD));

/** features [b, S, S, base] → [b, S, S, DEPTH_CLASSES] */
export const depthLogits = <T>(pass: NetworkOperations<T>, features: T): T =>
  pass.head(HEAD, features);

interface Written {
  readonly spec: NetworkSpec;
  readonly weights: Weights;
}

export const withoutDepths = (spec: NetworkSpec): NetworkSpec =>
  filterSpec(spec, ({ layer }) => layer !== HEAD);

/** With one output in the place of the two, whose sigmoid is the softmax of the second. */
export function withWrittenHead({ spec, weights }: Written): Written {
  const kernel = weights.parameters.get(`${HEAD}/kernel`) ?? new Float32Array();
  const bias = weights.parameters.get(`${HEAD}/bias`) ?? new Float32Array();
  const second = (values: Float32Array) =>
    Float32Array.from(
      { length: values.length / DEPTH_CLASSES },
      (_, i) => (values[2 * i + 1] ?? 0) - (values[2 * i] ?? 0),
    );
  const [own, offset] = [second(kernel), second(bias)];
  return {
    spec: joinSpecs(withoutDepths(spec), headLayer(WRITTEN_HEAD, [1, 1, own.length, 1])),
    weights: {
      ...weights,
      parameters: new Map([
        ...weights.parameters,
        [`${WRITTEN_HEAD}/kernel`, own],
        [`${WRITTEN_HEAD}/bias`, offset],
      ]),
    },
  };
}

/** features [b, S, S, base] → [b, S, S, 1], of a network with the written head: the depth before its sigmoid. */
export const writtenDepth = <T>(pass: NetworkOperations<T>, features: T): T =>
  pass.head(WRITTEN_HEAD, features);

/** What `depthLoss` compares with: [size, size, DEPTH_CLASSES], all zero where labels are ignored. */
export function fillDepths({ labels, depths }: Sample, out: Float32Array): void {
  out.fill(0);
  if (labels === null || depths === undefined) return;
  for (let i = 0; i < depths.length; i++) {
    if (labels[i] === IGNORE) continue;
    const depth = (depths[i] ?? 0) / DEEPEST;
    out[2 * i] = 1 - depth;
    out[2 * i + 1] = depth;
  }
}

/** logits, truth [b, S, S, DEPTH_CLASSES] */
export const depthLoss = (logits: Tensor4D, truth: Tensor): Scalar =>
  crossEntropy(tf.logSoftmax(logits), truth);
