/** Layers over TensorFlow's fused operations and their own gradients: one or two calls where tfjs needs dozens. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { OwnOperation } from '../../../shared/entities.ts';
import type { AttributeKind, AttributeValue } from '../tensorflow/graph-def.ts';
import { BATCH_NORM_EPSILON, type EngineLayers, type Normalised } from './engine-layers.ts';
import { attributeTypes, type NativeBackend, type OpAttribute } from '../tensorflow/native.ts';
import { groupNorm } from './group-norm.ts';
import { transposedUpsampling } from './upsampling.ts';
import {
  ownBiasedConvolution,
  ownBiasedUpsampling,
  ownConvolution,
  ownNormalisation,
  ownPooling,
  ownUpsampling,
} from './layers-own.ts';

/** `operations`: those of Graft that take the place of TensorFlow's. */
export function nativeLayers(
  backend: NativeBackend,
  operations: readonly OwnOperation[],
): EngineLayers {
  const types = attributeTypes(backend.binding);
  const attribute = (name: string, kind: AttributeKind, value: AttributeValue): OpAttribute => ({
    name,
    type: types[kind],
    value,
  });
  const floats = attribute('T', 'type', backend.binding.TF_FLOAT);
  const channelsLast = attribute('data_format', 'string', 'NHWC');
  const normAttributesOf = (epsilon: number) => [
    floats,
    attribute('U', 'type', backend.binding.TF_FLOAT),
    attribute('epsilon', 'float', epsilon),
    channelsLast,
    attribute('is_training', 'bool', true),
  ];

  // The casts below: the backend types every result as Tensor; the operation fixes its rank.
  function tensorflowNormalised(
    input: Tensor4D,
    gamma: Tensor1D,
    beta: Tensor1D,
    activation: 'relu' | 'none',
    epsilon = BATCH_NORM_EPSILON,
  ): Normalised {
    const normAttributes = normAttributesOf(epsilon);
    let statistics: readonly [Tensor1D, Tensor1D] | undefined;
    const forward = tf.customGrad((x, g, b, save) => {
      // customGrad passes the tensors first and `save` last, but types them all alike.
      const [xs, gs, bs] = [x, g, b] as [Tensor4D, Tensor1D, Tensor1D];
      const none = tf.tensor1d([]);
      const [normal, mean, variance, reserve1, reserve2, reserve3] = backend.executeMultipleOutputs(
        'FusedBatchNormV3',
        normAttributes,
        [xs, gs, bs, none, none],
        6,
      ) as [Tensor4D, Tensor1D, Tensor1D, Tensor, Tensor, Tensor];
      statistics = [tf.keep(mean), tf.keep(variance)];
      const output = activation === 'relu' ? tf.relu(normal) : normal;
      (save as tf.GradSaveFunc)([xs, gs, reserve1, reserve2, reserve3, output]);
      return {
        value: output,
        gradFunc(dOutput: Tensor, saved: Tensor[]) {
          const [savedX, savedGamma, r1, r2, r3, y] = saved as [
            Tensor,
            Tensor,
            Tensor,
            Tensor,
            Tensor,
            Tensor,
          ];
          const dNormal =
            activation === 'relu'
              ? backend.executeSingleOutput('ReluGrad', [floats], [dOutput, y])
              : dOutput;
          return backend
            .executeMultipleOutputs(
              'FusedBatchNormGradV3',
              normAttributes,
              [dNormal, savedX, savedGamma, r1, r2, r3],
              5,
            )
            .slice(0, 3);
        },
      };
    });
    const output = forward(input, gamma, beta);
    if (statistics === undefined) throw new Error('customGrad did not run its function');
    return { output, mean: statistics[0], variance: statistics[1] };
  }

  const addBias = tf.customGrad((input, bias) => ({
    value: backend.executeSingleOutput(
      'BiasAdd',
      [floats, channelsLast],
      [input as Tensor, bias as Tensor],
    ),
    gradFunc: (dOutput: Tensor) => [
      tf.clone(dOutput),
      backend.executeSingleOutput('BiasAddGrad', [floats, channelsLast], [dOutput]),
    ],
  }));

  /** tfjs composes the gradients of these from half a dozen operations. */
  const rectifier = (op: 'Relu' | 'Relu6') =>
    tf.customGrad((x, save) => {
      const output = backend.executeSingleOutput(op, [floats], [x as Tensor]);
      (save as tf.GradSaveFunc)([output]);
      return {
        value: output,
        gradFunc: (dOutput: Tensor, [y]: Tensor[]) =>
          backend.executeSingleOutput(`${op}Grad`, [floats], [dOutput, y as Tensor]),
      };
    });
  const relu = rectifier('Relu');
  const relu6 = rectifier('Relu6');

  const normalised = operations.includes('normalisation')
    ? ownNormalisation(backend)
    : tensorflowNormalised;

  return {
    conv2d: operations.includes('kernel gradients')
      ? ownConvolution(backend, operations)
      : (input, kernel, stride, padding) => tf.conv2d(input, kernel, stride, padding),
    batchNormRelu: (input, gamma, beta, epsilon) => normalised(input, gamma, beta, 'relu', epsilon),
    batchNorm: (input, gamma, beta, epsilon) => normalised(input, gamma, beta, 'none', epsilon),
    relu: (input) => relu(input) as Tensor4D,
    relu6: (input) => relu6(input) as Tensor4D,
    maxPool2: operations.includes('pooling')
      ? ownPooling(backend)
      : (input) => tf.maxPool(input, 2, 2, 'valid'),
    addBias: <T extends Tensor2D | Tensor4D>(input: T, bias: Tensor1D) => addBias(input, bias) as T,
    groupNorm,
    ...(operations.includes('convolutions')
      ? {
          biasedConvolution: ownBiasedConvolution(backend),
          upsampledConvolution: ownUpsampling(backend),
          biasedUpsampling: ownBiasedUpsampling(backend),
        }
      : { upsampledConvolution: transposedUpsampling }),
  };
}
