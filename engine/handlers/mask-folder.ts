/**
 * The folder that masks of files are written into, and numbers of objects where a network tells them apart, with a list of
 * them. Nothing that is there is touched unasked.
 */
import { join } from 'node:path';
import type { SegmentationClass } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import { counted } from '../../shared/number-format.ts';
import { NO_OBJECT, type ObjectMap } from '../../shared/objects/object-map.ts';
import { encodeIndexPng } from '../data/encode.ts';
import { encodeTiff } from '../data/encode-tiff.ts';
import { placeInside } from '../data/export/inside-folder.ts';
import { objectNumbers } from '../data/export/object-numbers.ts';
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

/** Beside the masks, in folders and under names like theirs. */
const numbersName = (mask: string) => `objects/${mask.replace(/\.png$/, '.tif')}`;

interface PredictedFile {
  readonly map: LabelMap;
  readonly uncertainty: number;
  /** null: there is none. Written where the folder is opened for objects. */
  readonly objects: ObjectMap | null;
}

export interface MaskFolder {
  add(input: FileInput, predicted: PredictedFile): void;
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
    /** Whether numbers of objects are written as well, as label TIFF (engine/data/export/label-tiff.ts). */
    readonly objects: boolean;
  },
): MaskFolder {
  const { inputs, classes, replace, objects: isTold } = options;
  const masks = inputs.map(({ mask }) => mask);
  if (!replace) assertNew(dir, [LIST_NAME, ...masks, ...(isTold ? masks.map(numbersName) : [])]);
  makeFolder(dir);
  const write = (name: string, content: Uint8Array | string) =>
    writeWholeSync(placeInside(dir, name), content, { replace });
  const rows: CsvValue[][] = [];
  return {
    add({ name, pageNumber, mask }, { map, uncertainty, objects }) {
      write(mask, encodeIndexPng(map, classes));
      const row: CsvValue[] = [name, pageNumber, mask, uncertainty];
      if (isTold) {
        const data = objects?.data ?? new Uint32Array(map.data.length);
        const numbers = objectNumbers({ labelMap: map, objects: () => data });
        write(numbersName(mask), encodeTiff({ ...numbers, channels: 1 }));
        const found = new Set(data);
        found.delete(NO_OBJECT);
        row.push(numbersName(mask), found.size);
      }
      rows.push(row);
    },
    finish() {
      const ofObjects = isTold ? ['objects', 'objectCount'] : [];
      write(LIST_NAME, toCsv(['image', 'page', 'mask', 'uncertainty', ...ofObjects], rows));
    },
  };
}
