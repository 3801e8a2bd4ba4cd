/** Layers over TensorFlow's fused operations and their own gradients: one or two calls where tfjs needs dozens. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { OwnOperation } from '../../../shared/entities.ts';
import type { AttributeKind, AttributeValue } from '../tensorflow/graph-def.ts';
import { BATCH_NORM_EPSILON, type EngineLayers, type Normalised } from './engine-layers.ts';
import { attributeTypes, type NativeBackend, type OpAttribute } from '../tensorflow/native.ts';
import { ownConvolution, ownNormalisation, ownPooling } from './layers-own.ts';

/**
 * How the 4 rows of a transposed kernel are made of the 3 rows of a kernel, and likewise the columns: see
 * upsampledConvolution.
 */
const ROWS_OF_TRANSPOSED = [
  [0, 0, 1],
  [0, 1, 1],
  [1, 1, 0],
  [1, 0, 0],
] as const;

/** [16, 9]: the same for both axes at once. */
const tapsOfTransposed = () =>
  tf.tensor2d(
    ROWS_OF_TRANSPOSED.flatMap((rows) =>
      ROWS_OF_TRANSPOSED.map((columns) =>
        rows.flatMap((row) => columns.map((column) => row * column)),
      ),
    ),
  );

/**
 * A pixel that nearest-neighbour upsampling has copied meets the same kernel entries from its four places, so the
 * copies need not be made: an output row 2i sees rows i−1, i, i through a kernel (a, b, c), that is a of row i−1 and
 * b + c of row i, and row 2i+1 sees a + b of row i and c of row i+1. Together that is a transposed convolution of
 * stride 2 by the kernel (c, b+c, a+b, a), with 16 products where the upsampled convolution has 36.
 */
function upsampledConvolution(input: Tensor4D, kernel: Tensor4D): Tensor4D {
  const [batch, height, width] = input.shape;
  const [, , inputs, outputs] = kernel.shape;
  const taps = tf.matMul(tapsOfTransposed(), tf.reshape(kernel, [9, inputs * outputs]));
  const swapped = [0, 1, 3, 2]; // [row, column, out, in], as conv2dTranspose wants it
  const transposed = tf.transpose(tf.reshape<tf.Rank.R4>(taps, [4, 4, inputs, outputs]), swapped);
  const shape = [batch, 2 * height, 2 * width, outputs] as [number, number, number, number];
  return tf.conv2dTranspose(input, transposed, shape, 2, 'same');
}

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
      ? ownConvolution(backend)
      : (input, kernel, stride, padding) => tf.conv2d(input, kernel, stride, padding),
    batchNormRelu: (input, gamma, beta, epsilon) => normalised(input, gamma, beta, 'relu', epsilon),
    batchNorm: (input, gamma, beta, epsilon) => normalised(input, gamma, beta, 'none', epsilon),
    relu: (input) => relu(input) as Tensor4D,
    relu6: (input) => relu6(input) as Tensor4D,
    maxPool2: operations.includes('pooling')
      ? ownPooling(backend)
      : (input) => tf.maxPool(input, 2, 2, 'valid'),
    addBias: <T extends Tensor2D | Tensor4D>(input: T, bias: Tensor1D) => addBias(input, bias) as T,
    upsampledConvolution,
  };
}
