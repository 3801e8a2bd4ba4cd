/**
 * Generic folders: images/ and masks/ under their many names (also inside, around or within the names of train|val|test:
 * folder-names.ts), or masks beside their images with mask, label or segmentation before or behind the name. Reads back what export/folder.ts writes.
 */
import { posix, resolve } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import { IGNORE, Part } from '../../../shared/entities.ts';
import { toWireError } from '../../../shared/errors.ts';
import { sameName } from '../../../shared/names.ts';
import { imageOfPages } from '../file-pages.ts';
import type { FileReader } from '../files.ts';
import { partsByName, sayAbsent } from './listed-parts.ts';
import { readClassList } from './class-list.ts';
import { type FolderTree, isImageName, stemOf } from './folder-tree.ts';
import { matchFolders } from './folder-match.ts';
import { bareStem, isMaskWord, kindOfFolder, neutralPath, partOfPath } from './folder-names.ts';
import { readJson } from './foreign-json.ts';
import type { JsonOf, SplitsFile } from './json-shapes.ts';
import { maskLookalikes } from './mask-lookalikes.ts';
import { type MaskPlace, rolesByPlace } from './mask-place.ts';
import type { ValueRule } from './value-mapping.ts';
import {
  type FileRole,
  hasMaskAffix,
  imageKey,
  maskKeys,
  pairFiles,
  withoutMaskNumber,
} from './pairing.ts';
import { pageName } from '../page-names.ts';
import type { FolderLayout, FoundItem, LayoutContents, NamedSplit } from './plan.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';

const stem = (file: string) => bareStem(stemOf(file));

/** The folders of a file whose names say masks. */
function saysMasks(file: string): 'sure' | 'maybe' | null {
  const kinds = file.split('/').slice(0, -1).map(kindOfFolder);
  const masks = kinds.filter((kind) => kind?.kind === 'mask');
  if (masks.length === 0) return null;
  return masks.some((kind) => kind?.sure) ? 'sure' : 'maybe';
}

/**
 * Folders with one image and one file that is called mask, label …: that one → the image (case7/scan.png, case7/mask.png).
 * `aside`: what else of such a folder is called after it (labelme's label_viz.png).
 */
function masksAlone(files: readonly string[]) {
  const imageOf = new Map<string, string>();
  const aside = new Set<string>();
  for (const all of Map.groupBy(files, (file) => posix.dirname(file)).values()) {
    const [mask, ...more] = all.filter((file) => isMaskWord(stemOf(file)));
    const rest = all.filter((file) => file !== mask);
    const [image, ...others] = rest.filter((file) => !hasMaskAffix(stemOf(file)));
    if (mask === undefined || image === undefined || more.length + others.length > 0) continue;
    imageOf.set(mask, image);
    for (const file of rest) if (file !== image) aside.add(file);
  }
  return { imageOf, aside };
}

interface Roles {
  /** Undefined: neither. */
  readonly roleOf: (file: string) => FileRole | undefined;
  readonly issues: readonly ImportIssue[];
}

/**
 * Images and masks by the names of their folders, or by a word around the name of the file. Folders that may or may not
 * be called after masks are where a file has the name of an image elsewhere. Where nothing else is left, even folders
 * that are called after masks hold images.
 */
function rolesOf(tree: FolderTree): Roles {
  const files = tree.files.filter(isImageName);
  const plain = files.filter((file) => saysMasks(file) === null);
  const stems = new Set(plain.map(stem));
  const inMasks = (file: string) => {
    const says = saysMasks(file);
    return says === 'sure' || (says === 'maybe' && stems.has(stem(file)));
  };
  const placed = files.filter((file) => !inMasks(file));
  const issues: ImportIssue[] = [];
  if (placed.length === 0 && files.length > 0) {
    const message =
      'its folders are called after masks, but no images lie beside them: they are taken for images';
    issues.push({ path: tree.root, severity: 'change', message });
  }
  const besides = new Set(
    placed
      .filter((file) => !hasMaskAffix(stemOf(file)))
      .map((file) => posix.join(posix.dirname(file), stem(file))),
  );
  const isBeside = (file: string) => {
    const name = withoutMaskNumber(stemOf(file));
    return hasMaskAffix(name) && besides.has(posix.join(posix.dirname(file), bareStem(name)));
  };
  const keyOf = (file: string) => imageKey(neutralPath(file));
  const alone = masksAlone(placed);
  const isMask = (file: string) =>
    placed.length > 0 && (inMasks(file) || isBeside(file) || alone.imageOf.has(file));
  const keysOf = (file: string) => {
    const image = alone.imageOf.get(file);
    return image === undefined ? maskKeys(neutralPath(file)) : [keyOf(image)];
  };
  // Those that find no partner by their path are matched by the names of the files.
  const masks = files.filter(isMask);
  const images = files.filter((file) => !isMask(file) && !alone.aside.has(file));
  const imageKeys = new Set(images.flatMap((file) => [keyOf(file), neutralPath(file)]));
  const maskedKeys = new Set(masks.flatMap(keysOf));
  const isPaged = (file: string) =>
    keysOf(file).some((key) => imageKeys.has(key.replace(/\.p\d+$/, '')));
  const match = matchFolders(
    images.filter((file) => !maskedKeys.has(keyOf(file)) && !maskedKeys.has(neutralPath(file))),
    masks.filter((file) => !keysOf(file).some((key) => imageKeys.has(key)) && !isPaged(file)),
  );
  return {
    issues: [...issues, ...match.issues],
    roleOf(file) {
      if (isMask(file)) {
        const image = match.imageOf.get(file);
        return { role: 'mask', keys: image === undefined ? keysOf(file) : [keyOf(image)] };
      }
      if (alone.aside.has(file)) return undefined;
      const part = partOfPath(file);
      return { role: 'image', key: keyOf(file), ...(part === undefined ? {} : { part }) };
    },
  };
}

// ───────────────────────────── files beside the folders ─────────────────────────────

function ruleOf({ classes, hasBackground }: JsonOf<'classes.json'>): ValueRule {
  const entries = new Map(classes.map((c) => [String(c.index), c.index]));
  entries.set(String(IGNORE), IGNORE);
  const said = hasBackground === undefined ? {} : { hasBackground };
  return { entries, classes, ...said, why: 'classes.json says so', isList: true };
}

function excludedIssue(known: JsonOf<'classes.json'> | undefined): ImportIssue[] {
  const count = Object.values(known?.images ?? {}).filter((one) => one.excluded).length;
  if (count === 0) return [];
  const message = `${counted(count, 'image')} of it ${verbFor(count, 'are')} excluded, with the reason that was given: kept, but in no training and no score`;
  return [{ path: 'classes.json', severity: 'info', message }];
}

/** Names as the images are called here, where a list has them in another Unicode form. */
function toNamedSplits(
  file: SplitsFile,
  { names, issues }: { readonly names: readonly string[]; readonly issues: ImportIssue[] },
): NamedSplit[] {
  const nameOf = new Map(names.map((name) => [sameName(name), name]));
  /** 'stack.tif#2' is a page of stack.tif. */
  const known = (image: string) => {
    const [, name = image, page = ''] = /^(.*?)(#\d+)?$/.exec(image) ?? [];
    return `${nameOf.get(sameName(name)) ?? name}${page}`;
  };
  const all = Object.values(file).flatMap((parts) => Part.options.flatMap((p) => parts[p] ?? []));
  const absent = new Set(all.filter((image) => !nameOf.has(sameName(image.replace(/#\d+$/, '')))));
  sayAbsent([...absent], { path: 'splits.json', issues });
  return Object.entries(file).map(([name, parts]) => ({
    name,
    partOf: partsByName(
      Part.options.flatMap((part) =>
        (parts[part] ?? []).map((image) => [known(image), part] as const),
      ),
      { path: `splits.json: ${name}`, issues },
    ),
  }));
}

/** Undefined where there is no such file; a broken one is an issue. */
async function readBeside<Name extends 'classes.json' | 'splits.json'>(
  tree: FolderTree,
  name: Name,
  options: { reader: FileReader; issues: ImportIssue[] },
): Promise<JsonOf<Name> | undefined> {
  if (!tree.files.includes(name)) return undefined;
  try {
    return await readJson(resolve(tree.root, name), options.reader, name);
  } catch (error) {
    options.issues.push({ path: name, severity: 'skip', message: toWireError(error).message });
    return undefined;
  }
}

/** `place`: where the masks are, as somebody said; null: told by the names of folders and files. Errors: those of readMaskPlace. */
export async function readFolder(
  tree: FolderTree,
  reader: FileReader,
  place: MaskPlace | null,
): Promise<LayoutContents> {
  const { roleOf, issues: told } =
    place === null ? rolesOf(tree) : rolesByPlace(tree.files.filter(isImageName), place);
  const listed = await readClassList(tree, reader);
  // What is read beside the images is told of there, and is not left over.
  const read = new Set([listed?.file, 'classes.json', 'splits.json']);
  const rest = { ...tree, files: tree.files.filter((file) => !read.has(file)) };
  const paired = pairFiles(rest, roleOf);
  const hasMasks = paired.items.some(({ labels }) => labels !== null);
  const issues: ImportIssue[] = [...told];
  const known = await readBeside(tree, 'classes.json', { reader, issues });
  const splits = await readBeside(tree, 'splits.json', { reader, issues });
  const factsOf = new Map(
    Object.entries(known?.images ?? {}).map(([name, facts]) => [sameName(name), facts]),
  );
  const names = paired.items.map((item) => item.name);
  const namedSplits = splits === undefined ? [] : toNamedSplits(splits, { names, issues });
  return {
    items: paired.items.map((item): FoundItem => {
      const { name } = item;
      const pages = known?.pages[name];
      return {
        ...item,
        ...(pages === undefined ? {} : { images: pages.map(imageOfPages) }),
        facts: (page) => factsOf.get(sameName(pageName({ name, page }))),
      };
    }),
    issues: [...issues, ...paired.issues, ...excludedIssue(known)],
    doubts: hasMasks ? [] : maskLookalikes(rest.files),
    rule: known === undefined ? (listed?.rule ?? null) : ruleOf(known),
    imageClasses: known?.imageClasses ?? [],
    splits: namedSplits,
  };
}

export const folderLayout: FolderLayout = {
  format: 'folder',
  detect(tree) {
    const { roleOf } = rolesOf(tree);
    const roles = tree.files.filter(isImageName).map((file) => roleOf(file)?.role);
    const [masks, images] = ['mask', 'image'].map((role) => roles.filter((r) => r === role).length);
    if (masks !== undefined && masks > 0)
      return `${counted(images ?? 0, 'image')} and ${counted(masks, 'mask')}, told apart by folder or name`;
    return undefined;
  },
  read: (tree, reader) => readFolder(tree, reader, null),
};
