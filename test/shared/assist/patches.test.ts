import { describe, expect, it } from 'vitest';
import {
  PATCH_KINDS,
  type PatchKind,
  type Patches,
  patchesOf,
} from '../../../shared/assist/patches.ts';
import { createRandom } from '../../../shared/random.ts';

const WIDTH = 72;
const HEIGHT = 60;
const grey = (value: number) => (0xff000000 | (value << 16) | (value << 8) | value) >>> 0;

/** A bright disc of 30 px on noise. */
const random = createRandom(1, 'disc');
const isDisc = (x: number, y: number) => Math.hypot(x - 35, y - 30) < 15;
const disc = Uint32Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
  grey((isDisc(i % WIDTH, Math.floor(i / WIDTH)) ? 160 : 80) + random.below(12)),
);

const cutUp = (
  kind: PatchKind,
  options: { colors?: Uint32Array<ArrayBuffer>; sizePx?: number; left?: number } = {},
): Patches =>
  patchesOf({
    ...{ kind, width: WIDTH, height: HEIGHT, colors: options.colors ?? disc },
    ...{ sizePx: options.sizePx ?? 10, left: options.left ?? 0, top: 0 },
  });

/** Parts that hang together by sides, and the patch of each. */
function partsOf(numbers: Int32Array): number[] {
  const seen = new Uint8Array(numbers.length);
  const parts: number[] = [];
  numbers.forEach((number, start) => {
    if (seen[start] === 1) return;
    parts.push(number);
    const open = [start];
    seen[start] = 1;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const x = at % WIDTH;
      for (const next of [x > 0 ? at - 1 : -1, x + 1 < WIDTH ? at + 1 : -1, at - WIDTH, at + WIDTH])
        if (numbers[next] === number && seen[next] === 0) {
          seen[next] = 1;
          open.push(next);
        }
    }
  });
  return parts;
}

describe.each(PATCH_KINDS)('patches by "%s"', (kind) => {
  it('cover every pixel, each in one piece, and keep to the edges of a disc', () => {
    const { numbers, boxes, shades } = cutUp(kind);
    const count = shades.length;
    expect(partsOf(numbers).sort((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    expect(count).toBeGreaterThan(25);
    expect(boxes.length).toBe(4 * count);
    const inside = new Float64Array(count);
    const all = new Float64Array(count);
    numbers.forEach((number, i) => {
      all[number] = (all[number] ?? 0) + 1;
      if (isDisc(i % WIDTH, Math.floor(i / WIDTH))) inside[number] = (inside[number] ?? 0) + 1;
    });
    // Painted by the patch: pixels that are on the wrong side of the edge.
    let wrong = 0;
    all.forEach((pixels, i) => (wrong += Math.min(inside[i] ?? 0, pixels - (inside[i] ?? 0))));
    expect(wrong / (Math.PI * 15 ** 2)).toBeLessThan(0.06);
  });

  it('have another shade than their neighbours, and boxes that hold them', () => {
    const { numbers, boxes, shades } = cutUp(kind);
    for (let y = 0, at = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++, at++) {
        const own = numbers[at] ?? 0;
        for (const next of [
          x + 1 < WIDTH ? numbers[at + 1] : own,
          y + 1 < HEIGHT ? numbers[at + WIDTH] : own,
        ]) {
          if (next !== own && shades[next ?? 0] === shades[own]) expect.fail(`at ${x}, ${y}`);
        }
        const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = boxes.subarray(4 * own, 4 * own + 4);
        if (x < x0 || x >= x1 || y < y0 || y >= y1) expect.fail(`box of ${own}`);
      }
    }
  });

  it('are squares of the grid of the image where all is of one colour', () => {
    const colors = new Uint32Array(WIDTH * HEIGHT).fill(grey(90));
    const { numbers, shades } = cutUp(kind, { colors, sizePx: 12 });
    const sizes = new Float64Array(shades.length);
    for (const number of numbers) sizes[number] = (sizes[number] ?? 0) + 1;
    expect(sizes).toHaveLength(30);
    for (const size of sizes) expect(Math.abs(size - 144)).toBeLessThan(80);
    expect(cutUp(kind, { colors, sizePx: 12, left: 24 }).numbers).toEqual(numbers);
    expect(cutUp(kind, { colors, sizePx: 12, left: 5 }).numbers).not.toEqual(numbers);
  });

  it('are the same for the same image, and one where it is smaller than a patch', () => {
    expect(cutUp(kind)).toEqual(cutUp(kind));
    const small = patchesOf({
      ...{ kind, width: 3, height: 2, colors: disc.slice(0, 6), sizePx: 40, left: 0, top: 0 },
    });
    expect(small.shades).toHaveLength(1);
  });
});
