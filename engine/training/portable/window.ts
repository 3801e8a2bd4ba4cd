/**
 * Sliding windows: the attributes and margins that convolutions, depthwise convolutions and poolings share, and what
 * it takes to write an input gradient as a stride-1 convolution.
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { floats, reshaped, run, shape4, type Shape4, type Temporary } from './kernel-call.ts';

const Pair = z.tuple([z.number(), z.number()]);
export const PerAxis = z.union([z.number(), Pair]);

export const WindowAttrs = z.object({
  strides: PerAxis,
  /** Explicit: [[0, 0], [top, bottom], [left, right], [0, 0]]. */
  pad: z.union([z.enum(['same', 'valid']), z.number(), z.tuple([Pair, Pair, Pair, Pair])]),
  dimRoundingMode: z.enum(['floor', 'round', 'ceil']).nullish(),
  /** The wasm backend knows no other order. */
  dataFormat: z.literal('NHWC').nullish(),
});

/** Dilation is 1: tfjs refuses the gradients of dilated convolutions before they reach a kernel. */
export function geometryOf(
  inputShape: Shape4,
  filterShape: Shape4,
  attrs: z.infer<typeof WindowAttrs>,
  kind: 'plain' | 'depthwise' = 'plain',
): backend_util.Conv2DInfo {
  const { strides, pad, dimRoundingMode } = attrs;
  const depthwise = kind === 'depthwise';
  const rounding = dimRoundingMode ?? undefined;
  return backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    1,
    pad,
    rounding,
    depthwise,
  );
}

/** Rows or columns of zeros before and after; negative: rows or columns cut off. */
export interface Margins {
  readonly rows: readonly [before: number, after: number];
  readonly columns: readonly [before: number, after: number];
}

/**
 * Runs a convolution kernel at stride 1 with these margins. After-margins may be negative: then rows and columns are
 * computed that nobody asked for, and cut off. Before-margins may not.
 */
export function convolve(
  backend: BackendWasm,
  temporary: Temporary,
  kernelName: 'Conv2D' | 'DepthwiseConv2dNative',
  task: {
    readonly x: TensorInfo;
    readonly filter: TensorInfo;
    readonly margins: Margins;
    readonly dilations: readonly [number, number];
  },
): TensorInfo {
  const { x, filter, margins, dilations } = task;
  const [top, bottom] = margins.rows;
  const [left, right] = margins.columns;
  const output = run(
    backend,
    kernelName,
    { x, filter },
    {
      strides: [1, 1],
      dilations: [...dilations],
      pad: [
        [0, 0],
        [top, Math.max(0, bottom)],
        [left, Math.max(0, right)],
        [0, 0],
      ],
      dataFormat: 'NHWC',
    },
  );
  if (bottom >= 0 && right >= 0) return output;
  const [n, height, width, channels] = shape4(output.shape);
  const size = [n, height + Math.min(0, bottom), width + Math.min(0, right), channels];
  return run(backend, 'Slice', { x: temporary(output) }, { begin: [0, 0, 0, 0], size });
}

/** dy with stride − 1 zeros after every row and column: [n, h, w, c] → [n, h·sh, w·sw, c]. */
export function spread(
  backend: BackendWasm,
  temporary: Temporary,
  dy: TensorInfo,
  geometry: backend_util.Conv2DInfo,
): TensorInfo {
  const { strideHeight, strideWidth } = geometry;
  if (strideHeight === 1 && strideWidth === 1) return dy;
  const [n, height, width, channels] = shape4(dy.shape);
  // Zeros after a column are zeros after its channels, and a row of zeros is one more of its kind after each row.
  const padded = run(
    backend,
    'PadV2',
    { x: reshaped(dy, [n * height, 1, width, channels]) },
    {
      paddings: [
        [0, 0],
        [0, strideHeight - 1],
        [0, 0],
        [0, (strideWidth - 1) * channels],
      ],
      constantValue: 0,
    },
  );
  return reshaped(temporary(padded), [n, height * strideHeight, width * strideWidth, channels]);
}

/** The filter turned by 180°: its taps in reverse order. (The shipped Reverse goes element by element.) */
export function turned(backend: BackendWasm, filter: TensorInfo): TensorInfo {
  const [height, width, inChannels, outChannels] = shape4(filter.shape);
  const tap = inChannels * outChannels;
  const output = backend.makeOutput(filter.shape, 'float32');
  const from = floats(backend, filter);
  const to = floats(backend, output);
  for (let start = 0; start < from.length; start += tap) {
    to.set(from.subarray(start, start + tap), (height * width - 1) * tap - start);
  }
  return output;
}

/** Margins under which the flipped filter, slid over the spread dy, gives the gradient of the input. */
export function inputGradientMargins(geometry: backend_util.Conv2DInfo): Margins {
  const { inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth } = geometry;
  const { top, left } = geometry.padInfo;
  return {
    rows: [geometry.filterHeight - 1 - top, inHeight + top - outHeight * strideHeight],
    columns: [geometry.filterWidth - 1 - left, inWidth + left - outWidth * strideWidth],
  };
}
