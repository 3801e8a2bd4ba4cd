/** DSB2018 (BBBC038): <id>/images/<id>.png with one mask an object in <id>/masks/; the union is the foreground. */
import { posix, resolve } from 'node:path';
import { BACKGROUND } from '../../../shared/entities.ts';
import { namedClasses } from '../class-colors.ts';
import { type FolderTree, isImageName, unusedFiles } from './folder-tree.ts';
import { uniqueNames } from './pairing.ts';
import type { FolderLayout, FoundItem } from './plan.ts';
import { counted } from '../../../shared/number-format.ts';

const IMAGE = /^(.+)\/images\/[^/]+$/;
const OBJECT_MASK = /^(.+)\/masks\/[^/]+$/;

/** Images with the folder of their id, and the object masks of each id. */
function sortFiles(tree: FolderTree): {
  images: Map<string, string[]>;
  masks: Map<string, string[]>;
} {
  const images = new Map<string, string[]>();
  const masks = new Map<string, string[]>();
  for (const file of tree.files.filter(isImageName)) {
    for (const [pattern, group] of [
      [IMAGE, images],
      [OBJECT_MASK, masks],
    ] as const) {
      const id = pattern.exec(file)?.[1];
      if (id !== undefined) group.set(id, [...(group.get(id) ?? []), file]);
    }
  }
  return { images, masks };
}

export const dsb2018Layout: FolderLayout = {
  format: 'dsb2018',
  detect(tree) {
    const { images, masks } = sortFiles(tree);
    const ids = [...images].filter(
      ([id, files]) =>
        files.length === 1 && posix.basename(files[0] ?? '').startsWith(posix.basename(id)),
    );
    if (ids.length < 2 || ids.length < images.size || masks.size === 0) return undefined;
    return `${counted(ids.length, 'folder')}, each with one image and a mask for each object`;
  },
  read(tree) {
    const { images, masks } = sortFiles(tree);
    const files = [...images.values()].flat();
    const { names, issues } = uniqueNames(files);
    const items = files.map((file, i): FoundItem => {
      const id = IMAGE.exec(file)?.[1] ?? '';
      const objects = masks.get(id)?.map((mask) => resolve(tree.root, mask));
      return {
        path: resolve(tree.root, file),
        page: 0,
        name: names[i] ?? file,
        labels: objects === undefined ? null : { kind: 'union', paths: objects },
        part: null,
        group: null,
        imageClass: null,
      };
    });
    const orphans = [...masks].filter(([id]) => !images.has(id));
    return Promise.resolve({
      items,
      issues: [
        ...tree.issues,
        ...issues,
        ...orphans.map(([id, paths]) => ({
          path: `${id}/masks`,
          severity: 'skip' as const,
          message: `${counted(paths.length, 'mask')} without an image`,
        })),
        ...unusedFiles(tree, new Set([...files, ...[...masks.values()].flat()])),
      ],
      rule: {
        entries: new Map([
          ['0', BACKGROUND],
          ['255', 1],
        ]),
        classes: namedClasses(['background', 'nucleus']),
        why: 'DSB2018: the union of the object masks',
      },
      imageClasses: [],
    });
  },
};
