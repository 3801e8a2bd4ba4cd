/** What an encoder sees in whole images: its bottleneck, averaged over the positions. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { NetworkConfig } from '../../../shared/entities.ts';
import { createForwardPass, tensorWeights } from '../network/forward-pass.ts';
import { createLayers } from '../network/layers.ts';
import {
  filterSpec,
  flattenWeights,
  type NetworkSpec,
  type Weights,
} from '../network/parameters.ts';
import { bottleneckWidth, encode } from '../network/unet.ts';
import type { Engine } from '../tensorflow/backend.ts';
import { trace } from '../tensorflow/trace.ts';
import { disposeWeights, inputsAPass, toTensors } from './segmenter.ts';

export interface FeatureExtractor {
  /** Inputs that one pass takes. */
  readonly atOnce: number;
  /** Inputs [size, size, channels] in [0, 1] each, `atOnce` of them at most → [bottleneck channels] each. */
  features(inputs: readonly Float32Array[]): Promise<Float32Array[]>;
  dispose(): void;
}

/** `spec` and `weights`: of a whole network, of which the encoder alone is taken. */
export function createFeatureExtractor(options: {
  readonly engine: Engine;
  readonly network: NetworkConfig;
  readonly sizePx: number;
  readonly spec: NetworkSpec;
  readonly weights: Weights;
}): FeatureExtractor {
  const { engine, network, sizePx, weights } = options;
  const spec = filterSpec(options.spec, ({ group }) => group === 'encoder');
  const layers = createLayers(engine);
  const atOnce = inputsAPass(sizePx, engine);
  const width = bottleneckWidth(network);
  const inputLength = sizePx * sizePx * network.inputChannels;
  const tensors = toTensors([flattenWeights(spec, weights)]);
  const infer = trace(engine, 'features', ([input, theta, statistics]) => {
    const fixed = [tensorWeights(spec, theta as Tensor1D, statistics as Tensor1D)];
    const pass = createForwardPass(layers, { trained: null, fixed });
    return [tf.mean(encode<Tensor4D>(pass, network, input as Tensor4D).bottleneck, [1, 2])];
  });
  return {
    atOnce,
    async features(inputs) {
      // The last batch is filled up with zeros: another size would be another graph.
      const values = new Float32Array(atOnce * inputLength);
      inputs.forEach((input, i) => values.set(input, i * inputLength));
      const input = tf.tensor4d(values, [atOnce, sizePx, sizePx, network.inputChannels]);
      const vectors = tensors.flatMap(({ theta, statistics }) => [theta, statistics]);
      const [result] = infer.run([input, ...vectors]);
      if (result === undefined) throw new Error('the encoder gave nothing');
      const coming = engine.values(result);
      tf.dispose([input, result]);
      const all = await coming;
      return inputs.map((_, i) => Float32Array.from(all.subarray(i * width, (i + 1) * width)));
    },
    dispose() {
      disposeWeights(tensors);
      infer.dispose();
    },
  };
}
