/** Images that are nearly the same view (frames of one film, crops of one slide): groups of them, and where they leak. */
import type { ImageRecord } from './entities.ts';

export interface AlikePair {
  readonly imageId: number;
  readonly otherId: number;
  /** 0: nothing in common; 1: the same. How it is found: engine/labelling/alike/compare.ts. */
  readonly similarity: number;
}

/** Pairs below are not kept: different images of one kind reach 0.4. */
export const LEAST_SIMILARITY = 0.4;
/** From there on images count as alike, unless the user says otherwise. */
export const ALIKE_FROM = 0.6;

/** Images of which each is alike to another one of its group, largest groups first, then by id; ids ascend in each. */
export function alikeGroups(pairs: readonly AlikePair[], from: number): number[][] {
  const parent = new Map<number, number>();
  const rootOf = (id: number): number => {
    let root = id;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root))
      root = up;
    parent.set(id, root);
    return root;
  };
  for (const { imageId, otherId, similarity } of pairs) {
    if (similarity < from) continue;
    const [a, b] = [rootOf(imageId), rootOf(otherId)];
    parent.set(Math.max(a, b), Math.min(a, b));
  }
  const groups = Map.groupBy(
    [...parent.keys()].toSorted((a, b) => a - b),
    rootOf,
  );
  return [...groups.values()]
    .filter((ids) => ids.length > 1)
    .toSorted((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
}

type Grouped = Pick<ImageRecord, 'id' | 'name' | 'groupName'>;

export interface Grouping {
  /** The group that all of them will be of: one that is there, or a new one. */
  readonly group: string;
  /** Those that are in no group yet; empty: there is nothing to do. */
  readonly join: readonly number[];
  /** Groups that some are in already, where there are several: joining them is for the user to say. */
  readonly apart: readonly string[];
}

/**
 * How alike images become one group. A group that is there is extended, never renamed; `taken`: names of all groups of the
 * dataset, so that a new one is new.
 */
export function groupingOf(images: readonly Grouped[], taken: ReadonlySet<string>): Grouping {
  const there = [...new Set(images.flatMap(({ groupName }) => groupName ?? []))];
  const join = images.filter(({ groupName }) => groupName === null).map(({ id }) => id);
  if (there.length > 1) return { group: there[0] ?? '', join, apart: there };
  const [only] = there;
  if (only !== undefined) return { group: only, join, apart: [] };
  const stem = `like ${images[0]?.name ?? ''}`;
  for (let n = 1; ; n++) {
    const group = n === 1 ? stem : `${stem} (${n})`;
    if (!taken.has(group)) return { group, join, apart: [] };
  }
}

/** A pair of which a network would be trained on one and tested on the other. */
export interface AlikeLeak<Image> {
  readonly images: readonly [Image, Image];
  readonly sides: readonly [string, string];
  readonly similarity: number;
}

/**
 * Pairs that lie on different sides, those most alike first. `pretraining` counts as `train`: what is pretrained on may be
 * trained on. Of an image on several sides, the first that divides counts.
 */
export function alikeLeaks<Image extends { readonly id: number }>(
  placed: Iterable<{ readonly image: Image; readonly side: string }>,
  pairs: readonly AlikePair[],
  from = ALIKE_FROM,
): AlikeLeak<Image>[] {
  const places = Map.groupBy(placed, ({ image }) => image.id);
  const trains = (side: string) => (side === 'pretraining' ? 'train' : side);
  return pairs.flatMap(({ imageId, otherId, similarity }): AlikeLeak<Image>[] => {
    if (similarity < from) return [];
    for (const one of places.get(imageId) ?? []) {
      const other = places.get(otherId)?.find(({ side }) => trains(side) !== trains(one.side));
      if (other === undefined) continue;
      return [{ images: [one.image, other.image], sides: [one.side, other.side], similarity }];
    }
    return [];
  });
}
