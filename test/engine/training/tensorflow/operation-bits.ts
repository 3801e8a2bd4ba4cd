/** The bits that Graft's own operations give for fixed inputs: the same on any number of threads. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import {
  attributeTypes,
  type NativeBackend,
} from '../../../../engine/training/tensorflow/native.ts';
import { createRandom } from '../../../../shared/random.ts';

/** SHA-256 of all results. */
export function bitsOfOperations(backend: NativeBackend): string {
  const types = attributeTypes(backend.binding);
  const random = createRandom(1, 'operation bits');
  const tensor = (...shape: number[]) =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () =>
        random.uniform(-1, 1),
      ),
      shape,
    );
  const attributes = [
    { name: 'epsilon', type: types.float, value: 1e-5 },
    { name: 'relu', type: types.bool, value: true },
  ];
  const convolution = (turned: boolean) => [
    { name: 'turned', type: types.bool, value: turned },
    { name: 'relu', type: types.bool, value: !turned },
  ];
  const hash = createHash('sha256');
  // Few channels and many pixels, many channels and few pixels: shared out in different ways. Channels that fill vectors of
  // 16 and of 8 floats.
  for (const [side, channels] of [
    [64, 16],
    [16, 96],
    [30, 24],
    [14, 8],
  ] as const) {
    const [x, dy] = [tensor(3, side, side, channels), tensor(3, side, side, channels)];
    const [gamma, beta] = [tensor(channels), tensor(channels)];
    const kernel = tensor(3, 3, channels, channels);
    const forward = backend.executeMultipleOutputs(
      'GraftBatchNorm',
      attributes,
      [x, gamma, beta],
      4,
    );
    const [, mean, , inverse] = forward;
    if (mean === undefined || inverse === undefined) throw new Error('four outputs expected');
    const results = [
      ...forward,
      ...backend.executeMultipleOutputs(
        'GraftBatchNormGrad',
        attributes,
        [dy, x, gamma, beta, mean, inverse],
        3,
      ),
      backend.executeSingleOutput('GraftFilterGradient', [], [x, dy]),
      // Of the image itself.
      backend.executeSingleOutput('GraftFilterGradient', [], [tensor(3, side, side, 3), dy]),
      backend.executeSingleOutput('GraftConvolution', convolution(false), [x, kernel, beta]),
      backend.executeSingleOutput('GraftConvolution', convolution(true), [dy, kernel, beta]),
      backend.executeSingleOutput(
        'GraftUpsampledConvolution',
        [{ name: 'relu', type: types.bool, value: true }],
        [x, kernel, tf.tensor1d([]), beta],
      ),
      backend.executeSingleOutput('GraftUpsampledInputGradient', [], [dy, kernel]),
      backend.executeSingleOutput(
        'GraftUpsampledKernelGradient',
        [],
        [tensor(3, side / 2, side / 2, channels), dy],
      ),
      backend.executeSingleOutput('GraftMaxPool', [], [x]),
    ];
    for (const result of results) hash.update(result.dataSync());
  }
  return hash.digest('hex');
}
