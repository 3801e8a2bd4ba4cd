/** The list of layouts, and how a path's layout is found. */
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { ImportFormat } from '../../../shared/api.ts';
import { AppError } from '../../../shared/errors.ts';
import type { FileReader } from '../files.ts';
import { camvidLayout } from './camvid.ts';
import { classFolderLayout } from './class-folder.ts';
import { readCoco } from './coco.ts';
import { driveLayout } from './drive.ts';
import { dsb2018Layout } from './dsb2018.ts';
import { type FolderTree, isImageName, readFolderTree } from './folder-tree.ts';
import { folderLayout } from './folder.ts';
import { isbiEmLayout } from './isbi-em.ts';
import { isic2018Layout } from './isic2018.ts';
import { readJson } from './json-file.ts';
import { oxfordPetLayout } from './oxford-pet.ts';
import type { FolderLayout, LayoutContents } from './plan.ts';

/** In the order in which they are tried: the more special before the more general. */
const LAYOUTS: readonly FolderLayout[] = [
  oxfordPetLayout,
  dsb2018Layout,
  isic2018Layout,
  driveLayout,
  camvidLayout,
  isbiEmLayout,
  folderLayout,
  classFolderLayout,
];

export interface ImportSource {
  readonly format: ImportFormat;
  /** Folder, or the JSON file of `coco`. */
  readonly path: string;
  /** Where the images of a `coco` file lie; null: in images/ beside it, or beside it. */
  readonly imagesDir?: string | null;
}

export interface FoundContents {
  readonly format: Exclude<ImportFormat, 'auto'>;
  readonly why: string;
  /** Folder that paths in issues are relative to. */
  readonly root: string;
  readonly contents: LayoutContents;
}

const LooksLikeCoco = z.object({ images: z.array(z.unknown()), annotations: z.array(z.unknown()) });

async function readCocoFile(
  json: string,
  source: ImportSource,
  options: { reader: FileReader; why: string },
): Promise<FoundContents> {
  const { reader, why } = options;
  const beside = dirname(json);
  let imagesDir = source.imagesDir ?? undefined;
  if (imagesDir === undefined) {
    const entries = await reader.list(beside);
    const folder = entries.some((entry) => entry.name === 'images' && entry.kind === 'folder');
    imagesDir = folder ? join(beside, 'images') : beside;
  }
  const root = resolve(imagesDir);
  await reader.list(root); // a missing folder is one clear error, not one for each image
  return { format: 'coco', why, root, contents: await readCoco(json, { imagesDir: root, reader }) };
}

/** The first JSON file of the folder itself, or of annotations/, that looks like COCO. */
async function findCocoFile(tree: FolderTree, reader: FileReader): Promise<string | undefined> {
  const candidates = tree.files.filter((file) => /^([^/]+|annotations\/[^/]+)\.json$/i.test(file));
  for (const file of candidates) {
    const path = resolve(tree.root, file);
    try {
      await readJson(path, reader, LooksLikeCoco);
      return path;
    } catch (error) {
      if (!(error instanceof AppError)) throw error; // some other JSON: not ours to complain about
    }
  }
  return undefined;
}

/** Errors: unreadable (path), invalid-input (nothing to import, wrong layout). */
export async function readContents(
  source: ImportSource,
  reader: FileReader,
): Promise<FoundContents> {
  const path = resolve(source.path);
  if (path.toLowerCase().endsWith('.json')) {
    if (source.format !== 'auto' && source.format !== 'coco') {
      const message = `${path} is a JSON file, which only the format coco reads. Name a folder, or leave the format out.`;
      throw new AppError('invalid-input', message, { subject: path });
    }
    return readCocoFile(path, source, { reader, why: 'a JSON file' });
  }
  const tree = await readFolderTree(path, reader);
  if (source.format === 'coco') {
    const json = await findCocoFile(tree, reader);
    if (json !== undefined) return readCocoFile(json, source, { reader, why: 'as you asked' });
    const message = `${path} holds no JSON file with COCO's images and annotations. Name the file itself.`;
    throw new AppError('invalid-input', message, { subject: path });
  }
  if (!tree.files.some(isImageName)) {
    const unread = tree.issues[0];
    const also = unread === undefined ? '' : ` (${unread.path}: ${unread.message})`;
    const message = `${path} holds no images${also}. Name a folder with PNG, JPEG, TIFF, GIF or WebP files.`;
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
  for (const layout of LAYOUTS) {
    const why = layout.detect(tree);
    if (why !== undefined) return read(layout, why);
  }
  const json = await findCocoFile(tree, reader);
  if (json !== undefined)
    return readCocoFile(json, source, { reader, why: 'a COCO file and no masks' });
  return read(folderLayout, 'images without masks');
}
