/** A prediction as a card records it, without the work of giving it to the card. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import {
  createForwardPass,
  tensorWeights,
} from '../../../../engine/training/network/forward-pass.ts';
import { createLayers } from '../../../../engine/training/network/layers.ts';
import {
  segmentationLogits,
  segmentationSpec,
} from '../../../../engine/training/objectives/segmentation.ts';
import { inputsAPass } from '../../../../engine/training/scoring/segmenter.ts';
import { record, type Recording } from '../../../../engine/training/webgpu/recording.ts';
import { NetworkConfig } from '../../../../shared/entities.ts';
import type { CardEngine } from './software-vulkan.ts';

/** One pass of a U-Net over RGB: as many inputs of `sizePx` as a card takes at once. */
export function recordedPrediction(
  engine: CardEngine,
  { sizePx, base, classes }: Readonly<Record<'sizePx' | 'base' | 'classes', number>>,
): Recording {
  const network = NetworkConfig.parse({ base, skips: 'concat', inputChannels: 3 });
  const spec = segmentationSpec(network, classes);
  const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const count = spec.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const channels = spec.statistics.reduce((sum, one) => sum + one.channels, 0);
  const layers = createLayers(engine);
  const inputs = [
    tf.zeros([inputsAPass(sizePx), sizePx, sizePx, 3]),
    tf.tensor1d(new Float32Array(count)),
    tf.tensor1d(new Float32Array(2 * channels)),
  ];
  const { recording, outputs } = record(
    engine.card.backend,
    'prediction',
    ([image, theta, statistics]) => {
      const fixed = [tensorWeights(spec, theta as Tensor1D, statistics as Tensor1D)];
      const pass = createForwardPass(layers, { trained: null, fixed });
      return [tf.softmax(segmentationLogits(pass, network, image as Tensor4D))];
    },
    inputs,
  );
  tf.dispose([...outputs, ...inputs]);
  return recording;
}
