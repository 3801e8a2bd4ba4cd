/** Pretraining by in-painting: blocks of random colour are painted over, the image behind them is asked for. */
import { paintIn } from './corruptions.ts';
import { reconstructionObjective } from './reconstruction.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

export const inPainting: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx }) =>
    reconstructionObjective({
      task: 'in-painting',
      network,
      sizePx,
      values: 'image',
      pair: (view, random) => ({ input: paintIn(view, random), target: view.pixels }),
    }),
};
