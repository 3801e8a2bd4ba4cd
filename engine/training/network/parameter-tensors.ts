/**
 * The tensors of a network's weights out of the vectors in which they lie (parameters.ts, which needs no engine), and
 * back.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { BATCH_NORM_EPSILON } from './engine-layers.ts';
import { type NetworkSpec, sizeOf } from './parameters.ts';

function splitTensor(flat: Tensor1D, sizes: readonly number[]): Tensor1D[] {
  if (sizes.length === 0) return [];
  if (sizes.length === 1) return [flat];
  // One by one, since TensorFlow copies what it splits, but not what it slices where that begins on a cache line, as
  // nearly all parameters do.
  let at = 0;
  return sizes.map((size) => {
    const part = tf.slice(flat, at, size);
    at += size;
    return part;
  });
}

/** Parameter tensors out of the flat vector, in the order of the spec. */
export function splitParameters(spec: NetworkSpec, theta: Tensor1D): Tensor[] {
  const parts = splitTensor(
    theta,
    spec.parameters.map((p) => sizeOf(p.shape)),
  );
  return parts.map((part, i) => {
    const shape = spec.parameters[i]?.shape ?? [];
    return shape.length === 1 ? part : tf.reshape(part, [...shape]);
  });
}

/** Running mean and variance of each layer out of the flat vector, and its ε. */
export function splitStatistics(
  spec: NetworkSpec,
  flat: Tensor1D,
): Map<string, { mean: Tensor1D; variance: Tensor1D; epsilon: number }> {
  const sizes = spec.statistics.flatMap((s) => [s.channels, s.channels]);
  const parts = splitTensor(flat, sizes);
  const out: ReturnType<typeof splitStatistics> = new Map();
  spec.statistics.forEach(({ layer, epsilon = BATCH_NORM_EPSILON }, i) => {
    const mean = parts[2 * i];
    const variance = parts[2 * i + 1];
    if (mean !== undefined && variance !== undefined) out.set(layer, { mean, variance, epsilon });
  });
  return out;
}

export const concatFlat = (parts: readonly Tensor[]): Tensor1D =>
  tf.concat(parts.map((part) => (part.rank === 1 ? (part as Tensor1D) : tf.reshape(part, [-1]))));
