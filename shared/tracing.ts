/**
 * From masks to outlines along the edges of pixels: the inverse of geometry.ts' forEachRingRun, pixel for pixel. The rings
 * are simple (none touches itself), each part has one outer ring and its holes, as GeoJSON and other programs want it.
 */
import type { Ring } from './geometry.ts';

/** A 4-connected part of an object: its outer ring, clockwise on screen, and its holes, the other way. */
export interface TracedPart {
  readonly outer: Ring;
  readonly holes: readonly Ring[];
}

/** A rectangle of pixels that holds all of what is traced; `x1` and `y1` are the first beyond it. */
export interface TracedBox {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Directions of travel: right, down, left, up (y grows downwards). */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** The parts of what is `inside`, a pixel at a time, in a box, in the order in which rows meet them. */
export function traceParts(
  inside: (x: number, y: number) => boolean,
  box: TracedBox,
): TracedPart[] {
  const rings = traceRings(inside, box).flatMap((ring) => withoutTouching(ring, box));
  const parts = new Map<number, { readonly outer: Ring; readonly holes: Ring[] }>();
  const holes: { readonly ring: number; readonly at: LeftEnd }[] = [];
  rings.forEach((ring, i) => {
    if (signedArea(ring) > 0) parts.set(i, { outer: ring, holes: [] });
    else holes.push({ ring: i, at: leftEndOf(ring) });
  });
  const [only, ...others] = parts.keys();
  const leftOf = others.length === 0 || holes.length === 0 ? null : ringsAtLeft(rings, box);
  /** The outer ring of the part that each hole is in. */
  const partOf = new Map<number, number>();
  // What bounds a part to the left of a hole is its outer ring, or a hole that begins farther left.
  for (const { ring, at } of holes.toSorted((a, b) => a.at.x - b.at.x)) {
    const beside = leftOf === null ? only : leftOf(at);
    const part = beside === undefined || parts.has(beside) ? beside : partOf.get(beside);
    if (part !== undefined) partOf.set(ring, part);
  }
  for (const { ring } of holes) parts.get(partOf.get(ring) ?? -1)?.holes.push(rings[ring] ?? []);
  return [...parts.values()];
}

/** The leftmost side of a hole: the pixel of the object before it is (x − 1, y). */
interface LeftEnd {
  readonly x: number;
  readonly y: number;
}

function leftEndOf(hole: Ring): LeftEnd {
  let end = { x: Infinity, y: 0 };
  for (let i = 0; i < hole.length; i += 2) {
    const [x, y] = [hole[i] ?? 0, hole[i + 1] ?? 0];
    const [x1, y1] = [hole[(i + 2) % hole.length] ?? 0, hole[(i + 3) % hole.length] ?? 0];
    if (x === x1 && x < end.x) end = { x, y: Math.min(y, y1) };
  }
  return end;
}

/** Which ring bounds the run of pixels, to its left, that ends before a place. */
function ringsAtLeft(rings: readonly Ring[], { x0, y0, x1, y1 }: TracedBox) {
  const width = x1 - x0;
  /** The ring at the left side of each pixel, counted from 1; 0: none. */
  const sides = new Int32Array(width * (y1 - y0));
  rings.forEach((ring, number) => {
    for (let i = 0; i < ring.length; i += 2) {
      const [x = 0, from = 0] = [ring[i], ring[i + 1]];
      const to = ring[(i + 3) % ring.length] ?? 0;
      // Rings run upwards along the left sides of their pixels.
      if (ring[(i + 2) % ring.length] !== x) continue;
      for (let y = to; y < from; y++) sides[(y - y0) * width + x - x0] = number + 1;
    }
  });
  return ({ x, y }: LeftEnd): number | undefined => {
    const row = (y - y0) * width;
    for (let at = x - 1 - x0; at >= 0; at--) {
      const side = sides[row + at] ?? 0;
      if (side > 0) return side - 1;
    }
    return undefined;
  };
}

/** One ring around each 4-connected region, clockwise on screen, and one around each hole, the other way. */
function traceRings(inside: (x: number, y: number) => boolean, box: TracedBox): number[][] {
  const { x0, y0, x1, y1 } = box;
  const columns = x1 - x0 + 1;
  const isIn = (x: number, y: number) => x >= x0 && y >= y0 && x < x1 && y < y1 && inside(x, y);
  /** Bit d: a boundary edge leaves this corner in direction d, with the region on its right. */
  const leaving = new Uint8Array(columns * (y1 - y0 + 1));
  const mark = (x: number, y: number, direction: number) => {
    const corner = (y - y0) * columns + x - x0;
    leaving[corner] = (leaving[corner] ?? 0) | (1 << direction);
  };
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      if (!isIn(x, y)) continue;
      if (!isIn(x, y - 1)) mark(x, y, 0);
      if (!isIn(x + 1, y)) mark(x + 1, y, 1);
      if (!isIn(x, y + 1)) mark(x + 1, y + 1, 2);
      if (!isIn(x - 1, y)) mark(x, y + 1, 3);
    }
  }
  const rings: number[][] = [];
  for (let corner = 0; corner < leaving.length; corner++) {
    for (let direction = 0; direction < 4; direction++) {
      if (((leaving[corner] ?? 0) >> direction) & 1) {
        const corners = followRing(leaving, columns, { corner, direction });
        rings.push(corners.flatMap((at) => [x0 + (at % columns), y0 + Math.floor(at / columns)]));
      }
    }
  }
  return rings;
}

/** Walks one ring, takes its edges out of `leaving`, and returns its corners where it turns. */
function followRing(
  leaving: Uint8Array,
  columns: number,
  start: { corner: number; direction: number },
): number[] {
  const ring: number[] = [];
  let { corner, direction } = start;
  do {
    leaving[corner] = (leaving[corner] ?? 0) & ~(1 << direction);
    const [dx, dy] = STEPS[direction] ?? [0, 0];
    corner += dy * columns + dx;
    const exits = leaving[corner] ?? 0;
    // Right first: where two regions touch at a corner, each keeps its own ring.
    const turn = [1, 0, 3].find((by) => (exits >> ((direction + by) & 3)) & 1);
    const next = turn === undefined ? start.direction : (direction + turn) & 3;
    if (next !== direction) ring.push(corner);
    direction = next;
  } while (corner !== start.corner || direction !== start.direction);
  return ring;
}

/** A ring that comes by a corner twice, as where a hole touches its outside, as two rings that touch there. */
function withoutTouching(ring: readonly number[], { x0, y0, x1 }: TracedBox): number[][] {
  const rings: number[][] = [];
  const open: number[] = [];
  const placeOf = new Map<number, number>();
  const key = (x: number, y: number) => (y - y0) * (x1 - x0 + 1) + x - x0;
  for (let i = 0; i < ring.length; i += 2) {
    const [x = 0, y = 0] = [ring[i], ring[i + 1]];
    const before = placeOf.get(key(x, y));
    if (before !== undefined) {
      for (let at = before + 2; at < open.length; at += 2) {
        placeOf.delete(key(open[at] ?? 0, open[at + 1] ?? 0));
      }
      rings.push(open.splice(before));
    }
    placeOf.set(key(x, y), open.length);
    open.push(x, y);
  }
  return [...rings, open];
}

/** Twice the area, with the sign of its direction: > 0 clockwise on screen. */
function signedArea(ring: Ring): number {
  let sum = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const [x0, y0] = [ring[i] ?? 0, ring[i + 1] ?? 0];
    const [x1, y1] = [ring[(i + 2) % ring.length] ?? 0, ring[(i + 3) % ring.length] ?? 0];
    sum += x0 * y1 - x1 * y0;
  }
  return sum;
}
