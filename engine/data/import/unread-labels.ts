/**
 * Labels of tools whose own files are not read, told by what is in them: in a folder without any other labels they are
 * called what they are, with the export that is read.
 */
import { posix, resolve } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import { AppError } from '../../../shared/errors.ts';
import type { FileReader } from '../files.ts';
import type { FolderTree } from './folder-tree.ts';
import { readJson } from './foreign-json.ts';
import { textOf } from './text-file.ts';

const XML_OF: readonly (readonly [RegExp, string])[] = [
  [/<annotation[\s>]/, 'boxes of Pascal VOC, which have no outlines'],
  [/<ASAP_Annotations[\s>]/, "ASAP's outlines: open them in QuPath and export GeoJSON"],
  [/<Annotations[\s>]/, "ImageScope's outlines: open them in QuPath and export GeoJSON"],
];
const HEAD_BYTES = 4096;
/** As many folders are looked into; in each the first file says what all are. */
const MOST_FOLDERS = 8;

async function unreadIn(path: string, reader: FileReader): Promise<string | null> {
  try {
    if (/\.json$/i.test(path)) return await readJson(path, reader, 'unread labels');
    const file = await reader.open(path, 0);
    const head = textOf(await file.read(0, HEAD_BYTES));
    return XML_OF.find(([root]) => root.test(head))?.[1] ?? null;
  } catch (error) {
    if (error instanceof AppError) return null; // what cannot be read is said by whoever reads it
    throw error;
  }
}

/** One issue a folder and ending, in the place of that for files that are not used. */
export async function unreadLabels(tree: FolderTree, reader: FileReader): Promise<ImportIssue[]> {
  const files = tree.files.filter((file) => /\.(json|xml)$/i.test(file));
  const groups = Map.groupBy(files, (file) => `${posix.dirname(file)}\n${posix.extname(file)}`);
  const issues: ImportIssue[] = [];
  for (const group of [...groups.values()].slice(0, MOST_FOLDERS)) {
    const [first = ''] = group;
    const what = await unreadIn(resolve(tree.root, first), reader);
    if (what === null) continue;
    const path = group.length === 1 ? first : posix.dirname(first);
    const begin =
      group.length === 1 ? 'not used: it is' : `${group.length} files not used: they are`;
    issues.push({ path, severity: 'skip', message: `${begin} ${what}` });
  }
  return issues;
}
