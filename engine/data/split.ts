/**
 * Divides images into train, validation and test so that nothing leaks: groups and copies
 * stay together. Which split a study uses is the study's affair.
 */
import { AppError } from '../../shared/errors.ts';
import { contentsOf } from '../../shared/image-content.ts';
import { createRandom, type Random } from '../../shared/random.ts';
import type { SplitItem } from '../db/splits.ts';
import { counted, verbFor } from '../../shared/number-format.ts';

export interface SplittableImage {
  readonly id: number;
  readonly groupName: string | null;
  /** Parts get this class in equal proportion as far as groups allow. */
  readonly imageClass?: number | null;
  /** Content hash and page; images of one content count as one group. */
  readonly hash: string;
  readonly page: number;
  readonly channelPages?: readonly number[] | null;
}

export interface SplitSizes {
  /** Share of the images where below 1, else their number. */
  readonly val: number;
  readonly test: number;
  readonly seed: number;
}

/** Images that may not be separated: linked by group name or by content, directly or through others. */
export function unitsOf(images: readonly SplittableImage[]): SplittableImage[][] {
  const parent = images.map((_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== undefined && parent[at] !== at) at = parent[at] ?? at;
    return at;
  };
  const firstOf = new Map<string, number>();
  images.forEach((image, i) => {
    const keys = [
      ...(image.groupName === null ? [] : [`group ${image.groupName}`]),
      ...contentsOf(image).map((content) => `content ${content}`),
    ];
    for (const key of keys) {
      const first = firstOf.get(key);
      if (first === undefined) firstOf.set(key, i);
      else {
        const [low, high] = [root(first), root(i)].sort((a, b) => a - b);
        if (low !== undefined && high !== undefined) parent[high] = low;
      }
    }
  });
  const units = new Map<number, SplittableImage[]>();
  images.forEach((image, i) => {
    const unit = units.get(root(i));
    if (unit === undefined) units.set(root(i), [image]);
    else unit.push(image);
  });
  return [...units.values()];
}

/** Random order in which every prefix holds the image classes in about their overall proportion. */
export function stratified(units: SplittableImage[][], random: Random): SplittableImage[][] {
  const byClass = new Map<number | null, SplittableImage[][]>();
  for (const unit of random.shuffled(units)) {
    const key = unit[0]?.imageClass ?? null;
    const members = byClass.get(key);
    if (members === undefined) byClass.set(key, [unit]);
    else members.push(unit);
  }
  return [...byClass.values()]
    .flatMap((members) => members.map((unit, i) => ({ unit, at: (i + 0.5) / members.length })))
    .sort((a, b) => a.at - b.at) // stable: ties keep the order of the classes
    .map(({ unit }) => unit);
}

/**
 * The first units that hold so many images, as nearly as whole units allow: `atLeast` units, one where that is left out,
 * and `leave` of them are left.
 */
export function takeUnits(
  units: readonly SplittableImage[][],
  {
    images,
    atLeast = 1,
    leave,
  }: { readonly images: number; readonly atLeast?: number; readonly leave: number },
): SplittableImage[][] {
  let count = 0;
  let next = 0;
  for (; next < units.length - leave; next++) {
    const size = units[next]?.length ?? 0;
    const nearer = Math.abs(images - count - size) < images - count;
    if (next >= atLeast && !nearer) break;
    count += size;
  }
  return units.slice(0, next);
}

const sizeOf = (requested: number, images: number): number =>
  requested < 1 ? Math.round(requested * images) : Math.round(requested);

/**
 * Assigns every image to a part. Sizes are met exactly where there are no groups, and as nearly as
 * whole groups allow otherwise; train takes the rest. The same seed and images give the same split.
 * Errors: invalid-input, where a part would be left without an image.
 */
export function makeSplit(images: readonly SplittableImage[], sizes: SplitSizes): SplitItem[] {
  if (![sizes.val, sizes.test].every((size) => Number.isFinite(size) && size >= 0)) {
    throw new AppError('invalid-input', 'Sizes of validation and test must be 0 or more.');
  }
  const units = stratified(unitsOf(images), createRandom(sizes.seed, 'split'));
  const targets = {
    test: sizeOf(sizes.test, images.length),
    val: sizeOf(sizes.val, images.length),
  };
  const wanted = (['test', 'val'] as const).filter((part) => sizes[part] > 0);
  const least = wanted.length + 1;
  if (units.length < least || targets.test + targets.val >= images.length) {
    const groups = units.length === images.length ? '' : ` in ${counted(units.length, 'group')}`;
    throw new AppError(
      'invalid-input',
      `${counted(images.length, 'image')}${groups} ${verbFor(images.length, 'are')} too few for ${targets.test} to test and ${targets.val} to validate with, and some to train on. ` +
        `At least ${least} images or groups that can be separated are needed: label more images, or ask for smaller parts.`,
    );
  }
  const items: SplitItem[] = [];
  let next = 0;
  wanted.forEach((part, i) => {
    const taken = takeUnits(units.slice(next), { images: targets[part], leave: wanted.length - i });
    for (const image of taken.flat()) items.push({ imageId: image.id, part });
    next += taken.length;
  });
  for (const unit of units.slice(next)) {
    for (const image of unit) items.push({ imageId: image.id, part: 'train' });
  }
  return items;
}
