/**
 * Puts Graft's kernels in the place of those that tfjs ships for WebGPU: whoever calls tf.conv2d, tf.maxPool and so on,
 * and tfjs's own gradients, get them. Forms that Graft does not use stay with tfjs.
 */
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { combine, cut, splitUp, together } from './arrangements.ts';
import { isHalf } from './half.ts';
import { convolution, inputGradient } from './kernels/convolution.ts';
import {
  depthwiseConvolution,
  depthwiseFilterGradient,
  depthwiseInputGradient,
} from './kernels/depthwise-convolution.ts';
import { filterGradient } from './kernels/filter-gradient.ts';
import { matrixProduct } from './kernels/matrix-product.ts';
import { largestOfWindows, largestOfWindowsBack } from './kernels/pooling.ts';
import { softmax } from './kernels/softmax.ts';
import { widened } from './kernels/widening.ts';
import { type Window, windowOf } from './kernels/window.ts';

const Shape4 = z.tuple([z.number(), z.number(), z.number(), z.number()]);
type Shape4 = z.infer<typeof Shape4>;
const Padding = z.custom<Parameters<typeof tf.backend_util.computeConv2DInfo>[4]>();
const Rounding = z.enum(['floor', 'round', 'ceil']).optional();
const Pair = z.union([z.number(), z.tuple([z.number(), z.number()])]);

const ConvolutionAttributes = z.object({
  strides: Pair,
  pad: Padding,
  dataFormat: z.enum(['NHWC', 'NCHW']).default('NHWC'),
  dilations: Pair.default(1),
  dimRoundingMode: Rounding,
});

const PoolingAttributes = z.object({
  filterSize: Pair,
  strides: Pair,
  pad: Padding,
  dimRoundingMode: Rounding,
});

const MatrixAttributes = z.object({ transposeA: z.boolean(), transposeB: z.boolean() });

function convolutionWindow(
  attrs: NamedAttrMap,
  [input, kernel]: readonly [readonly number[] | undefined, readonly number[] | undefined],
  isDepthwise = false,
): Window | null {
  const { strides, pad, dataFormat, dilations, dimRoundingMode } =
    ConvolutionAttributes.parse(attrs);
  const info = tf.backend_util.computeConv2DInfo(
    Shape4.parse(input),
    Shape4.parse(kernel),
    strides,
    dilations,
    pad,
    dimRoundingMode,
    isDepthwise,
    tf.backend_util.convertConv2DDataFormat(dataFormat),
  );
  return windowOf(info, isDepthwise);
}

function poolingWindow(attrs: NamedAttrMap, input: readonly number[]): Window | null {
  const { filterSize, strides, pad, dimRoundingMode } = PoolingAttributes.parse(attrs);
  return windowOf(
    tf.backend_util.computePool2DInfo(
      Shape4.parse(input),
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    ),
  );
}

interface Call {
  readonly backend: WebGPUBackend;
  readonly attrs: NamedAttrMap;
  readonly input: (name: string) => TensorInfo;
  readonly inputs: NamedTensorInfoMap;
}

/** null: tfjs's own kernel shall compute it. */
type Kernel = (call: Call) => TensorInfo | TensorInfo[] | null;

const KERNELS: Readonly<Record<string, Kernel>> = {
  Conv2D({ backend, attrs, input }) {
    const tensors = [input('x'), input('filter')] as const;
    const window = convolutionWindow(attrs, [tensors[0].shape, tensors[1].shape]);
    return window && convolution(backend, window, tensors);
  },
  Conv2DBackpropInput({ backend, attrs, input }) {
    const tensors = [input('dy'), input('filter')] as const;
    const shape = Shape4.parse(attrs['inputShape']);
    const window = convolutionWindow(attrs, [shape, tensors[1].shape]);
    return window && inputGradient(backend, window, tensors);
  },
  Conv2DBackpropFilter({ backend, attrs, input }) {
    const tensors = [input('x'), input('dy')] as const;
    const shape = Shape4.parse(attrs['filterShape']);
    const window = convolutionWindow(attrs, [tensors[0].shape, shape]);
    return window && filterGradient(backend, window, tensors);
  },
  DepthwiseConv2dNative({ backend, attrs, input }) {
    const tensors = [input('x'), input('filter')] as const;
    const window = convolutionWindow(attrs, [tensors[0].shape, tensors[1].shape], true);
    return window && depthwiseConvolution(backend, window, tensors);
  },
  DepthwiseConv2dNativeBackpropInput({ backend, attrs, input }) {
    const tensors = [input('dy'), input('filter')] as const;
    const shape = Shape4.parse(attrs['inputShape']);
    const window = convolutionWindow(attrs, [shape, tensors[1].shape], true);
    return window && depthwiseInputGradient(backend, window, tensors);
  },
  DepthwiseConv2dNativeBackpropFilter({ backend, attrs, input }) {
    const tensors = [input('x'), input('dy')] as const;
    const shape = Shape4.parse(attrs['filterShape']);
    const window = convolutionWindow(attrs, [tensors[0].shape, shape], true);
    return window && depthwiseFilterGradient(backend, window, tensors);
  },
  Slice: ({ backend, attrs, input }) => cut(backend, input('x'), attrs),
  SplitV: ({ backend, attrs, input }) => splitUp(backend, input('x'), attrs),
  Concat: ({ backend, attrs, inputs }) =>
    together(
      backend,
      Object.values(inputs).filter((one) => one !== undefined),
      attrs,
    ),
  Add: ({ backend, input }) => combine(backend, 'sum', [input('a'), input('b')]),
  Multiply: ({ backend, input }) => combine(backend, 'product', [input('a'), input('b')]),
  BatchMatMul: ({ backend, attrs, input }) =>
    matrixProduct(backend, [input('a'), input('b')], MatrixAttributes.parse(attrs)),
  Softmax({ backend, attrs, input }) {
    const logits = input('logits');
    return attrs['dim'] === logits.shape.length - 1 ? softmax(backend, logits) : null;
  },
  MaxPool({ backend, attrs, input }) {
    const x = input('x');
    const window = poolingWindow(attrs, x.shape);
    return window && largestOfWindows(backend, window, x);
  },
  MaxPoolGrad({ backend, attrs, input }) {
    const tensors = [input('input'), input('dy')] as const;
    const window = poolingWindow(attrs, tensors[0].shape);
    return window && largestOfWindowsBack(backend, window, tensors);
  },
};

const inputOf = (inputs: NamedTensorInfoMap, kernel: string) => (name: string) => {
  const info = inputs[name];
  if (info === undefined) throw new Error(`${kernel} was called without its input ${name}`);
  return info;
};

/** Of Graft's, those that know only float32. */
const IN_FLOAT32 = ['BatchMatMul', 'Softmax'];

/** Of tfjs's, those that give the same numbers in another shape and look at none. */
const LOOKING_AT_NONE = ['Identity', 'Reshape'];

/** What `compute` gives with inputs that lie in float16 brought to float32; those are freed again. */
function inFloat32<T>(
  backend: WebGPUBackend,
  inputs: NamedTensorInfoMap,
  compute: (inputs: NamedTensorInfoMap) => T,
): T {
  const wide: TensorInfo[] = [];
  // Kernels of lists take an array.
  const known: NamedTensorInfoMap = Object.assign(Array.isArray(inputs) ? [] : {}, inputs);
  for (const [name, input] of Object.entries(inputs)) {
    if (input === undefined || !isHalf(input)) continue;
    const made = widened(backend, input);
    wide.push(made);
    known[name] = made;
  }
  const result = compute(known);
  for (const { dataId } of wide) backend.disposeData(dataId);
  return result;
}

/** Names of all kernels that stand behind another, with what tfjs ships; set once a process. */
const shipped = new Map<string, tf.KernelConfig['kernelFunc']>();

/** Once tfjs-backend-webgpu is loaded; calling again does nothing. */
export function registerCardKernels(): void {
  for (const config of tf.getKernelsForBackend('webgpu')) {
    const name = config.kernelName;
    if (shipped.has(name) || LOOKING_AT_NONE.includes(name)) continue;
    const before = config.kernelFunc;
    const own = KERNELS[name];
    shipped.set(name, before);
    config.kernelFunc = (call) => {
      const { backend, inputs, attrs = {} } = call;
      if (!(backend instanceof WebGPUBackend)) throw new Error(`${name} runs on WebGPU only`);
      const ours = (given: NamedTensorInfoMap) =>
        own?.({ backend, attrs, inputs: given, input: inputOf(given, name) }) ?? null;
      return (
        (IN_FLOAT32.includes(name) ? null : ours(inputs)) ??
        inFloat32(
          backend,
          inputs,
          (wide) =>
            (IN_FLOAT32.includes(name) ? ours(wide) : null) ?? before({ ...call, inputs: wide }),
        )
      );
    };
  }
}

/** tfjs's own kernels again: what the figures of docs/graphics-card.md compare with. */
export function restoreShippedKernels(): void {
  for (const [name, before] of shipped) tf.getKernel(name, 'webgpu').kernelFunc = before;
  shipped.clear();
}
