/** The list of layouts, and how a path's layout is found. */
import { relative, resolve, sep } from 'node:path';
import type { ImportFormat, ImportIssue } from '../../../shared/api.ts';
import { AppError } from '../../../shared/errors.ts';
import { counted } from '../../../shared/number-format.ts';
import type { FileReader } from '../files.ts';
import { ade20kLayout } from './ade20k.ts';
import { camvidLayout } from './camvid.ts';
import { cityscapesLayout } from './cityscapes.ts';
import { classFolderLayout } from './class-folder.ts';
import { type FoundCoco, findCocoFiles } from './coco-files.ts';
import { type CocoSource, readCoco } from './coco.ts';
import { driveLayout } from './drive.ts';
import { dsb2018Layout } from './dsb2018.ts';
import { type FolderTree, isImageName, readFolderTree, unusedFiles } from './folder-tree.ts';
import { folderLayout } from './folder.ts';
import { isbiEmLayout } from './isbi-em.ts';
import { isic2018Layout } from './isic2018.ts';
import { nnunetLayout } from './nnunet.ts';
import { oxfordPetLayout } from './oxford-pet.ts';
import { vocLayout } from './voc.ts';
import type { FolderLayout, LayoutContents } from './plan.ts';

/** With masks, in the order in which they are tried: the more special before the more general. */
const MASK_LAYOUTS: readonly FolderLayout[] = [
  nnunetLayout,
  vocLayout,
  cityscapesLayout,
  ade20kLayout,
  oxfordPetLayout,
  dsb2018Layout,
  isic2018Layout,
  driveLayout,
  camvidLayout,
  isbiEmLayout,
  folderLayout,
];
const LAYOUTS: readonly FolderLayout[] = [...MASK_LAYOUTS, classFolderLayout];

export interface ImportSource {
  readonly format: ImportFormat;
  /** Folder, or the JSON file of `coco`. */
  readonly path: string;
  /** Where the images of a `coco` file lie; null: at one of the places where tools put them (coco-places.ts). */
  readonly imagesDir?: string | null;
}

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
async function readCocoFiles(
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

const usedFiles = (tree: FolderTree, paths: readonly string[]): Set<string> =>
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

/** Kinds of images that other tools read, by the end of their names. */
const FOREIGN =
  /\.(nii(?:\.gz)?|mha|mhd|nrrd|npy|npz|h5|hdf5|czi|nd2|lif|svs|ndpi|mrxs|vsi|oib|oif|zarr|mat|zip|tar|gz)$/i;

/** What lies there instead of images, in words. */
function foreignFiles(tree: FolderTree): string {
  const found = tree.files.flatMap((file) => FOREIGN.exec(file)?.[0].toLowerCase() ?? []);
  const kinds = [...new Set(found)];
  if (kinds.length === 0) return '';
  const volumes = kinds.some((kind) => /nii|mh[ad]|nrrd/.test(kind))
    ? ' (volumes: export their slices)'
    : '';
  return ` that Graft reads, but ${counted(found.length, 'file')} ${kinds.join(', ')}${volumes}`;
}

/** Errors: unreadable (path), invalid-input (nothing to import, wrong layout). */
export async function readContents(
  source: ImportSource,
  reader: FileReader,
): Promise<FoundContents> {
  const path = resolve(source.path);
  const cocoOptions = { reader, imagesDir: source.imagesDir ?? null };
  if (path.toLowerCase().endsWith('.json')) {
    if (source.format !== 'auto' && source.format !== 'coco') {
      const message = `${path} is a JSON file, which only the format coco reads. Name a folder, or leave the format out.`;
      throw new AppError('invalid-input', message, { subject: path });
    }
    return readCocoFiles([{ json: path, part: null }], {
      ...cocoOptions,
      why: 'a JSON file',
      tree: null,
    });
  }
  const tree = await readFolderTree(path, reader);
  if (source.format === 'coco') {
    const found = await findCocoFiles(tree, reader);
    if (found.sources.length > 0)
      return readFoundCoco(tree, found, { ...cocoOptions, why: 'as you asked' });
    const message = `${path} holds no JSON file with COCO's images and annotations. Name the file itself.`;
    throw new AppError('invalid-input', message, { subject: path });
  }
  if (!tree.files.some(isImageName)) {
    const unread = tree.issues[0];
    const also = unread === undefined ? '' : ` (${unread.path}: ${unread.message})`;
    const message = `${path} holds no images${foreignFiles(tree)}${also}. Name a folder with PNG, JPEG, TIFF, GIF or WebP files.`;
    throw new AppError('invalid-input', message, { subject: path });
  }
  const read = async (layout: FolderLayout, why: string): Promise<FoundContents> => ({
    format: layout.format,
    why,
    root: tree.root,
    contents: await layout.read(tree, reader),
  });
  if (source.format !== 'auto') {
    const layout = LAYOUTS.find((l) => l.format === source.format);
    if (layout === undefined) throw new AppError('internal', `No layout ${source.format}.`);
    return read(layout, 'as you asked');
  }
  const found = await findCocoFiles(tree, reader);
  for (const layout of MASK_LAYOUTS) {
    const why = layout.detect(tree);
    if (why !== undefined) return withCocoNamed(await read(layout, why), tree, found);
  }
  if (found.sources.length > 0) {
    return readFoundCoco(tree, found, { ...cocoOptions, why: 'COCO annotations and no masks' });
  }
  const why = classFolderLayout.detect(tree);
  if (why !== undefined) return withCocoNamed(await read(classFolderLayout, why), tree, found);
  return withCocoNamed(await read(folderLayout, 'images without masks'), tree, found);
}

/** Reads the COCO files of a folder, and says of the others why they are not. */
async function readFoundCoco(
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
function withCocoNamed(contents: FoundContents, tree: FolderTree, found: FoundCoco): FoundContents {
  const beside = found.sources.map(({ json }) => ({
    json,
    why: 'COCO annotations beside masks: the masks are used. Import this file by its own path to use it instead',
  }));
  const reasons = new Map(
    [...found.left, ...beside].map(({ json, why }) => [
      relative(tree.root, json).split(sep).join('/'),
      why,
    ]),
  );
  if (reasons.size === 0) return contents;
  const issues = [...reasons].map(
    ([path, message]) => ({ path, severity: 'info', message }) as const,
  );
  const others = contents.contents.issues.filter((issue) => !reasons.has(issue.path));
  return { ...contents, contents: { ...contents.contents, issues: [...others, ...issues] } };
}
