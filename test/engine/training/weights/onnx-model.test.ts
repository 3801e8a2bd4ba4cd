import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  createForwardPass,
  tensorWeights,
} from '../../../../engine/training/network/forward-pass.ts';
import { createLayers } from '../../../../engine/training/network/layers.ts';
import {
  flattenWeights,
  initialWeights,
  joinSpecs,
  type NetworkSpec,
  type Weights,
} from '../../../../engine/training/network/parameters.ts';
import { depthSpec } from '../../../../engine/training/objectives/object-depths.ts';
import {
  segmentationAndDepths,
  segmentationLogits,
  segmentationSpec,
} from '../../../../engine/training/objectives/segmentation.ts';
import { encode, encoderSpec } from '../../../../engine/training/network/unet.ts';
import { onnxModel } from '../../../../engine/training/weights/onnx-model.ts';
import { NetworkConfig } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();
const layers = createLayers(engine);
const SIZE = 64;
const random = createRandom(2, 'onnx test');

/** As if trained: nothing is 1 or 0. */
function trained(spec: NetworkSpec): Weights {
  const { parameters, statistics } = initialWeights(spec, 4);
  const shaken = (values: Float32Array) => values.map((v) => v + random.uniform(-0.2, 0.2));
  return {
    parameters: new Map(
      [...parameters].map(([name, v]) => [name, name.endsWith('kernel') ? v : shaken(v)]),
    ),
    statistics: new Map([...statistics].map(([layer, v]) => [layer, shaken(v)])),
  };
}

function ourPass(spec: NetworkSpec, weights: Weights) {
  const { theta, statistics } = flattenWeights(spec, weights);
  const fixed = [tensorWeights(spec, tf.tensor1d(theta), tf.tensor1d(statistics))];
  return createForwardPass(layers, { trained: null, fixed });
}

const preprocessing = { mean: [0.4, 0.5, 0.6], deviation: [0.2, 0.3, 0.25] };
const networks = [
  { skips: 'conv' },
  { skips: 'concat', norm: 'group' },
  { skips: 'none' },
  { encoder: 'resnet18', preprocessing },
  { encoder: 'resnet34', padding: 'same', norm: 'group' },
  { encoder: 'mobilenetv2', preprocessing },
  { encoder: 'mobilenetv2', padding: 'same', skips: 'concat' },
] as const;

describe.each(
  networks.map(
    (network) =>
      [
        JSON.stringify(network),
        NetworkConfig.parse({ base: 4, encoderWidth: 0.125, inputChannels: 3, ...network }),
      ] as const,
  ),
)('%s', (_, network) => {
  it('gives onnxruntime the probabilities and features that it gives us', async () => {
    const whole = segmentationSpec(network, 3);
    const weights = trained(whole);
    const image = Float32Array.from({ length: 2 * SIZE * SIZE * 3 }, () => random.uniform(0, 1));
    const input = tf.tensor4d(image, [2, SIZE, SIZE, 3]);
    const first = tf.transpose(input, [0, 3, 1, 2]);
    const feeds = {
      image: new Tensor('float32', first.dataSync<'float32'>().slice(), first.shape),
    };

    const compare = async (
      part: 'encoder' | 'segmentation',
      spec: NetworkSpec,
      ours: Readonly<Record<string, Tensor4D>>,
      own = weights,
    ) => {
      const { bytes, outputs } = onnxModel({ network, spec, weights: own, part, metadata: {} });
      expect([...outputs].sort()).toEqual(Object.keys(ours).sort());
      const session = await InferenceSession.create(bytes);
      const theirs = await session.run(feeds);
      for (const [name, tensor] of Object.entries(ours)) {
        const expected = tf.transpose(tensor, [0, 3, 1, 2]);
        const found = theirs[name];
        expect(found?.dims).toEqual(expected.shape);
        const values = found?.data as Float32Array;
        const difference = tf.max(tf.abs(tf.sub(tf.tensor(values, expected.shape), expected)));
        expect(difference.dataSync<'float32'>()[0]).toBeLessThan(1e-4);
      }
    };
    const logits = segmentationLogits<Tensor4D>(ourPass(whole, weights), network, input);
    await compare('segmentation', whole, { probabilities: tf.softmax(logits) });

    const told = joinSpecs(whole, depthSpec(network));
    const both = trained(told);
    const own = segmentationAndDepths<Tensor4D>(ourPass(told, both), network, input);
    await compare(
      'segmentation',
      told,
      {
        probabilities: tf.softmax(own.logits),
        depths: tf.slice(tf.softmax(own.depths), [0, 0, 0, 1]),
      },
      both,
    );

    const { skips, bottleneck } = encode<Tensor4D>(ourPass(whole, weights), network, input);
    const handed = skips.flatMap((skip, i) =>
      skip === null ? [] : [[`skip_${i + 1}`, skip] as const],
    );
    await compare('encoder', encoderSpec(network), {
      features: bottleneck,
      ...Object.fromEntries(handed),
    });
  });
});
