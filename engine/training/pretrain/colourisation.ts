/** Pretraining by colourisation: from an RGB image's luma (in all three channels) its colours are asked for. */
import { AppError } from '../../../shared/errors.ts';
import { channelObstacle } from '../../../shared/pretraining-tasks.ts';
import { removeColour } from './corruptions.ts';
import { reconstructionObjective } from './reconstruction.ts';
import { PRETRAINING_DEFAULTS, type PretrainingTaskDefinition } from './task.ts';

/** Difference between the channels of a pixel that is visibly coloured, in units of [0, 1]. */
const COLOURED = 4 / 255;

export const colourisation: PretrainingTaskDefinition = {
  defaults: PRETRAINING_DEFAULTS,
  network: (target) => target,
  // Many grey images are stored as RGB.
  accepts: ({ channels, data }) =>
    channels === 3 &&
    data.some((red, i) => {
      if (i % 3 !== 0) return false;
      const [green = red, blue = red] = [data[i + 1], data[i + 2]];
      return Math.max(red, green, blue) - Math.min(red, green, blue) > COLOURED;
    }),
  objective({ network, sizePx }) {
    const obstacle = channelObstacle('colourisation', network.inputChannels);
    if (obstacle !== null) throw new AppError('invalid-input', obstacle);
    return reconstructionObjective({
      task: 'colourisation',
      network,
      sizePx,
      values: 'image',
      pair: (view, random) => ({ input: removeColour(view, random), target: view.pixels }),
    });
  },
};
