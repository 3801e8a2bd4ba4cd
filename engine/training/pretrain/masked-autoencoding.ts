/** Pretraining by masked autoencoding: most patches are masked, and only what is behind them counts. */
import { maskPatches } from './corruptions.ts';
import { reconstructionObjective } from './reconstruction.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

export const maskedAutoencoding: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx }) =>
    reconstructionObjective({
      task: 'masked-autoencoding',
      network,
      sizePx,
      values: 'image',
      countsSome: true,
      pair(view, random) {
        const { visible, masked } = maskPatches(view, random);
        return { input: visible, target: view.pixels, counted: masked };
      },
    }),
};
