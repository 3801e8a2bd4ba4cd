/** Pretraining by segmentation: encoder, decoder and a head for the source's own classes. */
import { segmentationObjective } from '../objectives/segmentation.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

export const segmentation: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  objective: ({ network, sizePx, pixelClasses, hasBackground = true }) =>
    segmentationObjective({ network, sizePx, classes: pixelClasses, hasBackground }),
};
