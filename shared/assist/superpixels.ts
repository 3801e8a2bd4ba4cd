/**
 * Patches of one colour each: pixels join the nearest of the middles around them, near by colour and by place, and middles
 * move to where their pixels are (SLIC: Achanta et al., TPAMI 34, 2012; how much colour counts against place is found for
 * each patch from its own spread, their SLICO). What comes apart joins a neighbour.
 */
import type { LabImage } from './lab-image.ts';
import type { SeedGrid } from './seed-grid.ts';

const ROUNDS = 5;
/** Squared distance in CIELAB within a patch, before anything is known of it. */
const FIRST_SPREAD = 100;
/** Less is noise. */
const LEAST_SPREAD = 9;
/** A part below this share of a cell is no patch of its own. */
const LEAST_OF_CELL = 1 / 6;

/** Number of the patch of each pixel, from 0. [height · width] */
export function superpixels(lab: LabImage, grid: SeedGrid): Int32Array<ArrayBuffer> {
  const { width, height, l, a, b } = lab;
  const { columns, rows, sizePx } = grid;
  const count = columns * rows;
  const middles = {
    x: new Float64Array(count),
    y: new Float64Array(count),
    l: new Float64Array(count),
    a: new Float64Array(count),
    b: new Float64Array(count),
  };
  const inside = (value: number, side: number) =>
    Math.min(side - 1, Math.max(0, Math.floor(value)));
  const owners = new Int32Array(width * height);
  for (let row = 0, k = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, k++) {
      const x = inside(grid.x + column * sizePx, width);
      const y = inside(grid.y + row * sizePx, height);
      const at = y * width + x;
      middles.x[k] = x;
      middles.y[k] = y;
      middles.l[k] = l[at] ?? 0;
      middles.a[k] = a[at] ?? 0;
      middles.b[k] = b[at] ?? 0;
    }
  }
  // Whom no middle reaches stays in its own cell.
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.min(rows - 1, Math.max(0, Math.round((y - grid.y) / sizePx)));
    for (let x = 0; x < width; x++, at++) {
      const column = Math.min(columns - 1, Math.max(0, Math.round((x - grid.x) / sizePx)));
      owners[at] = row * columns + column;
    }
  }
  const spread = new Float64Array(count).fill(FIRST_SPREAD);
  const nearest = new Float32Array(width * height);
  const colour = new Float32Array(width * height);
  for (let round = 0; round < ROUNDS; round++) {
    nearest.fill(Infinity);
    for (let k = 0; k < count; k++) {
      const [mx, my] = [middles.x[k] ?? 0, middles.y[k] ?? 0];
      const [ml, ma, mb] = [middles.l[k] ?? 0, middles.a[k] ?? 0, middles.b[k] ?? 0];
      const byColour = 1 / (spread[k] ?? FIRST_SPREAD);
      const byPlace = 1 / (sizePx * sizePx);
      const x0 = Math.max(0, Math.ceil(mx - sizePx));
      const x1 = Math.min(width, Math.floor(mx + sizePx) + 1);
      const y1 = Math.min(height, Math.floor(my + sizePx) + 1);
      for (let y = Math.max(0, Math.ceil(my - sizePx)); y < y1; y++) {
        const far = (y - my) * (y - my);
        for (let x = x0, at = y * width + x0; x < x1; x++, at++) {
          const dl = (l[at] ?? 0) - ml;
          const da = (a[at] ?? 0) - ma;
          const db = (b[at] ?? 0) - mb;
          const apart = dl * dl + da * da + db * db;
          const distance = apart * byColour + ((x - mx) * (x - mx) + far) * byPlace;
          if (distance < (nearest[at] ?? 0)) {
            nearest[at] = distance;
            colour[at] = apart;
            owners[at] = k;
          }
        }
      }
    }
    move(lab, { owners, middles, colour, spread, isFirst: round === 0, reached: nearest });
  }
  return whole(owners, { width, height, least: sizePx * sizePx * LEAST_OF_CELL });
}

/** Middles go to where their pixels are; how far colours lie apart in a patch is the most that was seen in it. */
function move(
  { width, l, a, b }: LabImage,
  options: {
    readonly owners: Int32Array;
    readonly middles: Readonly<Record<'x' | 'y' | 'l' | 'a' | 'b', Float64Array>>;
    readonly colour: Float32Array;
    readonly spread: Float64Array;
    readonly isFirst: boolean;
    /** Infinity where no middle came near. */
    readonly reached: Float32Array;
  },
): void {
  const { owners, middles, colour, spread, isFirst, reached } = options;
  const pixels = new Int32Array(spread.length);
  if (isFirst) spread.fill(LEAST_SPREAD);
  for (const sums of Object.values(middles)) sums.fill(0);
  for (let at = 0, x = 0, y = 0; at < owners.length; at++) {
    const k = owners[at] ?? 0;
    pixels[k] = (pixels[k] ?? 0) + 1;
    middles.x[k] = (middles.x[k] ?? 0) + x;
    middles.y[k] = (middles.y[k] ?? 0) + y;
    middles.l[k] = (middles.l[k] ?? 0) + (l[at] ?? 0);
    middles.a[k] = (middles.a[k] ?? 0) + (a[at] ?? 0);
    middles.b[k] = (middles.b[k] ?? 0) + (b[at] ?? 0);
    const apart = colour[at] ?? 0;
    if (apart > (spread[k] ?? 0) && (reached[at] ?? 0) < Infinity) spread[k] = apart;
    if (++x === width) {
      x = 0;
      y++;
    }
  }
  for (const sums of Object.values(middles)) {
    // One that lost all its pixels to others reaches nothing any more.
    for (let k = 0; k < sums.length; k++) sums[k] = (sums[k] ?? 0) / (pixels[k] ?? 0);
  }
}

/** Connected parts, numbered in reading order; small ones are of the part that was met before them. */
function whole(
  owners: Int32Array,
  { width, height, least }: { readonly width: number; readonly height: number; least: number },
): Int32Array<ArrayBuffer> {
  const numbers = new Int32Array(owners.length).fill(-1);
  const part = new Int32Array(owners.length);
  let count = 0;
  for (let start = 0; start < owners.length; start++) {
    if (numbers[start] !== -1) continue;
    const owner = owners[start] ?? 0;
    const left = start % width === 0 ? -1 : (numbers[start - 1] ?? -1);
    const before = left >= 0 ? left : start >= width ? (numbers[start - width] ?? -1) : -1;
    let end = 0;
    part[end++] = start;
    numbers[start] = count;
    for (let i = 0; i < end; i++) {
      const at = part[i] ?? 0;
      const x = at % width;
      const near = [
        x > 0 ? at - 1 : -1,
        x + 1 < width ? at + 1 : -1,
        at - width,
        at + width < width * height ? at + width : -1,
      ];
      for (const next of near) {
        if (next < 0 || numbers[next] !== -1 || owners[next] !== owner) continue;
        numbers[next] = count;
        part[end++] = next;
      }
    }
    if (end < least && before >= 0) {
      for (let i = 0; i < end; i++) numbers[part[i] ?? 0] = before;
    } else count++;
  }
  return numbers;
}
