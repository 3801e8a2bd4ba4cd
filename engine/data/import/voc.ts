/**
 * Pascal VOC, as CVAT and labelme write it, too: JPEGImages/, SegmentationClass/ (palette indices, 255 is ignored; or
 * colours), SegmentationObject/ (which object of its class each pixel is), lists of the parts in ImageSets/Segmentation/, and a list of the classes.
 */
import { posix, relative, resolve, sep } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import type { Part } from '../../../shared/entities.ts';
import { sameName } from '../../../shared/names.ts';
import { readClassList } from './class-list.ts';
import { type FolderTree, isImageName, stemOf } from './folder-tree.ts';
import { type ListedPart, type ListReading, partsByName, sayAbsent } from './listed-parts.ts';
import { imageKey, pairFiles } from './pairing.ts';
import type { FolderLayout, FoundItem } from './plan.ts';
import { readLines } from './text-file.ts';
import { counted } from '../../../shared/number-format.ts';

const IMAGE = /(^|\/)JPEGImages\//i;
const MASK = /(^|\/)SegmentationClass(PNG)?\//i;
const OBJECTS = /(^|\/)SegmentationObject(PNG)?\//i;
const FOLDER = /(^|\/)(?:JPEGImages|Segmentation(?:Class|Object)(?:PNG)?)\//i;
const BEFORE = /^(?:.*\/)?JPEGImages\//i;
const LIST = /(^|\/)ImageSets\/(?:Segmentation|Main)?\/?(train|val|test|trainval)\.txt$/i;
/** Later lists win: trainval only says of what is in neither that it is for training. */
const ORDER = ['trainval', 'test', 'val', 'train'];
const PART_OF: Readonly<Record<string, Part>> = {
  trainval: 'train',
  train: 'train',
  val: 'val',
  test: 'test',
};

/** Parts by the name of the image; and the lists that say so. Behind a name, 1 or -1 may say whether a class is in it. */
async function readLists(
  tree: FolderTree,
  { reader, known, issues }: ListReading,
): Promise<{ parts: Map<string, Part>; lists: string[] }> {
  const all = tree.files.filter((file) => LIST.test(file));
  const segmentation = all.filter((file) => /\/Segmentation\//i.test(file));
  const lists = segmentation.length > 0 ? segmentation : all;
  const rank = (file: string) => ORDER.indexOf(stemOf(file).toLowerCase());
  const rest: ListedPart[] = [];
  const listed: ListedPart[] = [];
  for (const file of lists.toSorted((a, b) => rank(a) - rank(b))) {
    const part = PART_OF[stemOf(file).toLowerCase()];
    for (const line of await readLines(resolve(tree.root, file), reader)) {
      const whole = sameName(line.trim());
      const name = known.has(whole) ? whole : whole.replace(/\s+-?[01]$/, '');
      // trainval repeats what the others say.
      const own = stemOf(file).toLowerCase() === 'trainval' ? rest : listed;
      if (name !== '' && part !== undefined) own.push([name, part]);
    }
  }
  const path = posix.dirname(lists[0] ?? '');
  const parts = new Map([...rest, ...partsByName(listed, { path, issues })]);
  return { parts, lists };
}

const imagesIn = ({ files }: FolderTree) =>
  files.filter((file) => isImageName(file) && IMAGE.test(file));

/** As lists name an image: with its folders below JPEGImages/, or without. */
const listNames = (file: string): readonly string[] => [
  sameName(imageKey(file).replace(BEFORE, '')),
  sameName(stemOf(file)),
];

/**
 * Names of the files that belong together. Without their folders where no two images share a name then: lists and masks
 * have their folders or do without.
 */
function namesIn(tree: FolderTree): (file: string) => string {
  const images = imagesIn(tree);
  const stem = (file: string) => sameName(stemOf(file));
  if (new Set(images.map(stem)).size === images.length) return stem;
  return (file) => sameName(imageKey(file).replace(FOLDER, '$1'));
}

export const vocLayout: FolderLayout = {
  format: 'voc',
  detect(tree) {
    const masks = tree.files.filter((file) => isImageName(file) && MASK.test(file)).length;
    return masks > 0 && imagesIn(tree).length > 0
      ? `folders JPEGImages/ and SegmentationClass/ with ${counted(masks, 'mask')}`
      : undefined;
  },
  async read(tree, reader) {
    const nameOf = namesIn(tree);
    const known = new Set(imagesIn(tree).flatMap(listNames));
    const issues: ImportIssue[] = [];
    const { parts, lists } = await readLists(tree, { reader, known, issues });
    const classes = await readClassList(tree, reader);
    const objects = tree.files.filter((file) => OBJECTS.test(file));
    const objectsBy = new Map(objects.map((file) => [nameOf(file), file]));
    const told = new Set([...lists, ...objects, ...(classes === undefined ? [] : [classes.file])]);
    const found = new Set<string>();
    const rest = { ...tree, files: tree.files.filter((file) => !told.has(file)) };
    const paired = pairFiles(rest, (file) => {
      const key = nameOf(file);
      if (MASK.test(file)) return { role: 'mask', keys: [key] };
      if (!IMAGE.test(file)) return undefined;
      const listed = listNames(file).find((name) => parts.has(name)) ?? '';
      const part = parts.get(listed);
      if (part !== undefined) found.add(listed);
      return { role: 'image', key, ...(part === undefined ? {} : { part }) };
    });
    const items = paired.items.map((item): FoundItem => {
      const key = nameOf(relative(tree.root, item.path).replaceAll(sep, '/'));
      const own = objectsBy.get(key);
      if (own === undefined || item.labels?.kind !== 'mask') return item;
      objectsBy.delete(key);
      return { ...item, labels: { ...item.labels, objects: resolve(tree.root, own) } };
    });
    for (const file of objectsBy.values()) {
      const message = 'objects of an image that has no mask of classes: not used';
      issues.push({ path: file, severity: 'skip', message });
    }
    const absent = [...parts.keys()].filter((name) => !found.has(name));
    sayAbsent(absent, { path: posix.dirname(lists[0] ?? ''), issues });
    return {
      items,
      issues: [...issues, ...paired.issues],
      rule: classes?.rule ?? null,
      imageClasses: [],
    };
  },
};
