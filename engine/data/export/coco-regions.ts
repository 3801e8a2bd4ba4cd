/** Objects of a label map with COCO's run lengths: what COCO and Datumaro write. */
import { cocoArea, cocoBox, compressCocoCounts, encodeCocoRuns } from '../../../shared/coco-rle.ts';
import { IGNORE, type SegmentationClass } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ExportLabels } from './format.ts';

export interface CocoRegion {
  readonly category_id: number;
  readonly iscrowd: 0 | 1;
  readonly area: number;
  readonly bbox: readonly number[];
  readonly segmentation: { readonly size: readonly [number, number]; readonly counts: string };
}

/**
 * Every object, in the order in which columns meet them, and all ignored pixels of an image as one crowd.
 * Errors: invalid-input, where pixels are ignored and there is no class that they could be a crowd of.
 */
export function cocoRegions(
  { labelMap, regions }: ExportLabels,
  { name, drawn }: { readonly name: string; readonly drawn: readonly SegmentationClass[] },
): CocoRegion[] {
  const { width, height, data } = labelMap;
  const size = [height, width] as const;
  const numbers = regions().slice();
  const classOf = new Map<number, number>();
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? 0;
    if (number === 0) continue;
    if (!classOf.has(number)) classOf.set(number, data[i] ?? 0);
  }
  // The lowest that no object has: behind the largest there may be none.
  let crowd = 1;
  while (classOf.has(crowd)) crowd++;
  for (let i = 0; i < numbers.length; i++) if (data[i] === IGNORE) numbers[i] = crowd;
  return Array.from(encodeCocoRuns(numbers, size), ([number, counts]) => {
    const value = classOf.get(number);
    const category = value ?? drawn[0]?.index;
    if (category === undefined) {
      throw new AppError(
        'invalid-input',
        `"${name}" has ignored pixels but no class beside the background, and COCO cannot say that. Add a class first.`,
      );
    }
    return {
      category_id: category,
      iscrowd: value === undefined ? 1 : 0,
      area: cocoArea(counts),
      bbox: cocoBox(counts, size),
      segmentation: { size, counts: compressCocoCounts(counts) },
    };
  });
}
