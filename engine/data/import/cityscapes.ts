/** Cityscapes: leftImg8bit/PART/CITY/X_leftImg8bit.png with gtFine/PART/CITY/X_gtFine_labelIds.png, or …_labelTrainIds.png. */
import { IGNORE } from '../../../shared/entities.ts';
import { namedClasses } from '../class-colors.ts';
import { partOfPath } from './folder-names.ts';
import { pairFiles } from './pairing.ts';
import type { FolderLayout } from './plan.ts';
import { counted } from '../../../shared/number-format.ts';

const IMAGE = /(?:^|\/)leftImg8bit\/(.+)_leftImg8bit\.[^/.]+$/;
const MASK = /(?:^|\/)gtFine\/(.+)_gtFine_(labelIds|labelTrainIds)\.[^/.]+$/;

/** The classes that are trained on, by their id in labelIds. */
const CLASSES = new Map([
  [7, 'road'],
  [8, 'sidewalk'],
  [11, 'building'],
  [12, 'wall'],
  [13, 'fence'],
  [17, 'pole'],
  [19, 'traffic light'],
  [20, 'traffic sign'],
  [21, 'vegetation'],
  [22, 'terrain'],
  [23, 'sky'],
  [24, 'person'],
  [25, 'rider'],
  [26, 'car'],
  [27, 'truck'],
  [28, 'bus'],
  [31, 'train'],
  [32, 'motorcycle'],
  [33, 'bicycle'],
]);
const LAST_ID = 33;

/** Values of either kind of mask. */
function entriesOf(kind: 'labelIds' | 'labelTrainIds'): Map<string, number> {
  const ids = [...CLASSES.keys()];
  const entries = new Map<string, number>([[String(IGNORE), IGNORE]]);
  if (kind === 'labelTrainIds') ids.forEach((_, index) => entries.set(String(index), index));
  else {
    for (let id = 0; id <= LAST_ID; id++) {
      const index = ids.indexOf(id);
      entries.set(String(id), index < 0 ? IGNORE : index);
    }
  }
  return entries;
}

export const cityscapesLayout: FolderLayout = {
  format: 'cityscapes',
  detect(tree) {
    const masks = tree.files.filter((file) => MASK.test(file)).length;
    return masks > 0 && tree.files.some((file) => IMAGE.test(file))
      ? `folders leftImg8bit/ and gtFine/ with ${counted(masks, 'mask')}`
      : undefined;
  },
  read(tree) {
    // Both kinds say the same; two masks of one image would be one too many.
    const kind = tree.files.some((file) => MASK.exec(file)?.[2] === 'labelIds')
      ? 'labelIds'
      : 'labelTrainIds';
    const paired = pairFiles(tree, (file) => {
      const [, key, its] = MASK.exec(file) ?? [];
      if (key !== undefined) return its === kind ? { role: 'mask', keys: [key] } : undefined;
      const image = IMAGE.exec(file)?.[1];
      if (image === undefined) return undefined;
      const part = partOfPath(file);
      return { role: 'image', key: image, ...(part === undefined ? {} : { part }) };
    });
    return Promise.resolve({
      ...paired,
      rule: {
        entries: entriesOf(kind),
        classes: namedClasses([...CLASSES.values()]),
        why: `Cityscapes' ${kind}: its 19 classes, everything else is ignored`,
      },
      imageClasses: [],
    });
  },
};
