/** Pretraining by undoing a random intensity map, another for each channel. */
import { mapIntensities } from './corruptions.ts';
import { reconstructionObjective } from './reconstruction.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

export const nonLinearIntensity: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx }) =>
    reconstructionObjective({
      task: 'non-linear-intensity',
      network,
      sizePx,
      values: 'image',
      pair: (view, random) => ({ input: mapIntensities(view, random), target: view.pixels }),
    }),
};
