/** Lists a folder with everything beneath it, and counts what an import leaves aside. */
import { extname, posix, resolve } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import { toWireError } from '../../../shared/errors.ts';
import type { FileReader } from '../files.ts';
import { isSystemName } from '../system-files.ts';

export interface FolderTree {
  /** Absolute. */
  readonly root: string;
  /** Files relative to the root, with forward slashes, in natural order; hidden ones and the systems' own left out. */
  readonly files: readonly string[];
  readonly issues: readonly ImportIssue[];
}

const naturalOrder = new Intl.Collator('en', { numeric: true });
/** 'img2' before 'img10'; names that differ only in case keep one order everywhere. */
export const byName = (a: string, b: string): number =>
  naturalOrder.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);

/** Endings of files that are tried as images; other image formats are tried so that the message can name them. */
const IMAGE_EXTENSIONS = new Set(
  'png jpg jpeg jfif tif tiff btf tf8 lsm stk gif webp npy npz nii bmp heic heif avif jp2 dcm psd'
    .split(' ')
    .map((e) => `.${e}`),
);
export const isImageName = (path: string): boolean =>
  IMAGE_EXTENSIONS.has(extname(path).toLowerCase()) || PACKED.test(path);

/** NIfTI has two endings where it is packed. */
const PACKED = /\.nii\.gz$/i;

/** Name without folder and ending. */
export const stemOf = (path: string): string =>
  posix.basename(path, PACKED.exec(path)?.[0] ?? posix.extname(path));

/** Errors: unreadable (the folder itself); folders beneath it become issues. */
export async function readFolderTree(folder: string, reader: FileReader): Promise<FolderTree> {
  const root = resolve(folder);
  const files: string[] = [];
  const issues: ImportIssue[] = [];
  const walk = async (relative: string): Promise<void> => {
    const entries = await reader.list(relative === '' ? root : resolve(root, relative));
    for (const { name, kind } of entries.toSorted((a, b) => byName(a.name, b.name))) {
      const path = relative === '' ? name : `${relative}/${name}`;
      if (isSystemName(name)) continue;
      if (kind === 'file') files.push(path);
      else if (kind === 'other') {
        issues.push({
          path,
          severity: 'skip',
          message: 'is a link or a device, not a file; left out',
        });
      } else {
        try {
          await walk(path);
        } catch (error) {
          issues.push({ path, severity: 'skip', message: toWireError(error).message });
        }
      }
    }
  };
  await walk('');
  return { root, files, issues };
}

/** One issue per folder and ending for the files that no layout used. */
export function unusedFiles(tree: FolderTree, used: ReadonlySet<string>): ImportIssue[] {
  const groups = new Map<string, { path: string; count: number; extension: string }>();
  for (const file of tree.files) {
    if (used.has(file)) continue;
    const extension = extname(file).toLowerCase();
    const folder = posix.dirname(file);
    const key = `${folder}\n${extension}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { path: file, count: 1, extension });
    else groups.set(key, { ...group, path: folder, count: group.count + 1 });
  }
  return [...groups.values()].map(({ path, count, extension }) => ({
    path,
    severity: 'info',
    message: count === 1 ? 'not used' : `${count} files ${extension} not used`,
  }));
}
