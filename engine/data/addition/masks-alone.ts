/**
 * Masks and annotations of images that are in a dataset already, without the images: the layouts read them as if the images
 * lay beside them, so that every format that can be imported can be added so, with the same rules of names.
 */
import { basename, join, posix, relative, resolve, sep } from 'node:path';
import type { ImageRecord } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { FileReader, FolderEntry } from '../files.ts';
import { kindOfFolder } from '../import/folder-names.ts';
import { type FolderTree, isImageName, readFolderTree, stemOf } from '../import/folder-tree.ts';
import type { FoundContents } from '../import/found-coco.ts';
import { type ImportSource, readContents } from '../import/formats.ts';
import { isLabelFile } from '../import/label-files.ts';
import { hasMaskAffix } from '../import/pairing.ts';
import type { FoundItem } from '../import/plan.ts';

/** Folders that are made up, beside what the path holds; the layouts know them. */
const IMAGES = 'JPEGImages';
const MASKS = 'masks';

type Kind = FolderEntry['kind'];

/** Folders and files by path, as a reader lists them. */
class MadeUp {
  readonly #entries = new Map<string, Map<string, Kind>>();

  add(path: string, kind: Kind, root: string): void {
    for (let at = path, is = kind; at !== root; at = resolve(at, '..'), is = 'folder') {
      const folder = resolve(at, '..');
      const entries = this.#entries.get(folder) ?? new Map<string, Kind>();
      this.#entries.set(folder, entries.set(basename(at), is));
    }
  }

  list(folder: string): FolderEntry[] | null {
    const entries = this.#entries.get(folder);
    return entries === undefined ? null : Array.from(entries, ([name, kind]) => ({ name, kind }));
  }
}

/** Whether a file says by its own name or that of a folder that it is a mask. */
const saysMask = (file: string): boolean => hasMaskAffix(stemOf(file)) || inFolderOf(file, 'mask');

const inFolderOf = (file: string, kind: 'mask' | 'image'): boolean =>
  file
    .split('/')
    .slice(0, -1)
    .some((folder) => kindOfFolder(folder)?.kind === kind);

/** Whether every image file of a folder says that it is a mask, or the folder does. */
export function saysMasksAlone(tree: FolderTree): boolean {
  const files = tree.files.filter(isImageName);
  if (files.length === 0) return true; // annotations, or nothing
  return kindOfFolder(basename(tree.root))?.kind === 'mask' || files.every(saysMask);
}

/** The path of a folder, or of the one that a file lies in. */
const folderOf = (path: string): string =>
  isLabelFile(path) ? resolve(path, '..') : resolve(path);

/**
 * Reads masks or annotations for images of a dataset. Items without labels, and files that are no mask of any of the images,
 * are left out. Errors: those of readContents; invalid-input, where nothing there has the name of an image.
 */
export async function readMasksAlone(
  source: ImportSource,
  {
    images,
    reader,
    dataset,
  }: {
    readonly images: readonly ImageRecord[];
    readonly reader: FileReader;
    readonly dataset: string;
  },
): Promise<FoundContents> {
  const path = resolve(source.path);
  const root = folderOf(path);
  const imagesDir = join(root, IMAGES);
  const stored = Map.groupBy(images, ({ name }) => resolve(imagesDir, name));
  const tree = await readFolderTree(root, reader);
  const real = new Map<string, string>();
  const madeUp = new MadeUp();
  const isJson = path !== root;
  const anySays = tree.files.some((file) => isImageName(file) && inFolderOf(file, 'mask'));
  for (const file of tree.files) {
    if (isJson && isImageName(file)) continue; // annotations alone were asked for
    // Images beside folders of masks are no masks; where nothing is called after masks, all are.
    const isOther = anySays && isImageName(file) && !inFolderOf(file, 'mask');
    if (isOther) continue;
    const moved = isImageName(file) && !anySays ? posix.join(MASKS, file) : file;
    real.set(resolve(root, moved), resolve(root, file));
    madeUp.add(resolve(root, moved), 'file', root);
  }
  for (const image of stored.keys()) madeUp.add(image, 'file', root);
  const overlaid: FileReader = {
    open: (file, wholeBytes) => reader.open(real.get(file) ?? file, wholeBytes),
    list: (folder) => Promise.resolve(madeUp.list(folder) ?? []),
  };
  const found = await readContents(
    { ...source, ...(isJson || source.format === 'coco' ? { imagesDir } : {}) },
    overlaid,
  );
  const shown = (text: string): string =>
    anySays ? text : text.replaceAll(`${MASKS}/`, '').replaceAll(`${MASKS}${sep}`, '');
  const items = found.contents.items.flatMap((item): FoundItem[] => {
    const own = stored.get(item.path);
    if (own === undefined || item.labels === null) return [];
    const [first] = own;
    const { labels } = item;
    return [
      {
        ...item,
        name: first?.name ?? item.name,
        labels: withRealPaths(labels, (file) => real.get(file) ?? file),
        storedImages: own,
      },
    ];
  });
  if (items.length === 0) {
    throw new AppError(
      'invalid-input',
      `Nothing in ${path} is a mask or an annotation of an image of "${dataset}": masks are told by the names of their images, with or without a word such as _mask behind it. The dataset holds ${images[0]?.name ?? 'no images'} and others. Rename the masks, or name a folder that holds the images as well.`,
      { subject: path },
    );
  }
  const isMadeUp = (issue: { readonly path: string; readonly message: string }): boolean =>
    issue.path.startsWith(IMAGES) ||
    issue.path.startsWith(imagesDir) ||
    issue.message.includes(`${IMAGES}/`);
  const issues = found.contents.issues
    .filter((issue) => !isMadeUp(issue))
    .map((issue) => ({ ...issue, path: shown(issue.path), message: shown(issue.message) }));
  const left = tree.files.filter(
    (file) => isImageName(file) && !isJson && anySays && !inFolderOf(file, 'mask'),
  );
  return {
    ...found,
    why: 'masks or annotations without their images, by the names of the images that are there',
    root,
    contents: {
      ...found.contents,
      items,
      issues: [
        ...issues,
        ...(left.length === 0
          ? []
          : [
              {
                path:
                  left.length === 1
                    ? (left[0] ?? root)
                    : relative(root, resolve(root, left[0] ?? '', '..')) || '.',
                severity: 'info' as const,
                message: `${left.length} other images not used: only masks are taken`,
              },
            ]),
      ],
      splits: [],
      imageClasses: [],
    },
  };
}

/** Labels whose files lie where they do, not where the layout found them. */
function withRealPaths(
  labels: NonNullable<FoundItem['labels']>,
  realOf: (path: string) => string,
): NonNullable<FoundItem['labels']> {
  switch (labels.kind) {
    case 'mask': {
      const { objects } = labels;
      return {
        ...{ ...labels, path: realOf(labels.path) },
        ...(objects === undefined ? {} : { objects: realOf(objects) }),
      };
    }
    case 'union':
      return { ...labels, paths: labels.paths.map(realOf) };
    case 'pages':
      return {
        ...labels,
        paths: new Map(Array.from(labels.paths, ([page, path]) => [page, realOf(path)])),
      };
    case 'shapes':
      return { ...labels, path: realOf(labels.path) };
  }
}
