/** Pretraining by SimCLR: encoder → global average pool → two-layer projection to 64; NT-Xent. No decoder exists. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { ntXent, unitRows } from './contrastive-loss.ts';
import type { ForwardPass } from '../network/forward-pass.ts';
import { joinSpecs } from '../network/parameters.ts';
import { project, projectionSpec } from '../network/projection-head.ts';
import { asOneBatch, drawTwoViews, ofView, VIEWS } from './two-views.ts';
import { bottleneckWidth, encode, encoderSpec } from '../network/unet.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

/** Length of what views are compared by. */
const PROJECTED = 64;

export const simclr: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective({ network, sizePx }) {
    const width = bottleneckWidth(network);
    const projection = [width, width, PROJECTED];

    /** views [n, 2, S, S, channels] → [2n, 64] */
    function projections(pass: ForwardPass, views: Tensor): Tensor2D {
      const { bottleneck } = encode(pass, network, asOneBatch(views) as Tensor4D);
      return project(pass, projection, pass.layers.globalAveragePool(bottleneck));
    }

    return {
      network,
      spec: joinSpecs(encoderSpec(network), projectionSpec(projection)),
      inputs: [
        { name: 'views', shape: [VIEWS, sizePx, sizePx, network.inputChannels], dtype: 'float32' },
      ],
      prepare(source, random, slots) {
        drawTwoViews(source, random).forEach((pixels, view) =>
          ofView(slots.floats('views'), view).set(pixels),
        );
      },
      loss: (pass, input) => ntXent(pass.layers, projections(pass, input('views'))),
      illustrator: {
        outputs(pass, input) {
          const unit = unitRows(projections(pass, input('views')));
          return [tf.reshape(unit, [-1, VIEWS * PROJECTED])];
        },
        illustrate(sample, [both = new Float32Array()]) {
          const [one, other] = [ofView(both, 0), ofView(both, 1)];
          const similarity = one.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);
          const view = (title: string, index: number) => ({
            title,
            picture: {
              kind: 'image' as const,
              channels: network.inputChannels,
              values: ofView(sample.floats('views'), index),
            },
          });
          return {
            panels: [view('One view', 0), view('The other', 1)],
            caption: `cosine similarity ${similarity.toFixed(2)}`,
          };
        },
      },
    };
  },
};
