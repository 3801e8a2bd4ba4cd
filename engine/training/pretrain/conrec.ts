/** Pretraining by ConRec: the view behind one of several corruptions is asked for, and the other view of the image. */
import { contrastiveReconstruction } from './contrastive-reconstruction.ts';
import { mapIntensities, paintIn, paintOut, shuffleLocally } from './corruptions.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

const CORRUPTIONS = {
  'local shuffle': shuffleLocally,
  'in-painting': paintIn,
  'out-painting': paintOut,
};

export const conrec: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx, options }) =>
    contrastiveReconstruction({
      network,
      sizePx,
      // Intensity maps are for grey images only (docs/method.md §4).
      corruptions:
        network.inputChannels === 1
          ? { ...CORRUPTIONS, 'non-linear intensity': mapIntensities }
          : CORRUPTIONS,
      heads: 'shared',
      weights: options,
    }),
};
