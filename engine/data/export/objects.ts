/** The objects of a label map as an export writes them: each with its class, the rectangle that holds it, and its outline. */
import { IGNORE } from '../../../shared/entities.ts';
import { type TracedBox, type TracedPart, traceParts } from '../../../shared/tracing.ts';
import type { ExportLabels } from './format.ts';

export interface ExportedObject {
  readonly classIndex: number;
  readonly box: TracedBox;
  readonly isInside: (x: number, y: number) => boolean;
  /** Its 4-connected parts with their holes. */
  readonly parts: () => readonly TracedPart[];
}

/** In the order in which rows meet them; together they have all labels. */
export function objectsIn({ labelMap, regions }: ExportLabels): ExportedObject[] {
  const { width, data } = labelMap;
  const numbers = regions();
  const boxes = boxesOf(numbers, width);
  return Array.from(boxes, ([number, box]) =>
    objectOf(box, {
      classIndex: data[box.y0 * width + box.at] ?? 0,
      isInside: (x, y) => numbers[y * width + x] === number,
    }),
  );
}

/** All ignored pixels of a label map as one; null where there are none. */
export function ignoredIn({ labelMap: { width, data } }: ExportLabels): ExportedObject | null {
  const ignored = data.map((value) => (value === IGNORE ? 1 : 0));
  const [box] = boxesOf(ignored, width).values();
  if (box === undefined) return null;
  return objectOf(box, {
    classIndex: IGNORE,
    isInside: (x, y) => ignored[y * width + x] === 1,
  });
}

const objectOf = (
  { x0, y0, x1, y1 }: TracedBox,
  of: Pick<ExportedObject, 'classIndex' | 'isInside'>,
): ExportedObject => ({
  ...of,
  box: { x0, y0, x1, y1 },
  parts: () => traceParts(of.isInside, { x0, y0, x1, y1 }),
});

interface Box {
  x0: number;
  readonly y0: number;
  x1: number;
  y1: number;
  /** Where its first row begins: a pixel of its own. */
  readonly at: number;
}

function boxesOf(numbers: Uint32Array | Uint8Array, width: number): Map<number, Box> {
  const boxes = new Map<number, Box>();
  for (let start = 0; start < numbers.length;) {
    const number = numbers[start] ?? 0;
    const row = Math.floor(start / width);
    let end = start + 1;
    while (end < (row + 1) * width && numbers[end] === number) end++;
    if (number !== 0) {
      const [x0, x1] = [start - row * width, end - row * width];
      const box = boxes.get(number);
      if (box === undefined) boxes.set(number, { x0, y0: row, x1, y1: row + 1, at: x0 });
      else {
        box.x0 = Math.min(box.x0, x0);
        box.x1 = Math.max(box.x1, x1);
        box.y1 = row + 1;
      }
    }
    start = end;
  }
  return boxes;
}

/** Lengths of runs in the rows of its rectangle, zeros first. */
export function runsOf({ box: { x0, y0, x1, y1 }, isInside }: ExportedObject): number[] {
  const runs: number[] = [];
  let [inside, length] = [false, 0];
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      if (isInside(x, y) === inside) length++;
      else {
        runs.push(length);
        [inside, length] = [!inside, 1];
      }
    }
  }
  return [...runs, length];
}
