/** A convolution over what was upsampled to twice the size, without the upsampled tensor. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';

/**
 * How the 4 rows of a transposed kernel are made of the 3 rows of a kernel, and likewise the columns: see
 * transposedUpsampling.
 */
const ROWS_OF_TRANSPOSED = [
  [0, 0, 1],
  [0, 1, 1],
  [1, 1, 0],
  [1, 0, 0],
] as const;

/** [16, 9]: the same for both axes at once. */
const tapsOfTransposed = () =>
  tf.tensor2d(
    ROWS_OF_TRANSPOSED.flatMap((rows) =>
      ROWS_OF_TRANSPOSED.map((columns) =>
        rows.flatMap((row) => columns.map((column) => row * column)),
      ),
    ),
  );

const SWAPPED = [0, 1, 3, 2]; // [row, column, out, in], as conv2dTranspose wants it

/** [3, 3, in, out] → [4, 4, out, in] */
function transposedKernel(kernel: Tensor4D): Tensor4D {
  const [, , inputs, outputs] = kernel.shape;
  const taps = tf.matMul(tapsOfTransposed(), tf.reshape(kernel, [9, inputs * outputs]));
  return tf.transpose(tf.reshape<tf.Rank.R4>(taps, [4, 4, inputs, outputs]), SWAPPED);
}

/**
 * A pixel that nearest-neighbour upsampling has copied meets the same kernel entries from its four places, so the
 * copies need not be made: an output row 2i sees rows i−1, i, i through a kernel (a, b, c), that is a of row i−1 and
 * b + c of row i, and row 2i+1 sees a + b of row i and c of row i+1. Together that is a transposed convolution of
 * stride 2 by the kernel (c, b+c, a+b, a), with 16 products where the upsampled convolution has 36.
 */
export function transposedUpsampling(input: Tensor4D, kernel: Tensor4D): Tensor4D {
  return convolvedCopies(input, transposedKernel(kernel));
}

/** The same by a kernel [4, 4, out, in] that is made already. */
export function convolvedCopies(input: Tensor4D, transposed: Tensor4D): Tensor4D {
  const [batch, height, width] = input.shape;
  const outputs = transposed.shape[2];
  const shape = [batch, 2 * height, 2 * width, outputs] as [number, number, number, number];
  return tf.conv2dTranspose(input, transposed, shape, 2, 'same');
}
