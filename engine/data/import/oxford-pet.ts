/** Oxford-IIIT Pet: images/X.jpg, annotations/trimaps/X.png (1 pet, 2 background, 3 border), lists with breeds. */
import { posix, resolve } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import type { Part } from '../../../shared/entities.ts';
import { BACKGROUND, IGNORE } from '../../../shared/entities.ts';
import { namedClasses } from '../class-colors.ts';
import { sameName } from '../../../shared/names.ts';
import { byName, type FolderTree, isImageName, stemOf } from './folder-tree.ts';
import { type ListedPart, type ListReading, partsByName, sayAbsent } from './listed-parts.ts';
import { pairFiles } from './pairing.ts';
import type { FolderLayout } from './plan.ts';
import { readLines } from './text-file.ts';
import { counted } from '../../../shared/number-format.ts';

const IMAGE = /(^|\/)images\/[^/]+$/;
const LISTS: readonly (readonly [string, Part])[] = [
  ['trainval.txt', 'train'],
  ['test.txt', 'test'],
];

/** Lines "Abyssinian_100 1 1 1": image, class, species, breed. */
async function readParts(
  tree: FolderTree,
  { reader, known, issues }: ListReading,
): Promise<ReadonlyMap<string, Part>> {
  const listed: ListedPart[] = [];
  const lists: string[] = [];
  for (const [list, part] of LISTS) {
    const file = tree.files.find((f) => f === list || f.endsWith(`/${list}`));
    if (file === undefined) continue;
    lists.push(file);
    for (const line of await readLines(resolve(tree.root, file), reader)) {
      const [stem] = line.trim().split(/\s+/);
      if (stem !== undefined && stem !== '' && !stem.startsWith('#'))
        listed.push([sameName(stem), part]);
    }
  }
  const path = posix.dirname(lists[0] ?? '');
  const parts = partsByName(listed, { path, issues });
  sayAbsent(
    [...parts.keys()].filter((name) => !known.has(name)),
    { path, issues },
  );
  return parts;
}

/** 'great_pyrenees_12' → 'great_pyrenees'. */
const breedOf = (stem: string) => stem.replace(/_\d+$/, '');

export const oxfordPetLayout: FolderLayout = {
  format: 'oxford-pet',
  detect(tree) {
    const trimaps = tree.files.filter((f) => /(^|\/)trimaps\/[^/]+\.png$/i.test(f)).length;
    return trimaps > 0 ? `a folder trimaps/ with ${counted(trimaps, 'mask')}` : undefined;
  },
  async read(tree, reader) {
    const issues: ImportIssue[] = [];
    const known = new Set(
      tree.files
        .filter((file) => IMAGE.test(file) && isImageName(file))
        .map((file) => sameName(stemOf(file))),
    );
    const parts = await readParts(tree, { reader, known, issues });
    const paired = pairFiles(tree, (file) => {
      const stem = stemOf(file);
      if (/(^|\/)trimaps\/[^/]+$/.test(file)) return { role: 'mask', keys: [stem] };
      if (!IMAGE.test(file)) return undefined;
      const part = parts.get(sameName(stem));
      return {
        role: 'image',
        key: stem,
        imageClass: breedOf(stem),
        ...(part === undefined ? {} : { part }),
      };
    });
    const breeds = new Set(paired.items.flatMap((item) => item.imageClass ?? []));
    return {
      items: paired.items,
      issues: [...issues, ...paired.issues],
      rule: {
        entries: new Map([
          ['1', 1],
          ['2', BACKGROUND],
          ['3', IGNORE],
        ]),
        classes: namedClasses(['background', 'pet']),
        why: 'Oxford-IIIT Pet trimaps: 1 pet, 2 background, 3 border, which is ignored',
      },
      imageClasses: [...breeds].sort(byName),
    };
  },
};
