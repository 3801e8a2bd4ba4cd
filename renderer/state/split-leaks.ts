/** What would leak from training into testing: groups and copies that lie on both sides of a split. */
import type { ImageRecord, Part } from '../../shared/entities.ts';

export interface Leak {
  readonly kind: 'group' | 'copy';
  /** Name of the group, or of the first image. */
  readonly name: string;
  readonly parts: readonly Part[];
  readonly images: readonly ImageRecord[];
}

export function findLeaks(
  images: readonly ImageRecord[],
  parts: ReadonlyMap<number, Part>,
): Leak[] {
  const split = images.filter((image) => parts.has(image.id));
  const partsOf = (some: readonly ImageRecord[]): Part[] => [
    ...new Set(some.flatMap((image) => parts.get(image.id) ?? [])),
  ];
  const spanning = (
    kind: Leak['kind'],
    groups: Iterable<readonly ImageRecord[]>,
    nameOf: (image: ImageRecord) => string,
  ): Leak[] =>
    [...groups].flatMap((some) => {
      const found = partsOf(some);
      const [first] = some;
      return found.length < 2 || first === undefined
        ? []
        : [{ kind, name: nameOf(first), parts: found, images: some }];
    });
  const grouped = Map.groupBy(
    split.filter((image) => image.groupName !== null),
    (image) => image.groupName,
  );
  // One page of a file is not a copy of another.
  const copies = Map.groupBy(split, (image) => `${image.hash} ${image.page}`);
  return [
    ...spanning('group', grouped.values(), (image) => image.groupName ?? ''),
    ...spanning('copy', copies.values(), (image) => image.name),
  ];
}

/** Group of every image by what its name has before the last `_`, `-` or digit run; null where there is none. */
export function groupsByName(images: readonly ImageRecord[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const image of images) {
    const stem = image.name.replace(/\.[^.]+$/, '');
    const group = /^(.+?)[_-][^_-]+$/.exec(stem)?.[1];
    if (group === undefined) continue;
    groups.set(group, [...(groups.get(group) ?? []), image.id]);
  }
  return groups;
}
