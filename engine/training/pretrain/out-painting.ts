/** Pretraining by out-painting: windows of the image are kept, all around them is asked for. */
import { paintOut } from './corruptions.ts';
import { reconstructionObjective } from './reconstruction.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

export const outPainting: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx }) =>
    reconstructionObjective({
      task: 'out-painting',
      network,
      sizePx,
      values: 'image',
      pair: (view, random) => ({ input: paintOut(view, random), target: view.pixels }),
    }),
};
