/** Pretraining by restoring local order: the pixels of small blocks are shuffled, the image is asked for. */
import { shuffleLocally } from './corruptions.ts';
import { reconstructionObjective } from './reconstruction.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

export const localShuffle: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx }) =>
    reconstructionObjective({
      task: 'local-shuffle',
      network,
      sizePx,
      values: 'image',
      pair: (view, random) => ({ input: shuffleLocally(view, random), target: view.pixels }),
    }),
};
