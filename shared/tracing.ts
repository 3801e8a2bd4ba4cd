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
  const rings = traceRings(inside, box).flatMap(withoutTouching);
  const outer = rings.filter((ring) => signedArea(ring) > 0);
  const parts = outer.map((ring) => ({ outer: ring, holes: [] as Ring[], area: signedArea(ring) }));
  for (const hole of rings) {
    if (signedArea(hole) >= 0) continue;
    // The smallest that holds it is the part that it is a hole of.
    const around = parts
      .filter((part) => holds(part.outer, innerPoint(hole)))
      .sort((a, b) => a.area - b.area);
    around[0]?.holes.push(hole);
  }
  return parts.map(({ outer: ring, holes }) => ({ outer: ring, holes }));
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
function withoutTouching(ring: readonly number[]): number[][] {
  const rings: number[][] = [];
  const open: number[] = [];
  const placeOf = new Map<string, number>();
  const keyAt = (i: number) => `${open[i] ?? 0} ${open[i + 1] ?? 0}`;
  for (let i = 0; i < ring.length; i += 2) {
    const [x = 0, y = 0] = ring.slice(i, i + 2);
    const before = placeOf.get(`${x} ${y}`);
    if (before !== undefined) {
      for (let at = before + 2; at < open.length; at += 2) placeOf.delete(keyAt(at));
      rings.push(open.splice(before));
    }
    placeOf.set(`${x} ${y}`, open.length);
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

/** The middle of a pixel of the object at the rim of a hole: just outside of it. */
function innerPoint(hole: Ring): readonly [number, number] {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = hole;
  // The object lies on the right of its rings.
  const [dx, dy] = [Math.sign(x1 - x0), Math.sign(y1 - y0)];
  return [x0 + dx / 2 - dy / 2, y0 + dy / 2 + dx / 2];
}

/** Whether a point that is on no edge lies in a ring. */
function holds(ring: Ring, [x, y]: readonly [number, number]): boolean {
  let inside = false;
  for (let i = 0; i < ring.length; i += 2) {
    const [x0, y0] = [ring[i] ?? 0, ring[i + 1] ?? 0];
    const [x1, y1] = [ring[(i + 2) % ring.length] ?? 0, ring[(i + 3) % ring.length] ?? 0];
    if (y0 <= y !== y1 <= y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  }
  return inside;
}

/**
 * Parts and holes as one ring, joined by bridges that are walked there and back: filled by the even-odd rule, it covers the
 * same pixels. For formats that have one outline an object.
 */
export function joinedRing(parts: readonly TracedPart[]): Ring {
  const [first = [], ...others] = parts.flatMap(({ outer, holes }) => [outer, ...holes]);
  let joined = [...first];
  for (const ring of others) {
    const { from, to } = nearest(joined, ring);
    joined = [
      ...joined.slice(0, from + 2),
      ...ring.slice(to),
      ...ring.slice(0, to + 2),
      ...joined.slice(from),
    ];
  }
  return joined;
}

/** Where two rings are nearest to each other, as the places of their corners. */
function nearest(a: readonly number[], b: Ring): { from: number; to: number } {
  let best = { from: 0, to: 0, far: Infinity };
  for (let from = 0; from < a.length; from += 2) {
    for (let to = 0; to < b.length; to += 2) {
      const far =
        ((a[from] ?? 0) - (b[to] ?? 0)) ** 2 + ((a[from + 1] ?? 0) - (b[to + 1] ?? 0)) ** 2;
      if (far < best.far) best = { from, to, far };
    }
  }
  return best;
}
