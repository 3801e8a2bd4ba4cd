/** ISBI 2012 EM membranes: image/N.png with label/N.png, also inside train/ and test/; 255 is the inside of cells. */
import { posix } from 'node:path';
import { BACKGROUND } from '../../../shared/entities.ts';
import { namedClasses } from '../class-colors.ts';
import { partOfPath } from './folder-names.ts';
import { imageKey, pairFiles } from './pairing.ts';
import type { FolderLayout } from './plan.ts';

const IMAGE = /(^|\/)image\/\d+\.[^/]+$/;
const LABEL = /(^|\/)label\/\d+\.[^/]+$/;

export const isbiEmLayout: FolderLayout = {
  format: 'isbi-em',
  detect(tree) {
    const labels = tree.files.filter((file) => LABEL.test(file)).length;
    const images = tree.files.filter((file) => IMAGE.test(file)).length;
    // Many sets number their files; what is called membranes is this one.
    const named = [posix.basename(tree.root), ...tree.files].some((path) =>
      /isbi|membrane/i.test(path),
    );
    if (labels === 0 || images === 0 || !named) return undefined;
    return `folders image/ and label/ with ${labels} numbered masks`;
  },
  read(tree) {
    const paired = pairFiles(tree, (file) => {
      if (LABEL.test(file))
        return { role: 'mask', keys: [imageKey(file.replace(LABEL_FOLDER, '$1'))] };
      if (!IMAGE.test(file)) return undefined;
      const part = partOfPath(file);
      const key = imageKey(file.replace(IMAGE_FOLDER, '$1'));
      return { role: 'image', key, ...(part === undefined ? {} : { part }) };
    });
    return Promise.resolve({
      ...paired,
      rule: {
        entries: new Map([
          ['0', BACKGROUND],
          ['255', 1],
        ]),
        classes: namedClasses(['membrane', 'cell']),
        why: 'ISBI EM: 0 is membrane, 255 the inside of cells',
      },
      imageClasses: [],
    });
  },
};

const LABEL_FOLDER = /(^|\/)label\//;
const IMAGE_FOLDER = /(^|\/)image\//;
