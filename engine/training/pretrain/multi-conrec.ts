/**
 * Pretraining by multi-reconstruction ConRec, our reading of the paper's own proposal (docs/method.md §4): ConRec whose
 * views draw from several reconstruction tasks, each with an output layer of its own or all with one.
 */
import { contrastiveReconstruction } from './contrastive-reconstruction.ts';
import {
  addNoise,
  type Corruption,
  paintIn,
  paintOut,
  removeColour,
  shuffleLocally,
} from './corruptions.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

const makeNoisy: Corruption = (clean, random) => addNoise(clean, random).noisy;

const CORRUPTIONS = {
  'local shuffle': shuffleLocally,
  'in-painting': paintIn,
  'out-painting': paintOut,
  denoising: makeNoisy,
};

export const multiConrec: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx, options }) =>
    contrastiveReconstruction({
      network,
      sizePx,
      // Without colours there is nothing to colourise: removing them would change nothing.
      corruptions:
        network.inputChannels === 3 ? { ...CORRUPTIONS, colourisation: removeColour } : CORRUPTIONS,
      heads: options.heads,
      weights: options,
    }),
};
