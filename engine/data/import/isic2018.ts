/** ISIC 2018 task 1: …_Input/ISIC_*.jpg and …_GroundTruth/ISIC_*_segmentation.png, one pair of folders a part. */
import type { Part } from '../../../shared/entities.ts';
import { BACKGROUND } from '../../../shared/entities.ts';
import { namedClasses } from '../class-colors.ts';
import { stemOf } from './folder-tree.ts';
import { pairFiles } from './pairing.ts';
import type { FolderLayout } from './plan.ts';
import { counted } from '../../../shared/number-format.ts';

const INPUT = /(^|\/)ISIC[^/]*_Input\/(ISIC_[^/]+)$/;
const TRUTH = /(^|\/)ISIC[^/]*_GroundTruth\/(ISIC_[^/]+)_segmentation\.[^/]+$/;

function partOf(file: string): Part | undefined {
  if (file.includes('_Training_')) return 'train';
  if (file.includes('_Validation_')) return 'val';
  return file.includes('_Test_') ? 'test' : undefined;
}

export const isic2018Layout: FolderLayout = {
  format: 'isic2018',
  detect(tree) {
    const truths = tree.files.filter((file) => TRUTH.test(file)).length;
    return truths > 0
      ? `${counted(truths, 'file')} ISIC_*_segmentation in a folder …_GroundTruth`
      : undefined;
  },
  read(tree) {
    const paired = pairFiles(tree, (file) => {
      const truth = TRUTH.exec(file)?.[2];
      if (truth !== undefined) return { role: 'mask', keys: [truth] };
      if (!INPUT.test(file)) return undefined;
      const part = partOf(file);
      return { role: 'image', key: stemOf(file), ...(part === undefined ? {} : { part }) };
    });
    return Promise.resolve({
      ...paired,
      rule: {
        entries: new Map([
          ['0', BACKGROUND],
          ['255', 1],
        ]),
        classes: namedClasses(['background', 'lesion']),
        why: 'ISIC 2018: 255 is the lesion',
      },
      imageClasses: [],
    });
  },
};
