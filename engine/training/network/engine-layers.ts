/**
 * What each engine has its own fast form of: the agreement between layers.ts, which puts the layers together, and
 * layers-native.ts, layers-portable.ts and layers-card.ts, which compute them.
 */
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { SegmentationLossOptions } from '../webgpu/kernels/segmentation-loss.ts';

/** Added to the variance in batch normalisation (docs/method.md §2), unless a layer's specification says otherwise. */
export const BATCH_NORM_EPSILON = 1e-5;

export interface Normalised {
  /** [batch, height, width, channels] */
  readonly output: Tensor4D;
  /** [channels], of this batch; kept: the caller disposes of it. */
  readonly mean: Tensor1D;
  /** [channels], of this batch, with Bessel's correction (n−1), as running statistics want it; kept, too. */
  readonly variance: Tensor1D;
}

/** A normalisation with given statistics, [channels] each. */
export interface GivenNorm {
  readonly gamma: Tensor1D;
  readonly beta: Tensor1D;
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
  /** BATCH_NORM_EPSILON where it is left out. */
  readonly epsilon?: number;
}

/** Layers whose fast form differs between engines. */
export interface EngineLayers {
  /** tf.conv2d, whoever computes its gradients. kernel [side, side, in, out]. */
  conv2d(input: Tensor4D, kernel: Tensor4D, stride: 1 | 2, padding: 'same' | 'valid'): Tensor4D;
  /**
   * Convolution of stride 1 to the same size, + bias [out], and ReLU where `relu`, in one piece; null: not of this kernel.
   * No gradient. Left out where the engine has no such piece.
   */
  biasedConvolution?(
    input: Tensor4D,
    kernel: Tensor4D,
    ending: { readonly bias: Tensor1D; readonly relu: boolean },
  ): Tensor4D | null;
  /** Batch normalisation with the statistics of the batch, then ReLU. Differentiable in input, gamma and beta. */
  batchNormRelu(input: Tensor4D, gamma: Tensor1D, beta: Tensor1D, epsilon?: number): Normalised;
  /** The same without ReLU. */
  batchNorm(input: Tensor4D, gamma: Tensor1D, beta: Tensor1D, epsilon?: number): Normalised;
  /** Group normalisation; nothing to carry from step to step. Differentiable in all three. */
  groupNorm(input: Tensor4D, gamma: Tensor1D, beta: Tensor1D): Tensor4D;
  relu(input: Tensor4D): Tensor4D;
  /** min(max(input, 0), 6) */
  relu6(input: Tensor4D): Tensor4D;
  /** Largest of 2×2 pixels: [b, 2h, 2w, c] → [b, h, w, c] */
  maxPool2(input: Tensor4D): Tensor4D;
  /** input + bias along the last axis. */
  addBias<T extends Tensor2D | Tensor4D>(input: T, bias: Tensor1D): T;
  /**
   * Convolution with a kernel [3, 3, in, out] over what is upsampled to twice the size, nearest neighbour:
   * [b, h, w, in] → [b, 2h, 2w, out]; without the upsampled tensor where that is faster.
   */
  upsampledConvolution(input: Tensor4D, kernel: Tensor4D): Tensor4D;
  /**
   * The same + `beside` [b, 2h, 2w, out], in one piece. Differentiable in all three. Left out where the engine has no such
   * piece.
   */
  upsampledBeside?(input: Tensor4D, kernel: Tensor4D, beside: Tensor4D): Tensor4D;
  /**
   * The same + `beside` [b, 2h, 2w, out] + bias [out], and ReLU where `relu`, in one piece; null: not of this kernel. No
   * gradient. Left out where the engine has no such piece.
   */
  biasedUpsampling?(
    input: Tensor4D,
    kernel: Tensor4D,
    ending: { readonly beside: Tensor4D | null; readonly bias: Tensor1D; readonly relu: boolean },
  ): Tensor4D | null;
  /**
   * Kernel and bias of a convolution with the normalisation behind it folded in, in one piece. No gradient. Left out where
   * the engine has no such piece.
   */
  foldedKernel?(
    kernel: Tensor4D,
    norm: GivenNorm,
  ): { readonly kernel: Tensor4D; readonly bias: Tensor1D };
  /** Differentiable. Left out, as all below, where the engine has no piece of its own. */
  sigmoid?(input: Tensor4D): Tensor4D;
  /** Mean over the pixels of each image: [b, h, w, c] → [b, c]. Differentiable. */
  globalAveragePool?(input: Tensor4D): Tensor2D;
  /** The same, weighed by an attention map [b, h, w, 1]. Differentiable in both. */
  attentionMean?(features: Tensor4D, attention: Tensor4D): Tensor2D;
  /** Of `parts` parts along the channels, for each image the chosen one, int32 [b]. Differentiable in the parts. */
  chosenPart?(all: Tensor4D, chosen: Tensor, parts: number): Tensor4D;
  /**
   * Mean of the squared differences of two tensors of one shape, in one piece. Differentiable in the first.
   */
  meanSquaredError?(output: Tensor4D, target: Tensor4D): Scalar;
  /** The same over the pixels that count, [b, h, w] of 0 and 1. */
  countedError?(output: Tensor4D, target: Tensor4D, counted: Tensor): Scalar;
  /** Mean cross-entropy of logits [n, classes] with labels int32 [n]; what is no class does not count. Differentiable. */
  classEntropy?(logits: Tensor2D, labels: Tensor): Scalar;
  /** NT-Xent of vectors [2n, d], pretrain/contrastive-loss.ts. `smallestSquare`: added to that of a length. Differentiable. */
  pairEntropy?(
    vectors: Tensor2D,
    options: { readonly temperature: number; readonly smallestSquare: number },
  ): Scalar;
  /**
   * Running statistics carried on by those of a batch, one after the other, in one piece and in place: the vector comes
   * back as it was given, with new values. Left out where the engine has no such piece.
   */
  carriedStatistics?(statistics: Tensor1D, batch: readonly Tensor1D[], momentum: number): Tensor1D;
  /**
   * The whole loss of a segmentation where the engine has it in one piece, of at most `mostClasses` classes: logits
   * [b, h, w, classes], labels int32 [b, h, w], anything that is no class is ignored. Differentiable in the logits.
   */
  readonly segmentationLoss?: {
    readonly mostClasses: number;
    of(logits: Tensor4D, labels: Tensor, options: SegmentationLossOptions): Scalar;
  };
}
