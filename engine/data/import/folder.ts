/**
 * Generic folders: images/ and masks/ (also inside or around train|val|test), or masks beside their images
 * with _mask, _label or _segmentation behind the name. Reads back what export/folder.ts writes.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import type { ImportIssue } from '../../../shared/api.ts';
import { IGNORE, Part, SegmentationClass } from '../../../shared/entities.ts';
import { toWireError } from '../../../shared/errors.ts';
import { imageOfPages } from '../file-pages.ts';
import type { FileReader } from '../files.ts';
import { type FolderTree, isImageName } from './folder-tree.ts';
import { partOfPath } from './folder-names.ts';
import { readJson } from './json-file.ts';
import type { ValueRule } from './mask-values.ts';
import { type FileRole, imageKey, maskKeys, pairFiles, withoutMaskSuffix } from './pairing.ts';
import { pageName } from '../page-names.ts';
import type { FolderLayout, NamedSplit } from './plan.ts';

const IMAGES_FOLDER = /^(images?|imgs?|inputs?)$/i;
const MASKS_FOLDER = /^(masks?|labels?|annotations?|ground_?truths?|gt|targets?|segmentations?)$/i;
/** Path without the folders that only say image or mask: equal for an image and its mask. */
function neutral(path: string): string {
  const segments = path.split('/');
  const name = segments.pop() ?? '';
  const kept = segments.filter((s) => !IMAGES_FOLDER.test(s) && !MASKS_FOLDER.test(s));
  return [...kept, name].join('/');
}

const inMasksFolder = (file: string) =>
  file
    .split('/')
    .slice(0, -1)
    .some((s) => MASKS_FOLDER.test(s));

function rolesOf(tree: FolderTree): (file: string) => FileRole {
  const keys = new Set(tree.files.filter((f) => !inMasksFolder(f)).map(imageKey));
  return (file) => {
    const beside = withoutMaskSuffix(imageKey(file));
    if (inMasksFolder(file) || (beside !== undefined && keys.has(beside))) {
      return { role: 'mask', keys: maskKeys(neutral(file)) };
    }
    const part = partOfPath(file);
    return { role: 'image', key: imageKey(neutral(file)), ...(part === undefined ? {} : { part }) };
  };
}

// ───────────────────────────── files beside the folders ─────────────────────────────

/** classes.json: what the values of the masks mean, and what is known of single images. */
export const ClassesFile = z.object({
  classes: z.array(SegmentationClass).min(1),
  imageClasses: z.array(z.string()).default([]),
  /** The images of files with several pages, each as the pages that are its channels, from 0. */
  pages: z.record(z.string(), z.array(z.array(z.number().int().min(0)).min(1)).min(1)).default({}),
  images: z
    .record(
      z.string(),
      z.object({ group: z.string().optional(), imageClass: z.string().optional() }),
    )
    .default({}),
});
export type ClassesFile = z.input<typeof ClassesFile>;

/** splits.json: the images of each part of each split. */
export const SplitsFile = z.record(z.string(), z.partialRecord(Part, z.array(z.string())));
export type SplitsFile = z.infer<typeof SplitsFile>;

function ruleOf(classes: readonly SegmentationClass[]): ValueRule {
  const entries = new Map(classes.map((c) => [String(c.index), c.index]));
  return { entries: entries.set(String(IGNORE), IGNORE), classes, why: 'classes.json says so' };
}

const toNamedSplits = (file: SplitsFile): NamedSplit[] =>
  Object.entries(file).map(([name, parts]) => ({
    name,
    partOf: new Map(
      Part.options.flatMap((part) => (parts[part] ?? []).map((image) => [image, part] as const)),
    ),
  }));

/** Undefined where there is no such file; a broken one is an issue. */
async function readBeside<T>(
  tree: FolderTree,
  name: string,
  options: { reader: FileReader; schema: z.ZodType<T>; issues: ImportIssue[] },
): Promise<T | undefined> {
  if (!tree.files.includes(name)) return undefined;
  try {
    return await readJson(resolve(tree.root, name), options.reader, options.schema);
  } catch (error) {
    options.issues.push({ path: name, severity: 'skip', message: toWireError(error).message });
    return undefined;
  }
}

export const folderLayout: FolderLayout = {
  format: 'folder',
  detect(tree) {
    const images = tree.files.filter(isImageName);
    const roleOf = rolesOf(tree);
    const masks = images.filter((file) => roleOf(file).role === 'mask').length;
    if (masks > 0)
      return `${images.length - masks} images and ${masks} masks, told apart by folder or name`;
    return undefined;
  },
  async read(tree, reader) {
    const paired = pairFiles(tree, rolesOf(tree));
    const issues: ImportIssue[] = [];
    const known = await readBeside(tree, 'classes.json', { reader, schema: ClassesFile, issues });
    const splits = await readBeside(tree, 'splits.json', { reader, schema: SplitsFile, issues });
    const ownFiles = new Set(['classes.json', 'splits.json']);
    return {
      items: paired.items.map((item) => {
        const facts = known?.images[pageName(item)];
        const pages = known?.pages[item.name];
        return {
          ...item,
          ...(pages === undefined ? {} : { images: pages.map(imageOfPages) }),
          group: facts?.group ?? item.group,
          imageClass: facts?.imageClass ?? item.imageClass,
        };
      }),
      issues: [...issues, ...paired.issues.filter((issue) => !ownFiles.has(issue.path))],
      rule: known === undefined ? null : ruleOf(known.classes),
      imageClasses: known?.imageClasses ?? [],
      splits: splits === undefined ? [] : toNamedSplits(splits),
    };
  },
};
