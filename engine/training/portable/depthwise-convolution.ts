/** Gradients of depthwise convolutions (MobileNetV2's), which the wasm backend lacks. Filters: [h, w, in, multiplier]. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import {
  addKernel,
  floats,
  input,
  type Kernel,
  reshaped,
  run,
  shape4,
  type Temporary,
  withTemporaries,
} from './kernel-call.ts';
import {
  convolve,
  geometryOf,
  inputGradientMargins,
  spread,
  turned,
  WindowAttrs,
} from './window.ts';

const FilterGradientAttrs = WindowAttrs.extend({ filterShape: z.array(z.number()) });
const InputGradientAttrs = WindowAttrs.extend({ inputShape: z.array(z.number()) });

/** The m-th output channel of every input channel: [n, h, w, in·multiplier] → [n, h, w, in]. */
function outputsOfMultiple(
  backend: BackendWasm,
  temporary: Temporary,
  dy: TensorInfo,
  { multiplier, m }: { multiplier: number; m: number },
): TensorInfo {
  const [n, height, width, channels] = shape4(dy.shape);
  const inChannels = channels / multiplier;
  const pixels = n * height * width;
  const slice = run(
    backend,
    'Slice',
    { x: reshaped(dy, [pixels, inChannels, multiplier]) },
    { begin: [0, 0, m], size: [pixels, inChannels, 1] },
  );
  return reshaped(temporary(slice), [n, height, width, inChannels]);
}

/** As for plain convolutions: dy, spread by the stride, under the turned filter; summed over the multiplier. */
const inputGradient: Kernel = (call) => {
  const { backend } = call;
  const filter = input(call, 'filter');
  const attrs = InputGradientAttrs.parse(call.attrs);
  const filterShape = shape4(filter.shape);
  const geometry = geometryOf(shape4(attrs.inputShape), filterShape, attrs, 'depthwise');
  const margins = inputGradientMargins(geometry);
  if (margins.rows[0] < 0 || margins.columns[0] < 0) {
    throw new Error('Depthwise gradients with padding wider than the filter reaches are not built');
  }
  const [height, width, inChannels, multiplier] = filterShape;
  return withTemporaries(backend, (temporary) => {
    const dy = spread(backend, temporary, input(call, 'dy'), geometry);
    const turnedFilter = temporary(turned(backend, filter));
    const share = (m: number) =>
      convolve(backend, temporary, 'DepthwiseConv2dNative', {
        x: outputsOfMultiple(backend, temporary, dy, { multiplier, m }),
        filter: temporary(
          run(
            backend,
            'Slice',
            { x: turnedFilter },
            { begin: [0, 0, 0, m], size: [height, width, inChannels, 1] },
          ),
        ),
        margins,
        dilations: [1, 1],
      });
    let sum = share(0);
    for (let m = 1; m < multiplier; m++) {
      sum = run(backend, 'Add', { a: temporary(sum), b: temporary(share(m)) });
    }
    return sum;
  });
};

/**
 * Plain loops: every filter value is a sum over all pixels of one channel, for which no shipped kernel is fit, and
 * the work is small (filter height · width per value of dy). Rows add up in float32, all rows in float64.
 */
const filterGradient: Kernel = (call) => {
  const { backend } = call;
  const x = input(call, 'x');
  const dy = input(call, 'dy');
  const attrs = FilterGradientAttrs.parse(call.attrs);
  const filterShape = shape4(attrs.filterShape);
  const geometry = geometryOf(shape4(x.shape), filterShape, attrs, 'depthwise');
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry;
  const { strideHeight, strideWidth } = geometry;
  const { top, left } = geometry.padInfo;
  const multiplier = filterShape[3];
  const output = backend.makeOutput(filterShape, 'float32');
  const xs = floats(backend, x);
  const dys = floats(backend, dy);
  const gradient = floats(backend, output);
  const total = new Float64Array(outChannels);
  const rowSum = new Float32Array(outChannels);

  function addRow(image: number, y: number, inputY: number, tapX: number): void {
    rowSum.fill(0);
    for (let column = 0; column < outWidth; column++) {
      const inputX = column * strideWidth + tapX - left;
      if (inputX < 0 || inputX >= inWidth) continue;
      const from = ((image * inHeight + inputY) * inWidth + inputX) * inChannels;
      let at = ((image * outHeight + y) * outWidth + column) * outChannels;
      let channel = 0;
      for (let c = 0; c < inChannels; c++) {
        const value = xs[from + c] ?? 0;
        for (let m = 0; m < multiplier; m++, channel++, at++) {
          rowSum[channel] = (rowSum[channel] ?? 0) + value * (dys[at] ?? 0);
        }
      }
    }
    for (let channel = 0; channel < outChannels; channel++) {
      total[channel] = (total[channel] ?? 0) + (rowSum[channel] ?? 0);
    }
  }

  for (let tapY = 0; tapY < filterShape[0]; tapY++) {
    for (let tapX = 0; tapX < filterShape[1]; tapX++) {
      total.fill(0);
      for (let image = 0; image < batchSize; image++) {
        for (let y = 0; y < outHeight; y++) {
          const inputY = y * strideHeight + tapY - top;
          if (inputY >= 0 && inputY < inHeight) addRow(image, y, inputY, tapX);
        }
      }
      gradient.set(total, (tapY * filterShape[1] + tapX) * outChannels);
    }
  }
  return output;
};

export function registerDepthwiseConvolutionGradients(): void {
  addKernel('DepthwiseConv2dNativeBackpropInput', inputGradient);
  addKernel('DepthwiseConv2dNativeBackpropFilter', filterGradient);
}
