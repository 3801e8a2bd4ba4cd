/** The folder that masks of files are written into, with a list of them. Nothing that is there is touched unasked. */
import { join } from 'node:path';
import type { SegmentationClass } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import { counted } from '../../shared/number-format.ts';
import { encodeIndexPng } from '../data/encode.ts';
import { placeInside } from '../data/export/inside-folder.ts';
import { isThere, makeFolder, writeWholeSync } from '../data/write-file.ts';
import { type CsvValue, toCsv } from '../../shared/csv.ts';
import type { FileInput } from './prediction-files.ts';

/** Written beside the masks: which image each is of, and how sure whoever drew it was. */
const LIST_NAME = 'predictions.csv';

/** Before anything is computed. Errors: conflict, where some of these files are there. */
function assertNew(dir: string, names: readonly string[]): void {
  const there = names.filter((name) => isThere(join(dir, name)));
  const [first] = there;
  if (first === undefined) return;
  throw new AppError(
    'conflict',
    `${dir} holds ${counted(there.length, 'file')} that would be written, such as ${first}. Choose another folder, or have them replaced (--replace).`,
    { subject: dir },
  );
}

export interface MaskFolder {
  add(input: FileInput, map: LabelMap, uncertainty: number): void;
  /** Writes the list of what was added. */
  finish(): void;
}

/** Errors: conflict, where some of the masks are there and are not to be replaced; those of making a folder. */
export function openMaskFolder(
  dir: string,
  options: {
    readonly inputs: readonly FileInput[];
    readonly classes: readonly SegmentationClass[];
    readonly replace: boolean;
  },
): MaskFolder {
  const { inputs, classes, replace } = options;
  if (!replace) assertNew(dir, [LIST_NAME, ...inputs.map(({ mask }) => mask)]);
  makeFolder(dir);
  const write = (name: string, content: Uint8Array | string) =>
    writeWholeSync(placeInside(dir, name), content, { replace });
  const rows: CsvValue[][] = [];
  return {
    add({ name, pageNumber, mask }, map, uncertainty) {
      write(mask, encodeIndexPng(map, classes));
      rows.push([name, pageNumber, mask, uncertainty]);
    },
    finish: () => write(LIST_NAME, toCsv(['image', 'page', 'mask', 'uncertainty'], rows)),
  };
}
