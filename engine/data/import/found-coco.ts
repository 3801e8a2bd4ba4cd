/** COCO files of a folder, read as what is found there; and what is known of files in the place of what was said of them. */
import { relative, resolve, sep } from 'node:path';
import type { ImportFormat, ImportIssue } from '../../../shared/api.ts';
import { counted } from '../../../shared/number-format.ts';
import type { FileReader } from '../files.ts';
import type { FoundCoco, LeftFile } from './coco-files.ts';
import { type CocoSource, readCoco } from './coco.ts';
import { type FolderTree, isImageName, unusedFiles } from './folder-tree.ts';
import type { LayoutContents } from './plan.ts';

export interface FoundContents {
  readonly format: Exclude<ImportFormat, 'auto'>;
  readonly why: string;
  /** Folder that paths in issues are relative to. */
  readonly root: string;
  readonly contents: LayoutContents;
}

interface CocoSourceOptions {
  readonly reader: FileReader;
  readonly why: string;
  readonly imagesDir: string | null;
}

/** The files of one folder, or the one that was named. */
export async function readCocoFiles(
  sources: readonly CocoSource[],
  options: CocoSourceOptions & { readonly tree: FolderTree | null },
): Promise<FoundContents> {
  const { reader, why, tree } = options;
  const imagesDir = options.imagesDir === null ? null : resolve(options.imagesDir);
  if (imagesDir !== null) await reader.list(imagesDir); // a missing folder is one clear error, not one for each image
  const contents = await readCoco(sources, { imagesDir, reader });
  const root = sources.length > 1 && tree !== null ? tree.root : contents.imagesDir;
  const used = new Set(contents.items.map((item) => item.path));
  const left =
    tree === null
      ? await unlistedImages(contents.imagesDir, used, reader)
      : unusedFiles(tree, usedFiles(tree, [...used, ...sources.map((source) => source.json)]));
  return {
    format: 'coco',
    why,
    root,
    contents: { ...contents, issues: [...(tree?.issues ?? []), ...contents.issues, ...left] },
  };
}

export const usedFiles = (tree: FolderTree, paths: readonly string[]): Set<string> =>
  new Set(paths.map((path) => relative(tree.root, path).split(sep).join('/')));

/** Images beside those that a file lists. */
async function unlistedImages(
  dir: string,
  used: ReadonlySet<string>,
  reader: FileReader,
): Promise<ImportIssue[]> {
  const entries = await reader.list(dir);
  const names = entries.filter((entry) => entry.kind === 'file').map((entry) => entry.name);
  const left = names.filter((name) => isImageName(name) && !used.has(resolve(dir, name)));
  if (left.length === 0) return [];
  const message = `${counted(left.length, 'image')} that the file does not list: not used, such as ${left[0] ?? ''}`;
  return [{ path: dir, severity: 'info', message }];
}

/** Reads the COCO files of a folder, and says of the others why they are not. */
export async function readFoundCoco(
  tree: FolderTree,
  found: FoundCoco,
  options: CocoSourceOptions,
): Promise<FoundContents> {
  return withCocoNamed(await readCocoFiles(found.sources, { ...options, tree }), tree, {
    sources: [],
    left: found.left,
  });
}

/** COCO files that are left aside are called what they are. */
export function withCocoNamed(
  contents: FoundContents,
  tree: FolderTree,
  found: FoundCoco,
): FoundContents {
  const beside = found.sources.map(({ json }) => ({
    json,
    why: 'COCO annotations beside masks: the masks are used. Import this file by its own path to use it instead',
  }));
  const left: readonly LeftFile[] = [...found.left, ...beside];
  const reasons = new Map(
    left.map((one) => [relative(tree.root, one.json).split(sep).join('/'), one]),
  );
  const issues = [...reasons].map(([path, { why, isBroken }]): ImportIssue => {
    return { path, severity: isBroken === true ? 'skip' : 'info', message: why };
  });
  return inPlaceOf(contents, issues);
}

/** What is known of files and folders, in the place of what was said of the same. */
export function inPlaceOf(found: FoundContents, issues: readonly ImportIssue[]): FoundContents {
  if (issues.length === 0) return found;
  const paths = new Set(issues.map(({ path }) => path));
  const others = found.contents.issues.filter(({ path }) => !paths.has(path));
  return { ...found, contents: { ...found.contents, issues: [...others, ...issues] } };
}
