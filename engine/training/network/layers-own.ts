/** Layers over Graft's own operations (engine/training/tensorflow/operations.ts): each one walk forwards, one backwards. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { OwnOperation } from '../../../shared/entities.ts';
import { attributeTypes, type NativeBackend } from '../tensorflow/native.ts';
import { transposedUpsampling } from './upsampling.ts';
import { BATCH_NORM_EPSILON, type EngineLayers, type Normalised } from './engine-layers.ts';

/** What its convolution takes: 3×3, moved by one pixel, of channels that fill vectors; others are TensorFlow's. */
const MULTIPLE = 8;
const isThree = ({ shape: [height, width] }: Tensor4D) => height === 3 && width === 3;
const isFull = ({ shape: [, , inputs, outputs] }: Tensor4D) =>
  inputs % MULTIPLE === 0 && outputs % MULTIPLE === 0;

/** GraftConvolution by itself; `turned`: the convolution that gives the gradient of the input. */
function convolution(backend: NativeBackend) {
  const { bool } = attributeTypes(backend.binding);
  return (
    input: Tensor,
    kernel: Tensor,
    { turned = false, relu = false, bias }: { turned?: boolean; relu?: boolean; bias?: Tensor },
  ) =>
    backend.executeSingleOutput(
      'GraftConvolution',
      [
        { name: 'turned', type: bool, value: turned },
        { name: 'relu', type: bool, value: relu },
      ],
      [input, kernel, bias ?? tf.tensor1d([])],
    ) as Tensor4D;
}

/** tf.conv2d, of which Graft computes what `operations` name: 3×3 convolutions, and the gradients of such kernels. */
export function ownConvolution(
  backend: NativeBackend,
  operations: readonly OwnOperation[],
): EngineLayers['conv2d'] {
  const isOwn = (kernel: Tensor4D) => operations.includes('convolutions') && isFull(kernel);
  const own = convolution(backend);
  const convolved = tf.customGrad((x, k, save) => {
    // customGrad passes the tensors first and `save` last, but types them all alike.
    const [input, kernel] = [x, k] as [Tensor4D, Tensor4D];
    (save as tf.GradSaveFunc)([input, kernel]);
    return {
      value: isOwn(kernel) ? own(input, kernel, {}) : tf.conv2d(input, kernel, 1, 'same'),
      gradFunc: (dOutput: Tensor, saved: Tensor[]) => {
        const [savedInput, savedKernel] = saved as [Tensor4D, Tensor4D];
        return [
          isOwn(savedKernel)
            ? own(dOutput, savedKernel, { turned: true })
            : tf.conv2dTranspose(dOutput as Tensor4D, savedKernel, savedInput.shape, 1, 'same'),
          backend.executeSingleOutput('GraftFilterGradient', [], [savedInput, dOutput]),
        ];
      },
    };
  });
  return (input, kernel, stride, padding) =>
    isThree(kernel) && stride === 1 && padding === 'same'
      ? convolved(input, kernel)
      : tf.conv2d(input, kernel, stride, padding);
}

/** EngineLayers.biasedConvolution */
export function ownBiasedConvolution(
  backend: NativeBackend,
): NonNullable<EngineLayers['biasedConvolution']> {
  const own = convolution(backend);
  return (input, kernel, { bias, relu }) =>
    isThree(kernel) && isFull(kernel) ? own(input, kernel, { bias, relu }) : null;
}

/** GraftUpsampledConvolution by itself. */
function upsampled(backend: NativeBackend) {
  const { bool } = attributeTypes(backend.binding);
  return (
    input: Tensor,
    kernel: Tensor,
    { beside, bias, relu = false }: { beside?: Tensor | null; bias?: Tensor; relu?: boolean },
  ) =>
    backend.executeSingleOutput(
      'GraftUpsampledConvolution',
      [{ name: 'relu', type: bool, value: relu }],
      [input, kernel, beside ?? tf.tensor1d([]), bias ?? tf.tensor1d([])],
    ) as Tensor4D;
}

/** EngineLayers.upsampledConvolution */
export function ownUpsampling(backend: NativeBackend): EngineLayers['upsampledConvolution'] {
  const own = upsampled(backend);
  const convolved = tf.customGrad((x, k, save) => {
    // customGrad passes the tensors first and `save` last, but types them all alike.
    const [input, kernel] = [x, k] as [Tensor4D, Tensor4D];
    (save as tf.GradSaveFunc)([input, kernel]);
    return {
      value: own(input, kernel, {}),
      gradFunc: (dOutput: Tensor, saved: Tensor[]) => {
        const [savedInput, savedKernel] = saved as [Tensor4D, Tensor4D];
        return [
          backend.executeSingleOutput('GraftUpsampledInputGradient', [], [dOutput, savedKernel]),
          backend.executeSingleOutput('GraftUpsampledKernelGradient', [], [savedInput, dOutput]),
        ];
      },
    };
  });
  return (input, kernel) =>
    isFull(kernel) ? convolved(input, kernel) : transposedUpsampling(input, kernel);
}

/** EngineLayers.biasedUpsampling */
export function ownBiasedUpsampling(
  backend: NativeBackend,
): NonNullable<EngineLayers['biasedUpsampling']> {
  const own = upsampled(backend);
  return (input, kernel, ending) => (isFull(kernel) ? own(input, kernel, ending) : null);
}

/** Batch normalisation, and ReLU behind it where asked for. */
export function ownNormalisation(backend: NativeBackend) {
  const types = attributeTypes(backend.binding);
  return (
    input: Tensor4D,
    gamma: Tensor1D,
    beta: Tensor1D,
    activation: 'relu' | 'none',
    epsilon = BATCH_NORM_EPSILON,
  ): Normalised => {
    const attributes = [
      { name: 'epsilon', type: types.float, value: epsilon },
      { name: 'relu', type: types.bool, value: activation === 'relu' },
    ];
    let statistics: readonly [Tensor1D, Tensor1D] | undefined;
    const forward = tf.customGrad((x, g, b, save) => {
      // customGrad passes the tensors first and `save` last, but types them all alike.
      const [xs, gs, bs] = [x, g, b] as [Tensor4D, Tensor1D, Tensor1D];
      const [output, mean, variance, inverse] = backend.executeMultipleOutputs(
        'GraftBatchNorm',
        attributes,
        [xs, gs, bs],
        4,
      ) as [Tensor4D, Tensor1D, Tensor1D, Tensor1D]; // its four outputs
      statistics = [tf.keep(mean), tf.keep(variance)];
      // The mean is saved apart from what the caller may dispose of.
      (save as tf.GradSaveFunc)([xs, gs, bs, tf.clone(mean), inverse]);
      return {
        value: output,
        gradFunc: (dOutput: Tensor, saved: Tensor[]) =>
          backend.executeMultipleOutputs('GraftBatchNormGrad', attributes, [dOutput, ...saved], 3),
      };
    });
    const output = forward(input, gamma, beta);
    if (statistics === undefined) throw new Error('customGrad did not run its function');
    return { output, mean: statistics[0], variance: statistics[1] };
  };
}

/** Largest of 2×2 pixels; height and width are even. */
export function ownPooling(backend: NativeBackend) {
  const pooled = tf.customGrad((x, save) => {
    const input = x as Tensor;
    (save as tf.GradSaveFunc)([input]);
    return {
      value: backend.executeSingleOutput('GraftMaxPool', [], [input]),
      gradFunc: (dOutput: Tensor, [saved]: Tensor[]) =>
        backend.executeSingleOutput('GraftMaxPoolGrad', [], [saved as Tensor, dOutput]),
    };
  });
  return (input: Tensor4D): Tensor4D => pooled(input) as Tensor4D;
}
