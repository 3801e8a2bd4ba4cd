/** Classification: a folder per class, also inside train|val|test. No masks. */
import { byName, type FolderTree, isImageName } from './folder-tree.ts';
import { kindOfFolder, partOfPath } from './folder-names.ts';
import { maskLookalikes } from './mask-lookalikes.ts';
import { pairFiles } from './pairing.ts';
import type { FolderLayout } from './plan.ts';

/** The folder that directly holds the file, where that is no part of a split. */
function classOf(file: string): string | undefined {
  const folder = file.split('/').at(-2);
  return folder === undefined || partOfPath(`${folder}/x`) !== undefined ? undefined : folder;
}

function classesOf(tree: FolderTree): string[] {
  const names = tree.files.filter(isImageName).flatMap((file) => classOf(file) ?? []);
  return [...new Set(names)].sort(byName);
}

const isCalledMasks = (folder: string): boolean => {
  const named = kindOfFolder(folder);
  return named?.kind === 'mask' && named.sure;
};

export const classFolderLayout: FolderLayout = {
  format: 'class-folder',
  detect(tree) {
    const images = tree.files.filter(isImageName);
    const classes = classesOf(tree);
    // Never classes of images where a name says masks.
    if (classes.some((name) => isCalledMasks(name))) return undefined;
    if (classes.length < 2 || images.some((file) => classOf(file) === undefined)) return undefined;
    return `${classes.length} folders of images and no masks: ${classes.slice(0, 5).join(', ')}${classes.length > 5 ? ' …' : ''}`;
  },
  read(tree) {
    const paired = pairFiles(tree, (file) => {
      const imageClass = classOf(file);
      if (imageClass === undefined) return undefined;
      const part = partOfPath(file);
      return { role: 'image', key: file, imageClass, ...(part === undefined ? {} : { part }) };
    });
    const doubts = maskLookalikes(tree.files);
    return Promise.resolve({ ...paired, doubts, rule: null, imageClasses: classesOf(tree) });
  },
};
