/**
 * Patches between edges: water rises over the gradient of the image from one place in each cell of a grid, the flattest
 * one near its middle, and patches meet where waters do (a watershed by flooding, Meyer 1994; from a grid, with a gradient
 * that rises with the distance from the cell's middle: waterpixels, Machairas et al., IEEE TIP 24, 2015).
 */
import type { LabImage } from './lab-image.ts';
import type { SeedGrid } from './seed-grid.ts';

const LEVELS = 256;
/** Levels that a doubling of the gradient is worth, and the gradient (CIELAB a pixel) below which all is flat. */
const A_DOUBLING = 24;
const FLAT = 1 / 16;
/** Levels that the water has to rise a cell's side away from its middle. */
const A_CELL = 24;
/** A source lies within this share of the cell around its middle. */
const SOURCE_WITHIN = 0.5;

/** Binomial, 1 4 6 4 1 over 16, along both sides; beyond the edges a plane goes on as it ends. */
function smoothed(plane: Float32Array, width: number, height: number): Float32Array {
  const across = new Float32Array(plane.length);
  const last = width - 1;
  for (let y = 0, row = 0; y < height; y++, row += width) {
    for (let x = 0; x < width; x++) {
      const outer =
        (plane[row + Math.max(0, x - 2)] ?? 0) + (plane[row + Math.min(last, x + 2)] ?? 0);
      const inner =
        (plane[row + Math.max(0, x - 1)] ?? 0) + (plane[row + Math.min(last, x + 1)] ?? 0);
      across[row + x] = (outer + 4 * inner + 6 * (plane[row + x] ?? 0)) / 16;
    }
  }
  const out = new Float32Array(plane.length);
  for (let y = 0, at = 0; y < height; y++) {
    const rowAt = (away: number) => Math.min(height - 1, Math.max(0, y + away)) * width;
    const [above2, above, below, below2] = [rowAt(-2), rowAt(-1), rowAt(1), rowAt(2)];
    for (let x = 0; x < width; x++, at++) {
      const outer = (across[above2 + x] ?? 0) + (across[below2 + x] ?? 0);
      const inner = (across[above + x] ?? 0) + (across[below + x] ?? 0);
      out[at] = (outer + 4 * inner + 6 * (across[at] ?? 0)) / 16;
    }
  }
  return out;
}

/** How steep each pixel is, as a level: every doubling is as many. [height · width] */
function steepness({ width, height, l, a, b }: LabImage): Uint8Array {
  const planes = [l, a, b].map((plane) => smoothed(plane, width, height));
  const out = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const up = y > 0 ? -width : 0;
    const down = y + 1 < height ? width : 0;
    for (let x = 0; x < width; x++, at++) {
      const left = x > 0 ? -1 : 0;
      const right = x + 1 < width ? 1 : 0;
      let squares = 0;
      for (const plane of planes) {
        const dx = ((plane[at + right] ?? 0) - (plane[at + left] ?? 0)) / 2;
        const dy = ((plane[at + down] ?? 0) - (plane[at + up] ?? 0)) / 2;
        squares += dx * dx + dy * dy;
      }
      out[at] = Math.min(
        LEVELS - 1,
        Math.round(A_DOUBLING * Math.log2(1 + Math.sqrt(squares) / FLAT)),
      );
    }
  }
  return out;
}

/** Number of the patch of each pixel, from 0: one a cell. [height · width] */
export function waterpixels(lab: LabImage, grid: SeedGrid): Int32Array<ArrayBuffer> {
  const { width, height } = lab;
  const { columns, rows, sizePx } = grid;
  const steep = steepness(lab);
  const numbers = new Int32Array(width * height).fill(-1);
  // Pixels that wait at each level, first come first served: the next one of each, the first and the last of a level.
  const next = new Int32Array(width * height).fill(-1);
  const heads = new Int32Array(LEVELS).fill(-1);
  const tails = new Int32Array(LEVELS).fill(-1);
  let level = LEVELS - 1;
  const middleOf = (number: number) => ({
    x: grid.x + (number % columns) * sizePx,
    y: grid.y + Math.floor(number / columns) * sizePx,
  });
  const wait = (at: number, number: number, lowest: number) => {
    const column = number % columns;
    const py = Math.floor(at / width);
    const dx = at - py * width - (grid.x + column * sizePx);
    const dy = py - (grid.y + ((number - column) / columns) * sizePx);
    const far = Math.sqrt(dx * dx + dy * dy) / sizePx;
    const own = Math.min(LEVELS - 1, Math.round((steep[at] ?? 0) + A_CELL * far));
    const to = Math.max(lowest, own);
    numbers[at] = number;
    const last = tails[to] ?? -1;
    if (last < 0) heads[to] = at;
    else next[last] = at;
    tails[to] = at;
    level = Math.min(level, to);
  };
  for (let number = 0; number < columns * rows; number++) {
    wait(sourceOf(middleOf(number), { steep, width, height, sizePx }), number, 0);
  }
  while (level < LEVELS) {
    const at = heads[level] ?? -1;
    if (at < 0) {
      level++;
      continue;
    }
    heads[level] = next[at] ?? -1;
    if (heads[level] === -1) tails[level] = -1;
    const number = numbers[at] ?? 0;
    const x = at % width;
    const lowest = level;
    if (x > 0 && numbers[at - 1] === -1) wait(at - 1, number, lowest);
    if (x + 1 < width && numbers[at + 1] === -1) wait(at + 1, number, lowest);
    if (at >= width && numbers[at - width] === -1) wait(at - width, number, lowest);
    if (at + width < numbers.length && numbers[at + width] === -1) wait(at + width, number, lowest);
  }
  return numbers;
}

/** The flattest pixel near the middle of a cell, the nearest to it where several are. */
function sourceOf(
  middle: { readonly x: number; readonly y: number },
  {
    steep,
    width,
    height,
    sizePx,
  }: { steep: Uint8Array; width: number; height: number; sizePx: number },
): number {
  const inside = (value: number, side: number) =>
    Math.min(side - 1, Math.max(0, Math.floor(value)));
  const reach = (sizePx * SOURCE_WITHIN) / 2;
  const [x0, x1] = [inside(middle.x - reach, width), inside(middle.x + reach, width)];
  const [y0, y1] = [inside(middle.y - reach, height), inside(middle.y + reach, height)];
  let best = inside(middle.y, height) * width + inside(middle.x, width);
  let bestSteep = steep[best] ?? 0;
  let bestFar = 0;
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const own = steep[y * width + x] ?? 0;
      const far = Math.hypot(x - middle.x, y - middle.y);
      if (own > bestSteep || (own === bestSteep && far >= bestFar)) continue;
      best = y * width + x;
      bestSteep = own;
      bestFar = far;
    }
  }
  return best;
}
