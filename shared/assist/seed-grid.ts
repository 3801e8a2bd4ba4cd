/** Seeds of patches, at the same places of an image whichever part of it is cut up. */

/** Where the seeds of a grid of the image lie in a part of it, in pixels of the part; at least one. */
export interface SeedGrid {
  readonly columns: number;
  readonly rows: number;
  /** Middle of the first cell, and from one to the next. */
  readonly x: number;
  readonly y: number;
  readonly sizePx: number;
}

/** Along one side: how many cells of the image's grid have their middle in the part, and where the first one lies. */
function along(from: number, length: number, sizePx: number): { first: number; count: number } {
  const cell = Math.ceil(from / sizePx - 0.5);
  const first = (cell + 0.5) * sizePx - from;
  const count = Math.ceil((length - first) / sizePx);
  return count >= 1 ? { first, count } : { first: length / 2, count: 1 };
}

/** `left`, `top`: where the part begins in the image. */
export function seedsOf(part: {
  readonly width: number;
  readonly height: number;
  readonly sizePx: number;
  readonly left: number;
  readonly top: number;
}): SeedGrid {
  const { width, height, sizePx, left, top } = part;
  const [across, down] = [along(left, width, sizePx), along(top, height, sizePx)];
  return { columns: across.count, rows: down.count, x: across.first, y: down.first, sizePx };
}
