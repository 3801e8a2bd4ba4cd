/** Pairs the images and masks of a folder by key; the layouts only say which file plays which role. */
import { posix, resolve } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import type { Part } from '../../../shared/entities.ts';
import { oneName } from '../../../shared/names.ts';
import { inWords } from '../../../shared/sentences.ts';
import { isImageName, type FolderTree, stemOf, unusedFiles } from './folder-tree.ts';
import { withoutPageSuffix } from '../page-names.ts';
import type { FoundItem, LayoutContents } from './plan.ts';

/** What a file is to a layout. Keys are equal for an image and its mask. */
export type FileRole =
  | {
      readonly role: 'image';
      readonly key: string;
      readonly part?: Part;
      readonly group?: string;
      readonly imageClass?: string;
    }
  | { readonly role: 'mask'; /** Best first. */ readonly keys: readonly string[] };

/** Also as Cellpose (_cp_masks), ilastik (_Simple Segmentation) and QuPath (-labelled) write it. */
const MASK_SUFFIX =
  /[_-](?:(?:cp|simple|object)[ _-])?(masks?|labels?|labell?ed|segmentation|seg|gt|annotation)$/i;

const MASK_PREFIX = /^(masks?|labels?|segmentation|seg|gt|annotation)[_-](?=.)/i;

/** Whether a file's name says that it is a mask. */
export const hasMaskAffix = (stem: string): boolean =>
  MASK_SUFFIX.test(stem) || MASK_PREFIX.test(stem);

/** 'a_mask_1' → 'a_mask': one of several masks of an image; other names as they are. */
export function withoutMaskNumber(stem: string): string {
  const bare = stem.replace(/[ _-]?\d+$/, '');
  return MASK_SUFFIX.test(bare) ? bare : stem;
}

/** 'a_mask' and 'a_mask_1' → 'a'; undefined without such an ending. */
function withoutMaskSuffix(stem: string): string | undefined {
  const bare = withoutMaskNumber(stem);
  return MASK_SUFFIX.test(bare) ? bare.replace(MASK_SUFFIX, '') : undefined;
}

/**
 * Keys of a mask file: its name may be the image's stem, stem and suffix (which may have a number), or the image's full
 * name (a.jpg.png for a.jpg); '.p3' behind any of them is the mask of the third page.
 */
export function maskKeys(path: string): string[] {
  const folder = posix.dirname(path);
  const stem = withoutOme(stemOf(path));
  const bare = withoutMaskSuffix(stem);
  const names = bare === undefined ? [stem] : [stem, withoutMaskNumber(stem), bare];
  return [...new Set(names)].map((name) => posix.join(folder, name));
}

/** Key of an image file: its path without the ending. */
export const imageKey = (path: string): string =>
  posix.join(posix.dirname(path), withoutOme(stemOf(path)));

/** 'a.ome', 'a.ome.p3', 'a.ome.p3.ome' and 'a.ome.tif' without what the double ending of OME-TIFF adds. */
const withoutOme = (stem: string): string =>
  stem.replace(/\.ome(?=$|\.tiff?$)/i, '').replace(/\.ome(?=\.p\d+$)/i, '');

/**
 * Gives each image a name of its own: a second 'a.png' becomes 'folder-a.png', then 'folder-a (2).png'.
 * Names that differ only in case or Unicode form count as one, because some file systems hold them for one on export.
 */
export function uniqueNames(paths: readonly string[]): { names: string[]; issues: ImportIssue[] } {
  const taken = new Set<string>();
  const issues: ImportIssue[] = [];
  const names = paths.map((path) => {
    const base = posix.basename(path);
    if (!taken.has(oneName(base))) {
      taken.add(oneName(base));
      return base;
    }
    const extension = posix.extname(base);
    const stem = posix
      .dirname(path)
      .split('/')
      .filter((s) => s !== '.')
      .concat(stemOf(base))
      .join('-');
    let name = stem + extension;
    for (let n = 2; taken.has(oneName(name)); n++) name = `${stem} (${n})${extension}`;
    taken.add(oneName(name));
    const message = `another file is called ${base} too; this one is imported as ${name}`;
    issues.push({ path, severity: 'change', message });
    return name;
  });
  return { names, issues };
}

interface FoundImage {
  readonly file: string;
  readonly role: Extract<FileRole, { role: 'image' }>;
}

interface FoundMask {
  readonly file: string;
  readonly keys: readonly string[];
}

/** Images whose names differ in case or Unicode form alone have masks of exactly their own name. */
function tellLookalikesApart(
  images: readonly FoundImage[],
  masks: readonly FoundMask[],
): { images: readonly FoundImage[]; masks: readonly FoundMask[] } {
  const forms = new Map<string, Set<string>>();
  for (const { file, role } of images) {
    forms.set(role.key, (forms.get(role.key) ?? new Set()).add(stemOf(file)));
  }
  const alike = [...forms].filter(
    ([, stems]) => stems.size > 1 && new Set([...stems].map(oneName)).size === 1,
  );
  if (alike.length === 0) return { images, masks };
  const stemsOf = new Map(alike);
  const exact = (key: string, stem: string) => `${key}\n${stem}`;
  return {
    images: images.map((image) => {
      const { key } = image.role;
      if (!stemsOf.has(key)) return image;
      return { ...image, role: { ...image.role, key: exact(key, stemOf(image.file)) } };
    }),
    masks: masks.map(({ file, keys }) => ({
      file,
      keys: keys.map((key) => {
        const own = [...(stemsOf.get(key) ?? [])].find((stem) => stemOf(file).includes(stem));
        return own === undefined ? key : exact(key, own);
      }),
    })),
  };
}

/**
 * Items of a folder. Files that `roleOf` returns undefined for are left aside, and said to be.
 * Images without masks are imported unlabelled; masks without images are skipped.
 */
export function pairFiles(
  tree: FolderTree,
  roleOf: (file: string) => FileRole | undefined,
): Pick<LayoutContents, 'items' | 'issues'> {
  const read: FoundImage[] = [];
  const readMasks: FoundMask[] = [];
  const used = new Set<string>();
  for (const file of tree.files) {
    if (!isImageName(file)) continue;
    const role = roleOf(file);
    if (role === undefined) continue;
    used.add(file);
    // Names that some system holds for one are one key: cameras write IMG_1.JPG, and tools beside it img_1.png.
    if (role.role === 'image') read.push({ file, role: { ...role, key: oneName(role.key) } });
    else readMasks.push({ file, keys: role.keys.map(oneName) });
  }
  const { images, masks } = tellLookalikesApart(read, readMasks);
  const imageKeys = new Set(
    images.flatMap(({ file, role }) => [role.key, role.key + oneName(posix.extname(file))]),
  );
  const issues: ImportIssue[] = [];
  const maskByKey = new Map<string, string>();
  const pageMasks = new Map<string, Map<number, string>>();
  const rank = ({ keys }: FoundMask) => keys.findIndex((key) => imageKeys.has(key));
  for (const { file, keys } of masks.toSorted((a, b) => rank(a) - rank(b))) {
    const key = keys.find((k) => imageKeys.has(k));
    const paged =
      key === undefined
        ? keys.map(withoutPageSuffix).find((p) => p !== undefined && imageKeys.has(p.name))
        : undefined;
    if (paged !== undefined) {
      const pages = pageMasks.get(paged.name) ?? new Map<number, string>();
      pageMasks.set(paged.name, pages);
      if (!pages.has(paged.page)) pages.set(paged.page, resolve(tree.root, file));
      else issues.push({ path: file, severity: 'skip', message: 'second mask for one page' });
    } else if (key === undefined) {
      issues.push({ path: file, severity: 'skip', message: 'mask without an image of that name' });
    } else if (maskByKey.has(key)) {
      const message = `second mask for one image; ${maskByKey.get(key) ?? ''} is used`;
      issues.push({ path: file, severity: 'skip', message });
    } else maskByKey.set(key, file);
  }
  for (const key of pageMasks.keys()) {
    const mask = maskByKey.get(key);
    if (mask === undefined) continue;
    const message = 'not used: there are masks for single pages of its image';
    issues.push({ path: mask, severity: 'skip', message });
    maskByKey.delete(key);
  }
  const labelsOf = (key: string): FoundItem['labels'] => {
    const mask = maskByKey.get(key);
    if (mask !== undefined) return { kind: 'mask', path: resolve(tree.root, mask) };
    const paths = pageMasks.get(key);
    return paths === undefined ? null : { kind: 'pages', paths };
  };
  // Looked up, not searched for: with ten thousand images the engine would stand still for ten seconds.
  const wholeKey = ({ file, role }: FoundImage) => role.key + oneName(posix.extname(file));
  const byWholeKey = Map.groupBy(images, wholeKey);
  const byKey = Map.groupBy(images, ({ role }) => role.key);
  for (const [key, file] of maskByKey) {
    const served = [
      ...(byWholeKey.get(key) ?? []),
      ...(byKey.get(key) ?? []).filter((image) => !maskByKey.has(wholeKey(image))),
    ];
    if (served.length < 2) continue;
    const message = `it is the mask of ${served.length} images: ${inWords(served.map((one) => one.file))}`;
    issues.push({ path: file, severity: 'change', message });
  }
  const { names, issues: renamed } = uniqueNames(images.map(({ file }) => file));
  const items = images.map(({ file, role }, i): FoundItem => {
    return {
      path: resolve(tree.root, file),
      page: 0,
      name: names[i] ?? file,
      labels: labelsOf(role.key + oneName(posix.extname(file))) ?? labelsOf(role.key),
      part: role.part ?? null,
      group: role.group ?? null,
      imageClass: role.imageClass ?? null,
    };
  });
  return { items, issues: [...tree.issues, ...issues, ...renamed, ...unusedFiles(tree, used)] };
}
