/** The gradient of max-pooling. */
import { backend_util } from '@tensorflow/tfjs-core';
import { floats, input, type Kernel, replaceKernel, shape4 } from './kernel-call.ts';
import { PerAxis, WindowAttrs } from './window.ts';

const PoolAttrs = WindowAttrs.extend({ filterSize: PerAxis });

/**
 * The shipped kernel starts its maximum at the smallest positive number, so a window without a positive value loses
 * its gradient. Here the first of several maxima takes it all, as in TensorFlow.
 */
const maxPoolGradient: Kernel = (call) => {
  const { backend } = call;
  const x = input(call, 'input');
  const dy = input(call, 'dy');
  const { filterSize, strides, pad, dimRoundingMode } = PoolAttrs.parse(call.attrs);
  const geometry = backend_util.computePool2DInfo(
    shape4(x.shape),
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode ?? undefined,
  );
  const { batchSize, inChannels, inHeight, inWidth, outHeight, outWidth } = geometry;
  const { strideHeight, strideWidth, filterHeight, filterWidth } = geometry;
  const output = backend.makeOutput(x.shape, 'float32');
  const xs = floats(backend, x);
  const dys = floats(backend, dy);
  const gradient = floats(backend, output).fill(0);
  const rowSize = inWidth * inChannels;
  let from = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let y = 0; y < outHeight; y++) {
      const firstRow = y * strideHeight - geometry.padInfo.top;
      const top = (image * inHeight + Math.max(0, firstRow)) * rowSize;
      const bottom = (image * inHeight + Math.min(inHeight, firstRow + filterHeight)) * rowSize;
      for (let column = 0; column < outWidth; column++) {
        const firstColumn = column * strideWidth - geometry.padInfo.left;
        const left = Math.max(0, firstColumn) * inChannels;
        const right = Math.min(inWidth, firstColumn + filterWidth) * inChannels;
        for (let channel = 0; channel < inChannels; channel++, from++) {
          let best = -Infinity;
          let bestAt = -1;
          for (let row = top; row < bottom; row += rowSize) {
            for (let at = row + left + channel; at < row + right; at += inChannels) {
              const value = xs[at] ?? 0;
              if (value > best) {
                best = value;
                bestAt = at;
              }
            }
          }
          if (bestAt >= 0) gradient[bestAt] = (gradient[bestAt] ?? 0) + (dys[from] ?? 0);
        }
      }
    }
  }
  return output;
};

export function registerPoolingGradients(): void {
  replaceKernel('MaxPoolGrad', () => maxPoolGradient);
}
