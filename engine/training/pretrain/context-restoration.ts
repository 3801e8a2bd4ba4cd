/** Pretraining by context restoration: patches have changed places, the image is asked for. */
import { swapPatches } from './corruptions.ts';
import { reconstructionObjective } from './reconstruction.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

export const contextRestoration: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx }) =>
    reconstructionObjective({
      task: 'context-restoration',
      network,
      sizePx,
      values: 'image',
      pair: (view, random) => ({ input: swapPatches(view, random), target: view.pixels }),
    }),
};
