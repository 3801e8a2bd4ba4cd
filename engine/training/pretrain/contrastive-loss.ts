/** The contrastive loss over pairs of views, as a pure function of tensors. */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import type { EngineLayers } from '../network/engine-layers.ts';
import { crossEntropy } from '../objectives/losses.ts';

/** τ of docs/method.md §3 and §4. */
const TEMPERATURE = 0.5;
/** Keeps the direction of a zero vector finite. */
const SMALLEST_SQUARE = 1e-12;
/** Added to a row's similarity with itself, which is no candidate. */
const NOT_A_CANDIDATE = -1e9;

/** [rows, rows] with `value` at (i, column(i)), else 0. */
function oneEachRow(rows: number, value: number, column: (row: number) => number): Tensor2D {
  const values = new Float32Array(rows * rows);
  for (let row = 0; row < rows; row++) values[row * rows + column(row)] = value;
  return tf.tensor2d(values, [rows, rows]);
}

/** Rows at length 1. */
export const unitRows = (vectors: Tensor2D): Tensor2D =>
  tf.mul(vectors, tf.rsqrt(tf.add(tf.sum(tf.square(vectors), 1, true), SMALLEST_SQUARE)));

/**
 * NT-Xent (Chen et al. 2020, arXiv 2002.05709, eq. 1): each view has to find the other view of its image among the
 * 2n − 1 other views of the batch, by cosine similarity over the temperature.
 * projections [2n, d], the two views of an image in neighbouring rows. CE(a→b) + CE(b→a), each the mean over n images:
 * twice the mean over all views.
 */
export function ntXent(
  layers: Pick<EngineLayers, 'pairEntropy'>,
  projections: Tensor2D,
  temperature = TEMPERATURE,
): Scalar {
  const options = { temperature, smallestSquare: SMALLEST_SQUARE };
  const whole = layers.pairEntropy?.(projections, options);
  if (whole !== undefined) return whole;
  const [rows] = projections.shape;
  const unit = unitRows(projections);
  const similarity = tf.div(tf.matMul(unit, unit, false, true), temperature); // [2n, 2n]
  const candidates = tf.add(
    similarity,
    oneEachRow(rows, NOT_A_CANDIDATE, (row) => row),
  );
  const partner = oneEachRow(rows, 1, (row) => row ^ 1);
  return tf.mul(crossEntropy(tf.logSoftmax(candidates), partner), 2);
}
