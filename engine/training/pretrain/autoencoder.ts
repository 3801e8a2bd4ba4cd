/** Pretraining by reconstruction: encoder and decoder without skips, 1×1 sigmoid → image; mean squared error. */
import { reconstructionObjective } from './reconstruction.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

export const autoencoder: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  // Skips would carry the image past the bottleneck, and nothing would be learned.
  network: (target) => ({ ...target, skips: 'none' }),
  objective: ({ network, sizePx }) =>
    reconstructionObjective({
      task: 'autoencoder',
      network,
      sizePx,
      values: 'image',
      pair: ({ pixels }) => ({ input: pixels, target: pixels }),
    }),
};
