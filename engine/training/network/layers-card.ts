/**
 * Layers over Graft's kernels for graphics cards (engine/training/webgpu/kernels/): one or a few passes where tfjs needs
 * many. Convolutions and pooling are tf's own calls, whose kernels training-kernels.ts has replaced.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Card } from '../webgpu/card.ts';
import { asTensor } from '../webgpu/dispatch.ts';
import { convolution, inputGradient } from '../webgpu/kernels/convolution.ts';
import { filterGradient } from '../webgpu/kernels/filter-gradient.ts';
import { foldedKernel } from '../webgpu/kernels/folding.ts';
import { normaliseBack } from '../webgpu/kernels/normalisation-back.ts';
import type { NormOptions } from '../webgpu/kernels/normalisation-parts.ts';
import { normalise } from '../webgpu/kernels/normalisation.ts';
import { channelSums, rectify, rectifyBack, type Rectifier } from '../webgpu/kernels/rectifier.ts';
import { carryStatistics } from '../webgpu/kernels/running-statistics.ts';
import { kernelOfCopies, kernelOfCopiesBack } from '../webgpu/kernels/upsampled-kernel.ts';
import { type Window, windowOf } from '../webgpu/kernels/window.ts';
import { BATCH_NORM_EPSILON, type EngineLayers, type Normalised } from './engine-layers.ts';
import { groupCount } from './group-norm.ts';
import { cardObjectives } from './layers-card-objectives.ts';
import { convolvedCopies } from './upsampling.ts';

type WebGPUBackend = Card['backend'];

/** Normalises; the gradient reaches input, gamma and beta. */
function normalised(
  backend: WebGPUBackend,
  options: NormOptions,
  [input, gamma, beta]: readonly [Tensor4D, Tensor1D, Tensor1D],
): Normalised {
  let statistics: readonly [Tensor1D, Tensor1D] | undefined;
  const forward = tf.customGrad((x, g, b, save) => {
    // customGrad passes the tensors first and `save` last, but types them all alike.
    const [xs, gs, bs] = [x, g, b] as [Tensor4D, Tensor1D, Tensor1D];
    const found = normalise(backend, options, [xs, gs, bs]);
    const [output, mean, variance, inverse] = [
      found.output,
      found.mean,
      found.variance,
      found.inverse,
    ].map(asTensor) as [Tensor4D, Tensor1D, Tensor1D, Tensor1D];
    statistics = [tf.keep(mean), tf.keep(variance)];
    // The mean is saved apart from what the caller may dispose of.
    (save as tf.GradSaveFunc)([xs, gs, bs, tf.clone(mean), inverse]);
    return {
      value: output,
      gradFunc(dOutput: Tensor, saved: Tensor[]) {
        const [savedX, savedGamma, savedBeta, savedMean, savedInverse] = saved as [
          Tensor,
          Tensor,
          Tensor,
          Tensor,
          Tensor,
        ];
        return normaliseBack(backend, options, {
          input: savedX,
          gamma: savedGamma,
          beta: savedBeta,
          statistics: { mean: savedMean, inverse: savedInverse },
          dOutput,
        }).map(asTensor);
      },
    };
  });
  const output = forward(input, gamma, beta);
  if (statistics === undefined) throw new Error('customGrad did not run its function');
  return { output, mean: statistics[0], variance: statistics[1] };
}

/** Where the windows of a convolution to the same size, or half of it, lie; null: not of this kernel. */
const windowOfSame = (input: Tensor4D['shape'], kernel: Tensor4D['shape'], stride: 1 | 2) =>
  windowOf(tf.backend_util.computeConv2DInfo(input, kernel, stride, 1, 'same'));

/** Of the convolution that a transposed one over copied pixels is the gradient of (upsampling.ts). */
function windowOfCopies(input: Tensor4D, kernel: Tensor4D): Window {
  const [batch, height, width, inputs] = input.shape;
  const [, , , outputs] = kernel.shape;
  const window = windowOfSame([batch, 2 * height, 2 * width, outputs], [4, 4, outputs, inputs], 2);
  if (window === null) throw new Error('a convolution over copied pixels has windows');
  return window;
}

/** Convolution over what is upsampled, and what is beside it, in one pass; the gradient reaches all three. */
const besideCopies = (backend: WebGPUBackend) =>
  tf.customGrad((x, k, y, save) => {
    const [input, kernel, beside] = [x, k, y] as [Tensor4D, Tensor4D, Tensor4D];
    const window = windowOfCopies(input, kernel);
    const spread = asTensor(kernelOfCopies(backend, kernel)) as Tensor4D;
    (save as tf.GradSaveFunc)([input, spread]);
    return {
      value: asTensor(inputGradient(backend, window, [input, spread], { beside })),
      gradFunc(dOutput: Tensor, saved: Tensor[]) {
        const [savedInput, savedSpread] = saved as [Tensor4D, Tensor4D];
        const dSpread = asTensor(filterGradient(backend, window, [dOutput, savedInput]));
        return [
          asTensor(convolution(backend, window, [dOutput, savedSpread])),
          asTensor(kernelOfCopiesBack(backend, dSpread)),
          tf.clone(dOutput),
        ];
      },
    };
  });

/** `backend`: tfjs's, on which the kernels of training-kernels.ts are registered. */
export function cardLayers(backend: WebGPUBackend): EngineLayers {
  const batchNorm = (
    activation: NormOptions['activation'],
    [input, ...parameters]: readonly [Tensor4D, Tensor1D, Tensor1D],
    epsilon = BATCH_NORM_EPSILON,
  ) => {
    const [batch, height, width, channels] = input.shape;
    const options: NormOptions = {
      ...{ images: 1, pixels: batch * height * width, channels, groupSize: 1 },
      ...{ epsilon, activation },
    };
    return normalised(backend, options, [input, ...parameters]);
  };

  const rectifier = (kind: Rectifier) => {
    const rectified = tf.customGrad((x, save) => {
      (save as tf.GradSaveFunc)([x as Tensor]);
      return {
        value: asTensor(rectify(backend, kind, x as Tensor)),
        gradFunc: (dOutput: Tensor, [saved]: Tensor[]) =>
          asTensor(rectifyBack(backend, kind, [saved as Tensor, dOutput])),
      };
    });
    return (input: Tensor4D) => rectified(input) as Tensor4D;
  };

  const addBias = tf.customGrad((input, bias) => ({
    value: tf.add(input as Tensor, bias as Tensor),
    gradFunc: (dOutput: Tensor) => [tf.clone(dOutput), asTensor(channelSums(backend, dOutput))],
  }));

  const ofCopies = tf.customGrad((kernel) => ({
    value: asTensor(kernelOfCopies(backend, kernel as Tensor)),
    gradFunc: (dSpread: Tensor) => asTensor(kernelOfCopiesBack(backend, dSpread)),
  }));

  const beside = besideCopies(backend);

  return {
    ...cardObjectives(backend),
    conv2d: (input, kernel, stride, padding) => tf.conv2d(input, kernel, stride, padding),
    batchNormRelu: (input, gamma, beta, epsilon) =>
      batchNorm('relu', [input, gamma, beta], epsilon),
    batchNorm: (input, gamma, beta, epsilon) => batchNorm('none', [input, gamma, beta], epsilon),
    groupNorm(input, gamma, beta) {
      const [images, height, width, channels] = input.shape;
      const { output, mean, variance } = normalised(
        backend,
        {
          ...{ images, pixels: height * width, channels },
          groupSize: channels / groupCount(channels),
          ...{ epsilon: BATCH_NORM_EPSILON, activation: 'none' },
        },
        [input, gamma, beta],
      );
      // Nothing is carried from step to step.
      tf.dispose([mean, variance]);
      return output;
    },
    relu: rectifier('relu'),
    relu6: rectifier('relu6'),
    maxPool2: (input) => tf.maxPool(input, 2, 2, 'valid'),
    addBias: <T extends Tensor2D | Tensor4D>(input: T, bias: Tensor1D) => addBias(input, bias) as T,
    upsampledConvolution: (input, kernel) => convolvedCopies(input, ofCopies(kernel) as Tensor4D),
    biasedConvolution(input, kernel, ending) {
      const window = windowOfSame(input.shape, kernel.shape, 1);
      return (
        window && (asTensor(convolution(backend, window, [input, kernel], ending)) as Tensor4D)
      );
    },
    upsampledBeside: (input, kernel, skip) => beside(input, kernel, skip) as Tensor4D,
    biasedUpsampling(input, kernel, ending) {
      const spread = kernelOfCopies(backend, kernel);
      const window = windowOfCopies(input, kernel);
      const output = inputGradient(backend, window, [input, spread], ending);
      backend.disposeData(spread.dataId);
      return asTensor(output) as Tensor4D;
    },
    foldedKernel(kernel, { epsilon = BATCH_NORM_EPSILON, ...norm }) {
      const [scaled, bias] = foldedKernel(backend, kernel, { ...norm, epsilon }).map(asTensor);
      return { kernel: scaled as Tensor4D, bias: bias as Tensor1D };
    },
    carriedStatistics(statistics, batch, momentum) {
      carryStatistics(backend, statistics, { batch, momentum });
      return tf.clone(statistics);
    },
  };
}
