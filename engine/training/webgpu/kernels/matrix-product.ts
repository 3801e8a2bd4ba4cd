/** Products of matrices by the kernels of convolutions: a matrix is an image of one column, whose rows are its pixels. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { inFullPrecision } from '../half.ts';
import { convolution, inputGradient } from './convolution.ts';
import { filterGradient } from './filter-gradient.ts';
import type { Window } from './window.ts';

/** Of a 1×1 convolution of `rows` pixels. */
const windowOf = (rows: number, inChannels: number, outChannels: number): Window => ({
  ...{ batch: 1, inHeight: rows, inWidth: 1, inChannels },
  ...{ outHeight: rows, outWidth: 1, outChannels },
  ...{ height: 1, width: 1, stride: 1, padTop: 0, padLeft: 0 },
});

/**
 * a · b of two matrices, either transposed: a · bᵀ is a convolution's gradient in its input, aᵀ · b that in its kernel.
 * float32. null: both transposed, or of more axes.
 */
export function matrixProduct(
  backend: WebGPUBackend,
  [a, b]: readonly [TensorInfo, TensorInfo],
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
): TensorInfo | null {
  if (a.shape.length !== 2 || b.shape.length !== 2 || (transposeA && transposeB)) return null;
  const [rowsOfA = 1, columnsOfA = 1] = a.shape;
  const [rowsOfB = 1, columnsOfB = 1] = b.shape;
  return inFullPrecision(() => {
    if (transposeA) {
      const product = filterGradient(backend, windowOf(rowsOfA, columnsOfA, columnsOfB), [a, b]);
      return { ...product, shape: [columnsOfA, columnsOfB] };
    }
    if (transposeB) {
      const product = inputGradient(backend, windowOf(rowsOfA, rowsOfB, columnsOfA), [a, b]);
      return { ...product, shape: [rowsOfA, rowsOfB] };
    }
    const product = convolution(backend, windowOf(rowsOfA, columnsOfA, columnsOfB), [a, b]);
    return { ...product, shape: [rowsOfA, columnsOfB] };
  });
}
