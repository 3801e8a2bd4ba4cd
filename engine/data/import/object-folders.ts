/**
 * Folders of images with two masks each, in one kind of file: masks/ with numbers of classes, objects/ with a number an
 * object, under the same names. export/folder.ts writes them; without objects/ they are read as any folder of masks.
 */
import { relative, resolve, sep } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import { BACKGROUND } from '../../../shared/entities.ts';
import { sameName } from '../../../shared/names.ts';
import { counted } from '../../../shared/number-format.ts';
import { folderLayout } from './folder.ts';
import type { FolderTree } from './folder-tree.ts';
import { TWO_CLASSES } from './mask-drafts.ts';
import { imageKey } from './pairing.ts';
import type { FolderFormat, FolderLayout, FoundItem } from './plan.ts';
import type { ValueRule } from './value-mapping.ts';

const OBJECTS = /(^|\/)objects\/[^/]+$/i;
const MASKS = /(^|\/)masks\/[^/]+$/i;

/** Equal for a mask of classes and that of its objects: the path without their folder, however its letters are written. */
const keyOf = (file: string): string =>
  sameName(imageKey(file).replace(/(^|\/)(?:masks|objects)\/([^/]+)$/i, '$1$2'));

/** Of masks that number objects and say nothing of classes. */
const NUMBERS: ValueRule = {
  entries: new Map([['0', BACKGROUND]]),
  classes: TWO_CLASSES,
  why: 'each number but 0 is an object',
  otherwise: 'foreground',
};

interface ObjectFolders {
  readonly format: FolderFormat;
  /** By the end of their names. */
  readonly files: RegExp;
  /** How messages call such files. */
  readonly words: string;
  /** Whether masks without a list of classes, and without others that number objects, number these. */
  readonly areObjects: boolean;
}

export function objectFolders({ format, files, words, areObjects }: ObjectFolders): FolderLayout {
  const objectsIn = (tree: FolderTree) =>
    tree.files.filter((file) => files.test(file) && OBJECTS.test(file));
  return {
    format,
    detect(tree) {
      const objects = objectsIn(tree);
      const masks = tree.files.filter((file) => files.test(file) && MASKS.test(file));
      if (objects.length === 0 || masks.length === 0) return undefined;
      return `folders masks/ and objects/ with ${counted(objects.length, words)}`;
    },
    async read(tree, reader) {
      const numbered = new Map(objectsIn(tree).map((file) => [keyOf(file), file]));
      const hasMasks = tree.files.some((file) => files.test(file) && MASKS.test(file));
      const isPaired = hasMasks && numbered.size > 0;
      // Numbers of objects alone are the masks.
      const aside = hasMasks ? new Set(objectsIn(tree)) : new Set<string>();
      const rest = { ...tree, files: tree.files.filter((file) => !aside.has(file)) };
      const contents = await folderLayout.read(rest, reader);
      const used = new Set<string>();
      const items = contents.items.map((item): FoundItem => {
        const { labels } = item;
        if (!hasMasks || labels === null) return item;
        const objectsOf = (path: string) => {
          const own = numbered.get(keyOf(relative(tree.root, path).replaceAll(sep, '/')));
          if (own === undefined) return [];
          used.add(own);
          return [resolve(tree.root, own)];
        };
        if (labels.kind === 'pages') {
          const objects = [...labels.paths].flatMap(([page, path]) =>
            objectsOf(path).map((own) => [page, own] as const),
          );
          return { ...item, labels: { ...labels, objects: new Map(objects) } };
        }
        if (labels.kind !== 'mask') return item;
        const [objects] = objectsOf(labels.path);
        return objects === undefined ? item : { ...item, labels: { ...labels, objects } };
      });
      const left = hasMasks ? objectsIn(tree).filter((file) => !used.has(file)) : [];
      const issues: ImportIssue[] = left.map((path) => ({
        path,
        severity: 'skip',
        message: 'numbers objects of no mask that is used: left out',
      }));
      const rule = contents.rule ?? (areObjects && !isPaired ? NUMBERS : null);
      return { ...contents, items, rule, issues: [...contents.issues, ...issues] };
    },
  };
}
