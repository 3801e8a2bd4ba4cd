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
 * Row-major [height, width] mask of 0 and 1: a pixel is inside where its centre is inside an odd number
 * of rings. Corners may be fractions and may lie outside the image.
 */
export function fillRings(rings: readonly Ring[], size: CocoSize): Uint8Array {
  const [height, width] = size;
  const mask = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const crossings: number[] = [];
    for (const ring of rings) collectCrossings(ring, y + 0.5, crossings);
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      // Centres x + ½ with left ≤ x + ½ < right.
      const first = Math.max(0, Math.ceil((crossings[i] ?? 0) - 0.5));
      const end = Math.min(width, Math.ceil((crossings[i + 1] ?? 0) - 0.5));
      if (end > first) mask.fill(1, y * width + first, y * width + end);
    }
  }
  return mask;
}

/** Where the ring crosses the horizontal line at `y`; an edge owns its upper end, not its lower. */
function collectCrossings(ring: Ring, y: number, crossings: number[]): void {
  for (let i = 0; i < ring.length; i += 2) {
    const x0 = ring[i] ?? 0;
    const y0 = ring[i + 1] ?? 0;
    const x1 = ring[(i + 2) % ring.length] ?? 0;
    const y1 = ring[(i + 3) % ring.length] ?? 0;
    if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
  }
}
