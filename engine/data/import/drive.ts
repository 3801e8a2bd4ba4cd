/** DRIVE: training|test/images/21_training.tif with 1st_manual/21_manual1.gif, 255 on vessels. */
import type { ImportIssue } from '../../../shared/api.ts';
import { BACKGROUND } from '../../../shared/entities.ts';
import { namedClasses } from '../class-colors.ts';
import { stemOf } from './folder-tree.ts';
import { partOfPath } from './folder-names.ts';
import { pairFiles } from './pairing.ts';
import type { FolderLayout } from './plan.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';

const IMAGE = /(^|\/)images\/\d+_[^/]+$/;
const TRUTH = /(^|\/)1st_manual\/\d+_[^/]+$/;

/** 'test/01': the part keeps test 01 and training 01 apart. */
const keyOf = (file: string) => `${partOfPath(file) ?? ''}/${stemOf(file).split('_', 1)[0] ?? ''}`;

export const driveLayout: FolderLayout = {
  format: 'drive',
  detect(tree) {
    const truths = tree.files.filter((file) => TRUTH.test(file)).length;
    return truths > 0 ? `a folder 1st_manual/ with ${counted(truths, 'mask')}` : undefined;
  },
  read(tree) {
    const paired = pairFiles(tree, (file) => {
      if (TRUTH.test(file)) return { role: 'mask', keys: [keyOf(file)] };
      if (!IMAGE.test(file)) return undefined;
      const part = partOfPath(file);
      return { role: 'image', key: keyOf(file), ...(part === undefined ? {} : { part }) };
    });
    const fieldOfView = tree.files.filter((file) => /(^|\/)mask\/[^/]+$/.test(file)).length;
    const issues: ImportIssue[] = [];
    if (fieldOfView > 0) {
      const message = `${counted(fieldOfView, 'mask')} of the field of view ${verbFor(fieldOfView, 'are')} left out: pixels outside it count as background`;
      issues.push({ path: 'mask', severity: 'info', message });
    }
    return Promise.resolve({
      items: paired.items,
      issues: [...paired.issues, ...issues],
      rule: {
        entries: new Map([
          ['0', BACKGROUND],
          ['255', 1],
        ]),
        classes: namedClasses(['background', 'vessel']),
        why: 'DRIVE: 255 is the vessel',
      },
      imageClasses: [],
    });
  },
};
