/**
 * Where images that are added stand in a split. What is there keeps its part; an image of a group that has a part goes into
 * that part, whatever was asked for, and is left without one where its group stands in several.
 */
import type { ImportIssue, Placing } from '../../../shared/api.ts';
import type { ImageRecord, Part } from '../../../shared/entities.ts';
import { createRandom } from '../../../shared/random.ts';
import type { SplitItem } from '../../db/splits.ts';
import { type SplittableImage, stratified, takeUnits, unitsOf } from '../split.ts';

export interface AddedImage extends SplittableImage {
  readonly name: string;
  /** That its folder said; null: none. */
  readonly part: Part | null;
}

export interface Placed {
  readonly items: readonly SplitItem[];
  readonly issues: readonly ImportIssue[];
}

/** The parts that groups have in a split. */
function partsOfGroups(
  images: readonly ImageRecord[],
  items: readonly SplitItem[],
): ReadonlyMap<string, ReadonlySet<Part>> {
  const partOf = new Map(items.map(({ imageId, part }) => [imageId, part]));
  const parts = new Map<string, Set<Part>>();
  for (const { id, groupName } of images) {
    const part = partOf.get(id);
    if (groupName === null || part === undefined) continue;
    parts.set(groupName, (parts.get(groupName) ?? new Set()).add(part));
  }
  return parts;
}

/**
 * @param added new images, in their order.
 * @param options `there`: the images of the dataset before, `items`: their parts in the split.
 */
export function placeAdded(
  added: readonly AddedImage[],
  {
    placing,
    there,
    items: before,
  }: {
    readonly placing: Exclude<Placing, null>;
    readonly there: readonly ImageRecord[];
    readonly items: readonly SplitItem[];
  },
): Placed {
  const groups = partsOfGroups(there, before);
  const items: SplitItem[] = [];
  const issues: ImportIssue[] = [];
  const free: AddedImage[][] = [];
  const images = new Map(added.map((image) => [image.id, image]));
  for (const members of unitsOf(added)) {
    const unit = members.flatMap(({ id }) => images.get(id) ?? []);
    const parts = new Set(
      unit.flatMap(({ groupName }) =>
        groupName === null ? [] : [...(groups.get(groupName) ?? [])],
      ),
    );
    const [part] = parts;
    if (part === undefined) {
      free.push(unit);
      continue;
    }
    const group = unit.find(({ groupName }) => groupName !== null)?.groupName ?? '';
    if (parts.size > 1) {
      for (const { name } of unit) {
        const message = `its group "${group}" stands in ${[...parts].join(' and ')} of "${placing.split}": in no part, until that is mended`;
        issues.push({ path: name, severity: 'skip', message });
      }
      continue;
    }
    for (const { id, name, part: own } of unit) {
      items.push({ imageId: id, part });
      const wanted: Part | null =
        placing.how === 'part' ? placing.part : placing.how === 'folders' ? own : part;
      if (wanted === part || wanted === null) continue;
      const message = `its group "${group}" is in ${part} of "${placing.split}": it goes there and not into ${wanted}`;
      issues.push({ path: name, severity: 'change', message });
    }
  }
  items.push(...placeFree(free, placing, issues));
  return { items, issues };
}

/** Those whose groups have no part yet. */
function placeFree(
  units: readonly AddedImage[][],
  placing: Exclude<Placing, null>,
  issues: ImportIssue[],
): SplitItem[] {
  const all = (some: readonly SplittableImage[], part: Part) =>
    some.map(({ id }): SplitItem => ({ imageId: id, part }));
  switch (placing.how) {
    case 'part':
      return all(units.flat(), placing.part);
    case 'folders':
      return units.flatMap((unit) => {
        const parts = new Set(unit.flatMap(({ part }) => part ?? []));
        const [part] = parts;
        if (part === undefined) return [];
        if (parts.size === 1) return all(unit, part);
        for (const { name, groupName } of unit) {
          const what = groupName === null ? 'copies of it lie' : `its group "${groupName}" lies`;
          const message = `${what} in ${[...parts].join(' and ')}: in no part`;
          issues.push({ path: name, severity: 'skip', message });
        }
        return [];
      });
    case 'shares': {
      const order = stratified(
        units.map((unit) => [...unit]),
        createRandom(placing.seed, 'addition'),
      );
      const count = units.flat().length;
      const items: SplitItem[] = [];
      let next = 0;
      for (const part of ['test', 'val'] as const) {
        const wanted = Math.round(placing[part] * count);
        if (wanted === 0 || next >= order.length) continue;
        const taken = takeUnits(order.slice(next), { images: wanted, leave: 0 });
        items.push(...all(taken.flat(), part));
        next += taken.length;
      }
      return [...items, ...all(order.slice(next).flat(), 'train')];
    }
  }
}
