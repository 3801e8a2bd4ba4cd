/**
 * The length of each object's outline, by what its border pixels have around them.
 *
 * Source: Benkrid and Crookes, "Design and FPGA Implementation of a Perimeter Estimator" (Queen's University of Belfast),
 * as scikit-image's `perimeter(image, neighborhood=4)` has it: a border pixel has a side towards what is not the object,
 * and its weight follows from how many border pixels lie at its sides (2 each) and corners (10 each).
 */
import type { NumberedPixels, ObjectRuns } from './object-runs.ts';

const STRAIGHT = 1;
const DIAGONAL = 2;
const BOTH = 3;

/** What a border pixel is, by 1 + 2 · sides + 10 · corners; others have no length. */
const KINDS = new Uint8Array(50);
for (const sum of [5, 7, 15, 17, 25, 27]) KINDS[sum] = STRAIGHT;
for (const sum of [21, 33]) KINDS[sum] = DIAGONAL;
for (const sum of [13, 23]) KINDS[sum] = BOTH;

/** The object of every border pixel of a row, else 0; one more to the left and to the right. */
function borderOf({ width, height, data }: NumberedPixels, y: number, into: Uint32Array): void {
  into.fill(0);
  if (y >= height) return;
  const row = y * width;
  const isEdge = y === 0 || y === height - 1;
  for (let x = 0; x < width; x++) {
    const i = row + x;
    const label = data[i] ?? 0;
    if (label === 0) continue;
    const isInside =
      !isEdge &&
      x > 0 &&
      x < width - 1 &&
      data[i - 1] === label &&
      data[i + 1] === label &&
      data[i - width] === label &&
      data[i + width] === label;
    if (!isInside) into[x + 1] = label;
  }
}

/** In pixels, of each of `runs.labels`. */
export function perimetersOf(map: NumberedPixels, { labels }: ObjectRuns): Float64Array {
  const { width, height } = map;
  const indexOf = new Map<number, number>();
  for (const [i, label] of labels.entries()) indexOf.set(label, i);
  const counts = new Uint32Array(labels.length * 4);
  let above = new Uint32Array(width + 2);
  let here = new Uint32Array(width + 2);
  let below = new Uint32Array(width + 2);
  borderOf(map, 0, below);
  let last = 0;
  let index = 0;
  for (let y = 0; y < height; y++) {
    [above, here, below] = [here, below, above];
    borderOf(map, y + 1, below);
    for (let x = 1; x <= width; x++) {
      const label = here[x] ?? 0;
      if (label === 0) continue;
      if (label !== last) {
        last = label;
        index = indexOf.get(label) ?? 0;
      }
      let sum = 1;
      if (here[x - 1] === label) sum += 2;
      if (here[x + 1] === label) sum += 2;
      if (above[x] === label) sum += 2;
      if (below[x] === label) sum += 2;
      if (above[x - 1] === label) sum += 10;
      if (above[x + 1] === label) sum += 10;
      if (below[x - 1] === label) sum += 10;
      if (below[x + 1] === label) sum += 10;
      const at = index * 4 + (KINDS[sum] ?? 0);
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  return Float64Array.from(labels, (_, i) => {
    const count = (kind: number) => counts[i * 4 + kind] ?? 0;
    return count(STRAIGHT) + count(DIAGONAL) * Math.SQRT2 + (count(BOTH) * (1 + Math.SQRT2)) / 2;
  });
}
