/** Weights of the classes for losses that make up for rare ones; pure numbers, no tensors. */
import { IGNORE } from '../../../shared/entities.ts';
import { forEachRun } from '../../../shared/label-map.ts';
import { median } from '../../../shared/median.ts';

/**
 * Median frequency balancing (Eigen & Fergus 2015, arXiv 1411.4734): the median frequency of the classes that occur over
 * the class's own, at most `cap`. Ignored pixels count nowhere. A class that no image holds gets 1: it meets no pixel.
 * @param maps codes of the training images' label maps (shared/label-map.ts)
 * @returns [classes]
 */
export function classWeights(
  maps: Iterable<Uint8Array>,
  { classes, cap }: { readonly classes: number; readonly cap: number },
): number[] {
  const counts = new Float64Array(256);
  for (const map of maps) {
    forEachRun(map, (label, pixels) => {
      if (label !== IGNORE) counts[label] = (counts[label] ?? 0) + pixels;
    });
  }
  const own = Array.from(counts.subarray(0, classes));
  const middle = median(own.filter((count) => count > 0)) ?? 0;
  return own.map((count) => (count === 0 ? 1 : Math.min(cap, middle / count)));
}
