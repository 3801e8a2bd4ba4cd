/** CamVid as SegNet distributes it: train, trainannot, val, valannot, test, testannot; index PNG, 11 is void. */
import { posix } from 'node:path';
import { IGNORE, Part } from '../../../shared/entities.ts';
import { namedClasses } from '../class-colors.ts';
import { imageKey, pairFiles } from './pairing.ts';
import type { FolderLayout } from './plan.ts';
import { counted } from '../../../shared/number-format.ts';

const CLASSES = [
  'sky',
  'building',
  'pole',
  'road',
  'pavement',
  'tree',
  'sign',
  'fence',
  'car',
  'pedestrian',
  'bicyclist',
];
const VOID = CLASSES.length;
const ANNOTATION = /(^|\/)(train|val|test)annot\/[^/]+$/;

export const camvidLayout: FolderLayout = {
  format: 'camvid',
  detect(tree) {
    const masks = tree.files.filter((file) => ANNOTATION.test(file)).length;
    return masks > 0 ? `folders like trainannot/ with ${counted(masks, 'mask')}` : undefined;
  },
  read(tree) {
    const paired = pairFiles(tree, (file) => {
      if (ANNOTATION.test(file))
        return { role: 'mask', keys: [imageKey(file.replace('annot/', '/'))] };
      const part = Part.safeParse(posix.basename(posix.dirname(file)));
      return part.success ? { role: 'image', key: imageKey(file), part: part.data } : undefined;
    });
    const entries = new Map(CLASSES.map((_, index) => [String(index), index]));
    return Promise.resolve({
      ...paired,
      rule: {
        entries: entries.set(String(VOID), IGNORE),
        classes: namedClasses(CLASSES),
        why: 'CamVid: 0 to 10 are classes, 11 is void and ignored',
      },
      imageClasses: [],
    });
  },
};
