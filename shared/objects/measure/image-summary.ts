/** What is counted of one image as a whole: objects and covered area, by class. */
import type { LabelMap } from '../../label-map.ts';
import { IGNORE } from '../../entities.ts';
import type { MeasuredObjects } from './measure-objects.ts';

export interface ClassSummary {
  readonly classIndex: number;
  readonly objects: number;
  /** All pixels of the class, of an object or not. */
  readonly areaPx: number;
  /** Of the pixels that count: without those of IGNORE. NaN where none does. */
  readonly share: number;
}

export function summaryOf(
  map: LabelMap,
  {
    measured,
    classes,
  }: {
    readonly measured: Pick<MeasuredObjects, 'classes'>;
    readonly classes: readonly number[];
  },
): readonly ClassSummary[] {
  const pixels = new Float64Array(256);
  for (let i = 0; i < map.data.length; i++) {
    const value = map.data[i] ?? 0;
    pixels[value] = (pixels[value] ?? 0) + 1;
  }
  const objects = new Float64Array(256);
  for (const value of measured.classes) objects[value] = (objects[value] ?? 0) + 1;
  const counted = map.data.length - (pixels[IGNORE] ?? 0);
  return classes.map((classIndex) => ({
    classIndex,
    objects: objects[classIndex] ?? 0,
    areaPx: pixels[classIndex] ?? 0,
    share: (pixels[classIndex] ?? 0) / counted,
  }));
}
