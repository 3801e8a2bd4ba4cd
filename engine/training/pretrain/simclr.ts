/** Pretraining by SimCLR: encoder → global average pool → two-layer projection to 64; NT-Xent. No decoder exists. */
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { ntXent } from '../contrastive-loss.ts';
import { joinSpecs } from '../parameters.ts';
import { project, projectionSpec } from '../projection-head.ts';
import { asOneBatch, drawTwoViews, ofView, VIEWS } from '../two-views.ts';
import { bottleneckWidth, encode, encoderSpec } from '../unet.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

/** Length of what views are compared by. */
const PROJECTED = 64;

export const simclr: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective({ network, sizePx }) {
    const width = bottleneckWidth(network);
    const projection = [width, width, PROJECTED];
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
      loss(pass, input) {
        const { bottleneck } = encode(pass, network, asOneBatch(input('views')) as Tensor4D);
        return ntXent(project(pass, projection, pass.layers.globalAveragePool(bottleneck)));
      },
    };
  },
};
