/**
 * Divides images into the splits of repeated cross-validation, so that nothing leaks in any of them: groups and copies
 * stay together (split.ts). In each repeat every image is tested on once.
 */
import { AppError } from '../../shared/errors.ts';
import { createRandom } from '../../shared/random.ts';
import type { SplitItem } from '../db/splits.ts';
import { type SplittableImage, stratified, takeUnits, unitsOf } from './split.ts';
import { counted } from '../../shared/number-format.ts';

export interface FoldSizes {
  /** At least 2. */
  readonly folds: number;
  readonly repeats: number;
  /** Share of what is not tested on that chooses checkpoints, above 0 and below 1. */
  readonly validation: number;
  readonly seed: number;
}

/**
 * folds · repeats splits, repeat by repeat. Folds are as alike in size as whole groups allow, and hold the image classes
 * in about their overall proportion. The same seed and images give the same splits.
 * Errors: invalid-input, where a part of a split would be left without an image.
 */
export function makeFolds(images: readonly SplittableImage[], sizes: FoldSizes): SplitItem[][] {
  const { folds, repeats, validation, seed } = sizes;
  const units = unitsOf(images);
  // One to validate with and one to train on beside the largest fold.
  if (units.length < folds || units.length - Math.ceil(units.length / folds) < 2) {
    const groups = units.length === images.length ? '' : ` in ${counted(units.length, 'group')}`;
    throw new AppError(
      'invalid-input',
      `${images.length} labelled images${groups} are too few for ${folds} folds, each of which is tested on while the others are trained on and validated with. Ask for fewer folds, or label more images or groups.`,
    );
  }
  return Array.from({ length: repeats }, (_, r) =>
    foldsOf(stratified(units, createRandom(seed, 'folds', r)), { folds, validation }),
  ).flat();
}

function foldsOf(
  units: readonly SplittableImage[][],
  { folds, validation }: Pick<FoldSizes, 'folds' | 'validation'>,
): SplitItem[][] {
  // Beside the fold that is tested there must be something to train on and something to validate with.
  const atLeast = folds === 2 ? 2 : 1;
  const parts: SplittableImage[][][] = [];
  let rest = units;
  for (let left = folds; left > 0; left--) {
    const images = rest.flat().length;
    const part = takeUnits(rest, { images: images / left, atLeast, leave: (left - 1) * atLeast });
    parts.push(part);
    rest = rest.slice(part.length);
  }
  return parts.map((tested, k) => {
    // What comes after the fold goes round, so that another fold is validated with in each split.
    const others = [...parts.slice(k + 1), ...parts.slice(0, k)].flat();
    const images = Math.round(validation * others.flat().length);
    const validated = takeUnits(others, { images, leave: 1 });
    const trained = others.slice(validated.length);
    const inPart = (some: readonly SplittableImage[][], part: SplitItem['part']) =>
      some.flat().map(({ id }) => ({ imageId: id, part }));
    return [...inPart(tested, 'test'), ...inPart(validated, 'val'), ...inPart(trained, 'train')];
  });
}
