/** Objects as numbers of pixels, as formats with a number an object want them. */
import { IGNORE } from '../../../shared/entities.ts';
import type { ExportLabels } from './format.ts';

/** The largest value of 16 bits is what some readers ignore. */
const MOST_OF_16_BITS = 65_534;

export interface ObjectNumbers {
  readonly width: number;
  readonly height: number;
  /** 0: of none. [height, width] */
  readonly data: Uint16Array | Uint32Array;
}

/** 1, 2, … in the order in which rows meet them: of 16 bits, and of 32 where there are too many for these. */
export function objectNumbers({
  labelMap,
  objects,
}: Pick<ExportLabels, 'labelMap' | 'objects'>): ObjectNumbers {
  const { width, height, data } = labelMap;
  const numbers = objects();
  const numberOf = new Map<number, number>([[0, 0]]);
  for (const number of numbers) if (!numberOf.has(number)) numberOf.set(number, numberOf.size);
  const isWide = numberOf.size - 1 > MOST_OF_16_BITS;
  const out = isWide ? new Uint32Array(data.length) : new Uint16Array(data.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = data[i] === IGNORE ? 0 : (numberOf.get(numbers[i] ?? 0) ?? 0);
  }
  return { width, height, data: out };
}
