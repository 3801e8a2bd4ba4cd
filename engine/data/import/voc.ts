/**
 * Pascal VOC, as CVAT and labelme write it, too: JPEGImages/, SegmentationClass/ (palette indices, 255 is ignored; or
 * colours), SegmentationObject/ (which object of its class each pixel is), lists of the parts in ImageSets/Segmentation/, and a list of the classes.
 */
import { posix, resolve, sep } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import type { Part } from '../../../shared/entities.ts';
import { sameName } from '../../../shared/names.ts';
import type { FileReader } from '../files.ts';
import { readClassList } from './class-list.ts';
import { type FolderTree, isImageName, stemOf } from './folder-tree.ts';
import { pairFiles } from './pairing.ts';
import type { FolderLayout, FoundItem } from './plan.ts';
import { readLines } from './text-file.ts';
import { counted } from '../../../shared/number-format.ts';

const IMAGE = /(^|\/)JPEGImages\//i;
const MASK = /(^|\/)SegmentationClass(PNG)?\/[^/]+$/i;
const OBJECTS = /(^|\/)SegmentationObject(PNG)?\/[^/]+$/i;
const LIST = /(^|\/)ImageSets\/(?:Segmentation|Main)?\/?(train|val|test|trainval)\.txt$/i;
/** Later lists win: trainval only says of what is in neither that it is for training. */
const ORDER = ['trainval', 'test', 'val', 'train'];
const PART_OF: Readonly<Record<string, Part>> = {
  trainval: 'train',
  train: 'train',
  val: 'val',
  test: 'test',
};

/** Parts by the name of the image; and the lists that say so. */
async function readLists(
  tree: FolderTree,
  reader: FileReader,
): Promise<{ parts: Map<string, Part>; lists: string[] }> {
  const all = tree.files.filter((file) => LIST.test(file));
  const segmentation = all.filter((file) => /\/Segmentation\//i.test(file));
  const lists = segmentation.length > 0 ? segmentation : all;
  const rank = (file: string) => ORDER.indexOf(stemOf(file).toLowerCase());
  const parts = new Map<string, Part>();
  for (const file of lists.toSorted((a, b) => rank(a) - rank(b))) {
    const part = PART_OF[stemOf(file).toLowerCase()];
    for (const line of await readLines(resolve(tree.root, file), reader)) {
      const [name = ''] = line.trim().split(/\s+/);
      if (name !== '' && part !== undefined) parts.set(sameName(name), part);
    }
  }
  return { parts, lists };
}

export const vocLayout: FolderLayout = {
  format: 'voc',
  detect(tree) {
    const masks = tree.files.filter((file) => isImageName(file) && MASK.test(file)).length;
    const images = tree.files.some((file) => isImageName(file) && IMAGE.test(file));
    return masks > 0 && images
      ? `folders JPEGImages/ and SegmentationClass/ with ${counted(masks, 'mask')}`
      : undefined;
  },
  async read(tree, reader) {
    const { parts, lists } = await readLists(tree, reader);
    const classes = await readClassList(tree, reader);
    const objects = tree.files.filter((file) => OBJECTS.test(file));
    const objectsBy = new Map(objects.map((file) => [sameName(stemOf(file)), file]));
    const told = new Set([...lists, ...objects, ...(classes === undefined ? [] : [classes.file])]);
    const found = new Set<string>();
    const rest = { ...tree, files: tree.files.filter((file) => !told.has(file)) };
    const paired = pairFiles(rest, (file) => {
      const key = sameName(stemOf(file));
      if (MASK.test(file)) return { role: 'mask', keys: [key] };
      if (!IMAGE.test(file)) return undefined;
      const part = parts.get(key);
      if (part !== undefined) found.add(key);
      return { role: 'image', key, ...(part === undefined ? {} : { part }) };
    });
    const issues: ImportIssue[] = [];
    const items = paired.items.map((item): FoundItem => {
      const key = sameName(stemOf(item.path.replaceAll(sep, '/')));
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
    if (absent.length > 0) {
      const message = `${absent.length} names are listed without an image, such as ${absent[0] ?? ''}`;
      issues.push({ path: posix.dirname(lists[0] ?? ''), severity: 'skip', message });
    }
    return {
      items,
      issues: [...issues, ...paired.issues],
      rule: classes?.rule ?? null,
      imageClasses: [],
    };
  },
};
