/**
 * The layers that networks are made of, as functions of plain tensors (channels last). Three sets compute the same:
 * layers-native.ts with TensorFlow's own fused operations, layers-portable.ts with plain tfjs operations, layers-card.ts
 * with Graft's kernels for graphics cards.
 * Parameters come from outside; nothing here holds state.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { OwnOperation, Precision } from '../../../shared/entities.ts';
import type { Engine } from '../tensorflow/backend.ts';
import { BATCH_NORM_EPSILON, type EngineLayers, type GivenNorm } from './engine-layers.ts';
import { cardLayers } from './layers-card.ts';
import { nativeLayers } from './layers-native.ts';
import { portableLayers } from './layers-portable.ts';
import {
  type Activation,
  type BlockOptions,
  centredPadding,
  type WindowOptions,
} from './network-operations.ts';

/**
 * What a decoder's first convolution sees: the skip's channels, then those of the level below, upsampled by 2.
 * The two convolve apart and are added, which is the same as convolving them concatenated.
 */
export interface SkipAndBelow {
  /** [b, 2h, 2w, skip channels]; null: none. */
  readonly skip: Tensor4D | null;
  /** [b, h, w, channels] */
  readonly below: Tensor4D;
}

export type ConvolutionInput = Tensor4D | SkipAndBelow;

export interface Layers extends EngineLayers {
  /**
   * Zero padding to the same size (half of it where the stride is 2), no bias. kernel [side, side, in, out]; over
   * SkipAndBelow stride 1 and side 3.
   */
  convolution(input: ConvolutionInput, kernel: Tensor4D, options?: WindowOptions): Tensor4D;
  /** The same, every channel by itself. kernel [side, side, channels, 1]. */
  depthwiseConvolution(input: Tensor4D, kernel: Tensor4D, options?: WindowOptions): Tensor4D;
  activate(input: Tensor4D, activation: Activation): Tensor4D;
  /** Windows of 3×3 over an input without negative values: [b, 2h, 2w, c] → [b, h, w, c] */
  maxPool3(input: Tensor4D, padding: 'symmetric' | 'same'): Tensor4D;
  sigmoid(input: Tensor4D): Tensor4D;
  /** [b, h, w, c] → [b, c] */
  globalAveragePool(input: Tensor4D): Tensor2D;
  /** input [b, in] · kernel [in, out] + bias [out] */
  dense(input: Tensor2D, kernel: Tensor2D, bias: Tensor1D): Tensor2D;
  /**
   * Convolution, batch normalisation with given statistics, activation (ReLU, unless said otherwise): the normalisation
   * is folded into the kernel. For inference and frozen layers: no gradient.
   */
  foldedConvolution(
    input: ConvolutionInput,
    kernel: Tensor4D,
    norm: GivenNorm,
    options?: BlockOptions,
  ): Tensor4D;
}

/** The input with zeros around it where windows of stride 2 shall be centred, and the padding left to the operation. */
function padded(
  input: Tensor4D,
  side: number,
  { stride = 1, padding = 'symmetric' }: WindowOptions,
): readonly [Tensor4D, 'same' | 'valid'] {
  if (stride === 1 || padding === 'same') return [input, 'same'];
  const margins = [...centredPadding(side)] as [number, number];
  const none: [number, number] = [0, 0];
  return [tf.pad<Tensor4D>(input, [none, margins, margins, none]), 'valid'];
}

/** The first of every two rows and columns: [b, h, w, c] → [b, ⌈h/2⌉, ⌈w/2⌉, c]. tfjs has no gradient of a strided slice. */
function everySecondPixel(input: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = input.shape;
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const odd = rows * 2 !== height || columns * 2 !== width;
  const even = odd
    ? tf.pad<Tensor4D>(input, [
        [0, 0],
        [0, rows * 2 - height],
        [0, columns * 2 - width],
        [0, 0],
      ])
    : input;
  const pairs = tf.reshape<tf.Rank.R4>(even, [batch * rows, 2, columns, 2 * channels]);
  const first = tf.slice(pairs, [0, 0, 0, 0], [batch * rows, 1, columns, channels]);
  return tf.reshape<tf.Rank.R4>(first, [batch, rows, columns, channels]);
}

/**
 * A convolution, but for the one form that must not reach it: the filter gradient of a 1×1 convolution of stride 2 over
 * fewer than 8 channels writes outside its memory in oneDNN's kernel for AVX2 (TensorFlow 2.21). The same sums without
 * strides are a product of matrices.
 */
function strided(
  { conv2d }: Pick<EngineLayers, 'conv2d'>,
  input: Tensor4D,
  kernel: Tensor4D,
  options: WindowOptions,
) {
  const [side] = kernel.shape;
  const { stride = 1 } = options;
  if (side === 1 && stride === 2) return conv2d(everySecondPixel(input), kernel, 1, 'valid');
  const [x, padding] = padded(input, side, options);
  return conv2d(x, kernel, stride, padding);
}

function depthwiseConvolution(
  input: Tensor4D,
  kernel: Tensor4D,
  options: WindowOptions = {},
): Tensor4D {
  const [x, padding] = padded(input, kernel.shape[0], options);
  return tf.depthwiseConv2d(x, kernel, options.stride ?? 1, padding);
}

/** Kernel and bias with a normalisation folded in. */
function foldedKernel(
  kernel: Tensor4D,
  { gamma, beta, mean, variance, epsilon = BATCH_NORM_EPSILON }: GivenNorm,
  depthwise: boolean,
) {
  const scale: Tensor = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)));
  const bias = tf.sub<Tensor1D>(beta, tf.mul(mean, scale));
  const scaled = tf.mul<Tensor4D>(kernel, depthwise ? tf.reshape(scale, [-1, 1]) : scale);
  return { kernel: scaled, bias };
}

type LayersEngine = Pick<Engine, 'native' | 'card' | 'operations'>;

function engineLayers({ native, card, operations }: LayersEngine): EngineLayers {
  if (native !== null) return nativeLayers(native, operations);
  return card === null ? portableLayers : cardLayers(card.backend);
}

/** What of a kernel meets the skip, and what meets what lies below. */
const splitKernel = (kernel: Tensor4D, skip: Tensor4D, below: Tensor4D) =>
  tf.split<Tensor4D>(kernel, [skip.shape[3], below.shape[3]], 2) as [Tensor4D, Tensor4D];

/** Own convolutions and gradients of kernels are in float32 alone. */
const IN_FLOAT32: readonly OwnOperation[] = ['convolutions', 'kernel gradients'];

/** `precision`: what a trace (tensorflow/trace.ts) shall make of them. */
export function createLayers(engine: LayersEngine, precision: Precision = 'float32'): Layers {
  const operations = engine.operations.filter(
    (one) => precision !== 'bfloat16' || !IN_FLOAT32.includes(one),
  );
  const own = engineLayers({ ...engine, operations });
  const activate = (input: Tensor4D, activation: Activation) => {
    if (activation === 'none') return input;
    return activation === 'relu' ? own.relu(input) : own.relu6(input);
  };

  /** With bias and ReLU at once; null: the engine has no such piece for it. */
  function inOnePiece(
    input: ConvolutionInput,
    kernel: Tensor4D,
    { bias, relu, ...options }: WindowOptions & { readonly bias: Tensor1D; readonly relu: boolean },
  ): Tensor4D | null {
    if (!('below' in input)) {
      const isPlain = (options.stride ?? 1) === 1;
      return isPlain ? (own.biasedConvolution?.(input, kernel, { bias, relu }) ?? null) : null;
    }
    const { skip, below } = input;
    if (own.biasedUpsampling === undefined) return null;
    if (skip === null) return own.biasedUpsampling(below, kernel, { beside: null, bias, relu });
    const [forSkip, forBelow] = splitKernel(kernel, skip, below);
    const beside = convolution(skip, forSkip);
    return own.biasedUpsampling(below, forBelow, { beside, bias, relu });
  }

  /** `bias`: added where given. */
  function convolution(
    input: ConvolutionInput,
    kernel: Tensor4D,
    options: WindowOptions = {},
    bias?: Tensor1D,
  ): Tensor4D {
    const biased = (x: Tensor4D) => (bias === undefined ? x : own.addBias(x, bias));
    if (!('below' in input)) {
      return biased(strided(own, input, kernel, options));
    }
    const { skip, below } = input;
    if (skip === null) return biased(own.upsampledConvolution(below, kernel));
    const [forSkip, forBelow] = splitKernel(kernel, skip, below);
    const beside = convolution(skip, forSkip, options, bias);
    return (
      own.upsampledBeside?.(below, forBelow, beside) ??
      tf.add(beside, own.upsampledConvolution(below, forBelow))
    );
  }

  return {
    ...own,
    convolution: (input, kernel, options) => convolution(input, kernel, options),
    depthwiseConvolution,
    activate,
    maxPool3(input, padding) {
      const [x, pad] = padded(input, 3, { stride: 2, padding });
      return tf.maxPool(x, 3, 2, pad);
    },
    sigmoid: (input) => own.sigmoid?.(input) ?? tf.sigmoid(input),
    globalAveragePool: (input) =>
      own.globalAveragePool?.(input) ?? tf.mean<Tensor2D>(input, [1, 2]),
    dense: (input, kernel, bias) => own.addBias(tf.matMul<Tensor2D>(input, kernel), bias),
    foldedConvolution(input, kernel, norm, options = {}) {
      const { activation = 'relu', depthwise = false } = options;
      const { kernel: scaled, bias } =
        own.foldedKernel?.(kernel, norm) ?? foldedKernel(kernel, norm, depthwise);
      if (depthwise && !('below' in input)) {
        return activate(
          own.addBias(depthwiseConvolution(input, scaled, options), bias),
          activation,
        );
      }
      const whole = inOnePiece(input, scaled, { ...options, bias, relu: activation === 'relu' });
      if (whole !== null) return activation === 'relu' ? whole : activate(whole, activation);
      // TensorFlow's own graph rewriting turns convolution, bias and activation into one _FusedConv2D.
      return activate(convolution(input, scaled, options, bias), activation);
    },
  };
}
