/** Steps that are too large to be timed within seconds are timed smaller, and their time is worked out from that. Pure. */
import type { NetworkConfig, SamplingConfig } from '../../shared/entities.ts';
import { imageWork, weightCount } from '../training/network/step-work.ts';
import { inputStep } from '../training/network/unet.ts';

/** Multiplications, forward, of the largest step that is timed as it is: some seconds for two cores. */
const MOST_MULTIPLICATIONS = 30e9;
/** Weights of the largest network that is timed as it is: making and updating more takes seconds by itself. */
const MOST_WEIGHTS = 60e6;

interface StepSize {
  readonly network: NetworkConfig;
  readonly sampling: SamplingConfig;
  /** Images a step. */
  readonly batch: number;
}

export interface TimedSize extends StepSize {
  /** What a step of the size that was asked for takes, in such steps; 1: that it is. */
  readonly timesStep: number;
  /** What predicting a test image takes, in the same way. */
  readonly timesTest: number;
}

/** Fewer images first, then a smaller input; of a network with very many weights, fewer channels before both. */
export function timedSize(asked: StepSize): TimedSize {
  let { network } = asked;
  while (weightCount(network) > MOST_WEIGHTS && network.base > 2) {
    network = { ...network, base: Math.ceil(network.base / 2) };
  }
  const multiplications = (sizePx: number) => imageWork(network, sizePx).multiplications;
  const { sizePx, mode } = asked.sampling;
  const ofImage = multiplications(sizePx);
  const batch = Math.min(asked.batch, Math.max(1, Math.floor(MOST_MULTIPLICATIONS / ofImage)));
  const multiple = inputStep(network);
  const fitting = sizePx * Math.min(1, Math.sqrt(MOST_MULTIPLICATIONS / ofImage));
  const side = Math.max(multiple, Math.floor(fitting / multiple) * multiple);
  const timesImage = imageWork(asked.network, sizePx).multiplications / multiplications(side);
  return {
    network,
    sampling: { ...asked.sampling, sizePx: side },
    batch,
    timesStep: (asked.batch / batch) * timesImage,
    // Of patches, there are the more the smaller they are.
    timesTest: mode === 'resize' ? timesImage : timesImage * (side / sizePx) ** 2,
  };
}
