/**
 * Two augmented views of every image. Both views of all images pass the network as one batch of 2n, the views of an
 * image side by side: weights are shared, and batch normalisation sees every view at once.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Random } from '../../../shared/random.ts';
import { contrastiveView } from './contrastive-views.ts';
import type { SampleSource } from '../objectives/objective.ts';

export const VIEWS = 2;

/** [n, 2, …] → [2n, …] */
export function asOneBatch(pairs: Tensor): Tensor {
  const [images = 0, views = 0, ...rest] = pairs.shape;
  return tf.reshape(pairs, [images * views, ...rest]);
}

/** [size, size, channels] each. Drawn whatever the run's augmentation is: without views there is no task. */
export function drawTwoViews(source: SampleSource, random: Random): Float32Array[] {
  const image = source.plainView(random);
  return Array.from({ length: VIEWS }, () => contrastiveView(image, random));
}

/** Share `index` of an array that holds one of two equal parts for each view. */
export function ofView<T extends Float32Array | Int32Array>(both: T, index: number): T {
  const length = both.length / VIEWS;
  // subarray keeps the class of the array, but is not typed so.
  return both.subarray(index * length, (index + 1) * length) as T;
}
