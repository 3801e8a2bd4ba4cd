/**
 * Polygons and masks. Two rules, kept apart by name:
 * - COCO polygons are filled as pycocotools fills them: (2,2)–(5,5) gives 9 pixels;
 * - our own rings run along the edges of pixels and are filled by pixel centres, so that
 *   mask → rings → mask is the identity.
 */
import type { CocoSize, Runs } from './coco-rle.ts';

// ───────────────────────────── COCO polygons ─────────────────────────────

/** pycocotools draws the outline on a grid five times as fine as the pixels. */
const FINE = 5;
/** In fine cells: the column and row that stand for a pixel's centre. */
const CENTRE = 2;
/** Farther out than any image: only hostile files have such vertices. */
const MAX_COORDINATE = 100_000;

/**
 * Column-major run lengths (coco-rle.ts) of one COCO polygon [x0, y0, x1, y1, …] in pixels.
 * The rule of pycocotools 2.0 (`frPyObjects`), which agrees with no geometric fill exactly: vertices are
 * rounded to a grid of fifths, the outline is walked there cell by cell, and wherever it crosses the
 * middle of a pixel column every pixel below in that column and the following ones is toggled.
 * Several polygons of one annotation are a union: paint one after the other.
 */
export function cocoPolygonRuns(polygon: readonly number[], size: CocoSize): Runs {
  const [height, width] = size;
  if (polygon.length < 6 || polygon.length % 2 !== 0) {
    return {
      ok: false,
      reason: `a polygon has ${polygon.length} numbers; it needs x, y three times or more`,
    };
  }
  if (!polygon.every((c) => Math.abs(c) <= MAX_COORDINATE)) {
    return { ok: false, reason: 'a polygon has vertices that are not numbers or far outside' };
  }
  const corners = polygon.length / 2;
  const fine = (i: number) => Math.trunc(FINE * (polygon[i] ?? 0) + 0.5);
  const toggles: number[] = [];
  let lastX = fine(0);
  let lastY = fine(1);
  const step = (x: number, y: number) => {
    if (x !== lastX) {
      const column = Math.min(x, lastX) - CENTRE;
      const pixelX = column / FINE;
      if (Number.isInteger(pixelX) && pixelX >= 0 && pixelX < width) {
        const pixelY = Math.ceil((Math.min(y, lastY) - CENTRE) / FINE);
        toggles.push(pixelX * height + Math.min(Math.max(pixelY, 0), height));
      }
    }
    lastX = x;
    lastY = y;
  };
  for (let corner = 0; corner < corners; corner++) {
    const next = (corner + 1) % corners;
    walkEdge([fine(corner * 2), fine(corner * 2 + 1)], [fine(next * 2), fine(next * 2 + 1)], step);
  }
  return { ok: true, counts: togglesToRuns(toggles, height * width) };
}

/** Fine cells from one vertex to the next, both included, one along the longer axis at a time. */
function walkEdge(
  from: readonly [number, number],
  to: readonly [number, number],
  visit: (x: number, y: number) => void,
): void {
  const dx = Math.abs(to[0] - from[0]);
  const dy = Math.abs(to[1] - from[1]);
  const alongX = dx >= dy;
  const length = Math.max(dx, dy);
  if (length === 0) {
    visit(from[0], from[1]);
    return;
  }
  // Drawn from the lower coordinate, so that an edge and its reverse cover the same cells.
  const reversed = alongX ? from[0] > to[0] : from[1] > to[1];
  const [[startX, startY], [endX, endY]] = reversed ? [to, from] : [from, to];
  const slope = alongX ? (endY - startY) / length : (endX - startX) / length;
  for (let i = 0; i <= length; i++) {
    const t = reversed ? length - i : i;
    if (alongX) visit(t + startX, Math.trunc(startY + slope * t + 0.5));
    else visit(Math.trunc(startX + slope * t + 0.5), t + startY);
  }
}

/** A toggle at p flips everything from p on; two at one place cancel. */
function togglesToRuns(toggles: number[], pixels: number): number[] {
  toggles.sort((a, b) => a - b);
  const flips: number[] = [];
  for (const toggle of toggles) {
    if (flips.at(-1) === toggle) flips.pop();
    else flips.push(toggle);
  }
  const counts: number[] = [];
  let last = 0;
  for (const flip of flips) {
    counts.push(flip - last);
    last = flip;
  }
  if (last < pixels) counts.push(pixels - last);
  return counts;
}

// ───────────────────────────── rings along pixel edges ─────────────────────────────

/** A closed ring of corners [x0, y0, x1, y1, …]; the pixel (x, y) covers x … x+1 by y … y+1. */
export type Ring = readonly number[];

/**
 * Every run of pixels that rings cover, row by row: x0 ≤ x < x1. A pixel is inside where its centre is inside an odd number
 * of rings, so that holes are rings, and what an outline that crosses itself covers twice is outside. Corners may be
 * fractions and may lie outside the image; they are finite.
 */
export function forEachRingRun(
  rings: readonly Ring[],
  size: CocoSize,
  visit: (y: number, x0: number, x1: number) => void,
): void {
  const [height, width] = size;
  let [top, bottom] = [Infinity, -Infinity];
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i += 2) {
      top = Math.min(top, ring[i] ?? 0);
      bottom = Math.max(bottom, ring[i] ?? 0);
    }
  }
  // Rows whose centre y + ½ an edge can cross.
  const first = Math.max(0, Math.ceil(top - 0.5));
  const end = Math.min(height, Math.ceil(bottom - 0.5));
  if (!(end > first)) return;
  const rows = Array.from({ length: end - first }, (): number[] => []);
  for (const ring of rings) collectCrossings(ring, { first, end }, rows);
  rows.forEach((crossings, row) => {
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      // Centres x + ½ with left ≤ x + ½ < right.
      const x0 = Math.max(0, Math.ceil((crossings[i] ?? 0) - 0.5));
      const x1 = Math.min(width, Math.ceil((crossings[i + 1] ?? 0) - 0.5));
      if (x1 > x0) visit(first + row, x0, x1);
    }
  });
}

/** Row-major [height, width] mask of 0 and 1 of what forEachRingRun covers. */
export function fillRings(rings: readonly Ring[], size: CocoSize): Uint8Array {
  const [height, width] = size;
  const mask = new Uint8Array(height * width);
  forEachRingRun(rings, size, (y, x0, x1) => mask.fill(1, y * width + x0, y * width + x1));
  return mask;
}

/** Where a ring crosses the centre of each row; an edge owns its upper end, not its lower. */
function collectCrossings(
  ring: Ring,
  { first, end }: { readonly first: number; readonly end: number },
  rows: readonly number[][],
): void {
  for (let i = 0; i < ring.length; i += 2) {
    let x0 = ring[i] ?? 0;
    let y0 = ring[i + 1] ?? 0;
    let x1 = ring[(i + 2) % ring.length] ?? 0;
    let y1 = ring[(i + 3) % ring.length] ?? 0;
    // Reckoned from the upper end, so that an edge and its reverse cross at the very same number and cancel.
    if (y0 > y1) [x0, y0, x1, y1] = [x1, y1, x0, y0];
    const last = Math.min(end, Math.ceil(y1 - 0.5));
    for (let row = Math.max(first, Math.ceil(y0 - 0.5)); row < last; row++) {
      rows[row - first]?.push(x0 + ((row + 0.5 - y0) / (y1 - y0)) * (x1 - x0));
    }
  }
}

// ───────────────────────────── what is wrong with a ring ─────────────────────────────

/** Pairs of sides above one another that are looked at: an outline of any length has fewer, a tangle has a crossing sooner. */
const MOST_PAIRS = 8_000_000;

/**
 * Whether two of its sides cross each other; touching, or lying on one another, is no crossing. Null: none was found before
 * there were too many to look at.
 */
export function crossesItself(ring: Ring): boolean | null {
  const count = ring.length / 2;
  if (count < 4) return false;
  const at = (i: number) => [ring[2 * i] ?? 0, ring[2 * i + 1] ?? 0] as const;
  const sides = Array.from({ length: count }, (_, i) => {
    const [from, to] = [at(i), at((i + 1) % count)];
    return { from, to, left: Math.min(from[0], to[0]), right: Math.max(from[0], to[0]) };
  }).sort((a, b) => a.left - b.left);
  const turn = (
    [ax, ay]: readonly [number, number],
    [bx, by]: readonly [number, number],
    [cx, cy]: readonly [number, number],
  ) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
  let pairs = 0;
  for (const [i, one] of sides.entries()) {
    for (let j = i + 1; j < sides.length; j++) {
      const other = sides[j];
      if (other === undefined || other.left > one.right) break;
      if (++pairs > MOST_PAIRS) return null;
      const crosses =
        turn(one.from, one.to, other.from) * turn(one.from, one.to, other.to) < 0 &&
        turn(other.from, other.to, one.from) * turn(other.from, other.to, one.to) < 0;
      if (crosses) return true;
    }
  }
  return false;
}
