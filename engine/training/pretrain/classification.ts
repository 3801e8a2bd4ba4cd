/** Pretraining by image classification: encoder → global average pool → dense; cross-entropy. No decoder exists. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { AppError } from '../../../shared/errors.ts';
import type { ForwardPass } from '../network/forward-pass.ts';
import { classEntropy } from '../objectives/losses.ts';
import { headLayer, joinSpecs } from '../network/parameters.ts';
import { bottleneckWidth, encode, encoderSpec } from '../network/unet.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

const HEAD = 'head/classification';
/** No class has this id: such an image counts in no loss. */
const WITHOUT_CLASS = -1;

export const classification: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective({ network, sizePx, imageClasses }) {
    const classes = imageClasses.length;
    if (classes < 2) {
      throw new AppError(
        'invalid-input',
        `Classification needs a dataset with at least two image classes; this one has ${classes}. Import with one folder a class, or pretrain by another task.`,
      );
    }

    function classify(pass: ForwardPass, image: Tensor4D): Tensor2D {
      const { bottleneck } = encode(pass, network, image);
      // Ranks by headLayer.
      return pass.layers.dense(
        pass.layers.globalAveragePool(bottleneck),
        pass.parameter(`${HEAD}/kernel`) as Tensor2D,
        pass.parameter(`${HEAD}/bias`) as Tensor1D,
      );
    }

    return {
      network,
      spec: joinSpecs(encoderSpec(network), headLayer(HEAD, [bottleneckWidth(network), classes])),
      inputs: [
        { name: 'image', shape: [sizePx, sizePx, network.inputChannels], dtype: 'float32' },
        { name: 'class', shape: [], dtype: 'int32' },
      ],
      prepare(source, random, slots) {
        const view = source.view(random);
        slots.floats('image').set(view.pixels);
        slots.integers('class').fill(view.imageClass ?? WITHOUT_CLASS);
      },
      loss(pass, input) {
        const logits = classify(pass, input('image') as Tensor4D);
        return classEntropy(pass.layers, logits, input('class'));
      },
      illustrator: {
        outputs: (pass, input) => [tf.softmax(classify(pass, input('image') as Tensor4D))],
        illustrate(sample, [probabilities = new Float32Array()]) {
          const [truth = WITHOUT_CLASS] = sample.integers('class');
          const most = Math.max(...probabilities);
          const answer = imageClasses[probabilities.indexOf(most)] ?? '';
          const values = sample.floats('image');
          return {
            panels: [
              {
                title: 'Input',
                picture: { kind: 'image', channels: network.inputChannels, values },
              },
            ],
            caption: `${imageClasses[truth] ?? 'no class'}; answer: ${answer} (${Math.round(100 * most)} %)`,
          };
        },
      },
    };
  },
};
