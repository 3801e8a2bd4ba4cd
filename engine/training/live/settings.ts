/**
 * Settings of a live training, from its images alone. They are small: a step and a prediction of what is on the screen
 * have to be over within a second on an ordinary processor, whatever the images are.
 */
import {
  NetworkConfig,
  OptimisationConfig,
  type SamplingConfig,
} from '../../../shared/entities.ts';
import type { Augmentation } from '../batches/augment.ts';
import { upperMedian } from '../../../shared/median.ts';

/** The least side of the square that a small image is stretched to. */
const SMALLEST_PX = 64;
/**
 * Larger images are seen at their own scale, in patches of this side: shrunk, what is small in them would be gone. Windows
 * over one of 1024 px take half a second; of larger ones what is on the screen is answered first.
 */
const PATCH_PX = 256;
/** Pixels of a step, which an answer may have to wait for: 8 views of 128 px, or two patches. */
const STEP_PIXELS = 2 ** 17;
const MOST_VIEWS = 16;

export interface LiveSettings {
  readonly network: NetworkConfig;
  readonly sampling: SamplingConfig;
  readonly optimisation: OptimisationConfig;
  readonly augment: Augmentation;
  readonly seed: number;
}

/** The most frequent one; the lower where equal. */
function commonest(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? 1;
}

/** Images of a step. */
export const viewsOf = (sizePx: number): number =>
  Math.max(1, Math.min(MOST_VIEWS, Math.floor(STEP_PIXELS / sizePx ** 2)));

/** `side`: the longer one of most images. */
function samplingOf(side: number): SamplingConfig {
  if (side > PATCH_PX) return { sizePx: PATCH_PX, mode: 'patches' };
  let sizePx = SMALLEST_PX;
  while (sizePx < side) sizePx *= 2;
  return { sizePx, mode: 'resize' };
}

/** `images`: those of the dataset, labelled or not. */
export function liveSettings(
  images: readonly {
    readonly widthPx: number;
    readonly heightPx: number;
    readonly channels: number;
  }[],
): LiveSettings {
  const sides = images.map(({ widthPx, heightPx }) => Math.max(widthPx, heightPx));
  const sampling = samplingOf(upperMedian(sides) ?? SMALLEST_PX);
  return {
    network: NetworkConfig.parse({
      // What it answers follows its weights at once, and a step may be of one view: no running statistics.
      norm: 'group',
      inputChannels: commonest(images.map(({ channels }) => channels)),
    }),
    sampling,
    optimisation: OptimisationConfig.parse({
      // No end is known: a constant rate after a short warm-up.
      steps: 1_000_000,
      warmup: 50 / 1_000_000,
      schedule: 'constant',
      learningRate: 2e-3,
      batch: viewsOf(sampling.sizePx),
      evaluateEvery: 50,
    }),
    // Of few images, some of them dark, each has to stay what it is.
    augment: 'by-spread',
    seed: 1,
  };
}
