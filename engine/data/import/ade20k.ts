/** ADE20K's scene parsing benchmark: images|annotations/training|validation/ADE_*; 1 … 150 are classes, 0 is ignored. */
import { posix, resolve } from 'node:path';
import { IGNORE } from '../../../shared/entities.ts';
import { namedClasses } from '../class-colors.ts';
import type { FileReader } from '../files.ts';
import { partOfPath } from './folder-names.ts';
import type { FolderTree } from './folder-tree.ts';
import { pairFiles } from './pairing.ts';
import type { FolderLayout } from './plan.ts';
import { readLines } from './text-file.ts';
import { counted } from '../../../shared/number-format.ts';

const IMAGE = /(?:^|\/)images\/((?:training|validation)\/ADE_[^/]+)\.[^/.]+$/;
const MASK = /(?:^|\/)annotations\/((?:training|validation)\/ADE_[^/]+)\.png$/;
const CLASSES = 150;
const LIST = 'objectInfo150.txt';

/** Lines "1 0.1576 11664 1172 1 wall, brick": number, shares and counts, whether it is stuff, names. */
async function readNames(
  tree: FolderTree,
  reader: FileReader,
): Promise<{ file: string | undefined; names: string[] }> {
  const file = tree.files.find((one) => posix.basename(one) === LIST);
  const names = Array.from({ length: CLASSES }, (_, i) => `class ${i + 1}`);
  if (file === undefined) return { file, names };
  for (const line of await readLines(resolve(tree.root, file), reader)) {
    const [, number, all] = /^\s*(\d+)(?:\s+[\d.]+)+\s+(\D.*)$/.exec(line) ?? [];
    const index = Number(number) - 1;
    if (all !== undefined && index in names) names[index] = all.split(/[,;]/)[0]?.trim() ?? all;
  }
  return { file, names };
}

export const ade20kLayout: FolderLayout = {
  format: 'ade20k',
  detect(tree) {
    const masks = tree.files.filter((file) => MASK.test(file)).length;
    return masks > 0
      ? `folders annotations/training|validation with ${counted(masks, 'mask')} ADE_*`
      : undefined;
  },
  async read(tree, reader) {
    const { file: list, names } = await readNames(tree, reader);
    const rest = { ...tree, files: tree.files.filter((file) => file !== list) };
    const paired = pairFiles(rest, (file) => {
      const mask = MASK.exec(file)?.[1];
      if (mask !== undefined) return { role: 'mask', keys: [mask] };
      const key = IMAGE.exec(file)?.[1];
      if (key === undefined) return undefined;
      const part = partOfPath(file);
      return { role: 'image', key, ...(part === undefined ? {} : { part }) };
    });
    const entries = new Map(names.map((_, i) => [String(i + 1), i + 1]));
    return {
      ...paired,
      rule: {
        entries: entries.set('0', IGNORE).set(String(IGNORE), IGNORE),
        classes: namedClasses(['background', ...names]),
        why: 'ADE20K: 1 to 150 are classes, 0 is none of them and ignored, as in its evaluation',
      },
      imageClasses: [],
    };
  },
};
