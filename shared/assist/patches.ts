/**
 * An image cut into patches of about one size whose borders follow edges, to be painted patch by patch: by how alike
 * colours are (superpixels.ts), or by where water meets that rises over the edges (waterpixels.ts). What is common to
 * both: colours as they are seen, whole patches, and shades that tell neighbours apart.
 */
import { labOf } from './lab-image.ts';
import { seedsOf } from './seed-grid.ts';
import { superpixels } from './superpixels.ts';
import { waterpixels } from './waterpixels.ts';

/** alike: of one colour each, compact; edges: whatever is between strong edges. */
export const PATCH_KINDS = ['alike', 'edges'] as const;
export type PatchKind = (typeof PATCH_KINDS)[number];

export interface PatchRequest {
  readonly kind: PatchKind;
  readonly width: number;
  readonly height: number;
  /** 0xAABBGGRR, as they are shown. [height · width] */
  readonly colors: Uint32Array<ArrayBuffer>;
  /** Side of a patch, at least 2. */
  readonly sizePx: number;
  /** Where the first pixel lies in the image: patches begin at places of the image, wherever the view is. */
  readonly left: number;
  readonly top: number;
}

export interface Patches {
  /** Number of the patch of each pixel, from 0. Each is connected by sides. [height · width] */
  readonly numbers: Int32Array<ArrayBuffer>;
  /** The smallest rectangle around each: x0, y0, x1, y1. [patches, 4] */
  readonly boxes: Int32Array<ArrayBuffer>;
  /** Of each patch, 1 … 255: another one than that of any neighbour. */
  readonly shades: Uint8Array<ArrayBuffer>;
}

/** The same request gives the same patches. */
export function patchesOf(request: PatchRequest): Patches {
  const lab = labOf(request);
  const grid = seedsOf(request);
  const numbers = request.kind === 'alike' ? superpixels(lab, grid) : waterpixels(lab, grid);
  const boxes = boxesOf(numbers, request);
  return { numbers, boxes, shades: shadesOf(numbers, boxes.length / 4, request) };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function boxesOf(numbers: Int32Array, { width, height }: Size): Int32Array<ArrayBuffer> {
  const count = numbers.reduce((most, number) => Math.max(most, number), -1) + 1;
  const boxes = new Int32Array(4 * count);
  for (let i = 0; i < count; i++) {
    boxes[4 * i] = width;
    boxes[4 * i + 1] = height;
  }
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const box = 4 * (numbers[at] ?? 0);
      if (x < (boxes[box] ?? 0)) boxes[box] = x;
      if (y < (boxes[box + 1] ?? 0)) boxes[box + 1] = y;
      if (x >= (boxes[box + 2] ?? 0)) boxes[box + 2] = x + 1;
      if (y >= (boxes[box + 3] ?? 0)) boxes[box + 3] = y + 1;
    }
  }
  return boxes;
}

const MOST_SHADES = 255;

/** The first shade that none of the neighbours before has. */
function shadesOf(
  numbers: Int32Array,
  count: number,
  { width, height }: Size,
): Uint8Array<ArrayBuffer> {
  const before: Set<number>[] = Array.from({ length: count }, () => new Set());
  const meet = (a: number, b: number) => {
    if (a !== b) before[Math.max(a, b)]?.add(Math.min(a, b));
  };
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const own = numbers[at] ?? 0;
      if (x + 1 < width) meet(own, numbers[at + 1] ?? 0);
      if (y + 1 < height) meet(own, numbers[at + width] ?? 0);
    }
  }
  const shades = new Uint8Array(count);
  for (let number = 0; number < count; number++) {
    const taken = new Set([...(before[number] ?? [])].map((other) => shades[other] ?? 0));
    let shade = 1;
    while (shade < MOST_SHADES && taken.has(shade)) shade++;
    shades[number] = shade;
  }
  return shades;
}
