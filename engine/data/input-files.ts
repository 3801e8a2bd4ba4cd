/** The images of files and folders that were given, and the names under which something about each can be written. */
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { statsOf } from './file-error.ts';
import { counted } from '../../shared/number-format.ts';
import { oneName } from '../../shared/names.ts';
import { diskReader } from './files.ts';
import { isImageName, readFolderTree } from './import/folder-tree.ts';

export interface InputFile {
  /** Absolute. */
  readonly path: string;
  /** With its folders below the one that was given, forward slashes. */
  readonly name: string;
  /** The same without its ending; no two are alike, whatever a file system makes of case. */
  readonly target: string;
}

export interface InputFiles {
  readonly files: readonly InputFile[];
  /** What was found in the folders and is not among them, in words. */
  readonly notes: readonly string[];
}

/**
 * Files as they are given; folders with all images beneath them, but for those in `except`.
 * Errors: not-found; unreadable (a folder).
 */
export async function inputFiles(paths: readonly string[], except: string): Promise<InputFiles> {
  const found: { path: string; name: string }[] = [];
  const notes: string[] = [];
  const own = resolve(except) + sep;
  for (const path of paths) {
    const stat = statsOf(path);
    if (stat === undefined) {
      throw new AppError('not-found', `${path} does not exist.`, { subject: path });
    }
    if (!stat.isDirectory()) {
      found.push({ path: resolve(path), name: basename(path) });
      continue;
    }
    const tree = await readFolderTree(path, diskReader);
    notes.push(...tree.issues.map((issue) => `${join(path, issue.path)}: ${issue.message}`));
    const images = tree.files.filter(isImageName);
    const wanted = images.filter((file) => !resolve(tree.root, file).startsWith(own));
    if (wanted.length < images.length) {
      notes.push(
        `${counted(images.length - wanted.length, 'image')} in ${relative(tree.root, own) || '.'} left out: results are written there`,
      );
    }
    const others = tree.files.length - images.length;
    if (others > 0)
      notes.push(`${counted(others, 'file')} in ${path} left out: no images by their names`);
    found.push(...wanted.map((name) => ({ path: resolve(tree.root, name), name })));
  }
  const taken = new Set<string>();
  const files = found.map(({ path, name }): InputFile => {
    const bare = name.slice(0, name.length - extname(name).length);
    let target = bare;
    for (let n = 2; taken.has(oneName(target)); n++) target = `${bare}-${n}`;
    taken.add(oneName(target));
    return { path, name, target };
  });
  return { files, notes };
}
