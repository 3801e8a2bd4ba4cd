/** The pixels of an object map, run by run and gathered by object: what every measurement of a shape reads. */
import { AppError } from '../../errors.ts';

const tooManyObjects = (most: number) =>
  new AppError(
    'invalid-input',
    `There are more than ${most} objects left to measure, which is more than this computer can hold at once. Measure fewer images: copy some to a dataset of their own (graft images copy); or remove specks from the labels first.`,
  );

/** Object numbers, row-major: 0 where no object is. */
export interface NumberedPixels {
  readonly width: number;
  readonly height: number;
  /** [height · width] */
  readonly data: Uint32Array;
}

export interface ObjectRuns {
  readonly width: number;
  readonly height: number;
  /** Numbers that occur, ascending, without 0. [objects] */
  readonly labels: Uint32Array;
  /** First run of each object, and the end of the last: [objects + 1]. Runs of an object stand in row-major order. */
  readonly first: Int32Array;
  /** Row, first column and the column after the last one of each run. [runs] */
  readonly row: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Every run of one object within a row, in row-major order. */
function forEachRun(
  { width, height, data }: NumberedPixels,
  visit: (label: number, start: number, end: number) => void,
): void {
  for (let y = 0; y < height; y++) {
    const end = (y + 1) * width;
    for (let i = y * width; i < end;) {
      const label = data[i] ?? 0;
      const start = i++;
      while (i < end && data[i] === label) i++;
      if (label !== 0) visit(label, start, i);
    }
  }
}

/**
 * Time and memory grow with the runs, but for one look at every pixel.
 * Errors: invalid-input, where there are more objects than `most`.
 */
export function objectRuns(map: NumberedPixels, most = Infinity): ObjectRuns {
  const { width, height } = map;
  const counts = new Map<number, number>();
  forEachRun(map, (label) => {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    if (counts.size > most) throw tooManyObjects(most);
  });
  const labels = Uint32Array.from(counts.keys()).sort();
  const first = new Int32Array(labels.length + 1);
  const indexOf = new Map<number, number>();
  for (const [i, label] of labels.entries()) {
    indexOf.set(label, i);
    first[i + 1] = (first[i] ?? 0) + (counts.get(label) ?? 0);
  }
  const total = first[labels.length] ?? 0;
  const row = new Int32Array(total);
  const from = new Int32Array(total);
  const to = new Int32Array(total);
  const next = first.slice(0, labels.length);
  forEachRun(map, (label, start, end) => {
    const object = indexOf.get(label) ?? 0;
    const at = next[object] ?? 0;
    next[object] = at + 1;
    const y = Math.floor(start / width);
    row[at] = y;
    from[at] = start - y * width;
    to[at] = end - y * width;
  });
  return { width, height, labels, first, row, from, to };
}
