/** Pretraining by denoising (DDeP): from x̃ = (x + σε) / √(1 + σ²) the noise ε itself is asked for. */
import { addNoise, removeNoise } from './corruptions.ts';
import { reconstructionObjective } from './reconstruction.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

export const denoising: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx }) =>
    reconstructionObjective({
      task: 'denoising',
      network,
      sizePx,
      values: 'any',
      show: removeNoise,
      pair(view, random) {
        const { noisy, noise } = addNoise(view, random);
        return { input: noisy, target: noise };
      },
    }),
};
