/** Which pixels a shape covers, row by row. Every shape is clipped by whoever paints the rows. */
import { fillRings, type Ring } from '../../shared/geometry.ts';
import { imagePoint, intersection, type ImagePoint, type Rect, type Size } from './viewport.ts';

/** One row of pixels: x0 ≤ x < x1. */
export type SpanVisitor = (y: number, x0: number, x1: number) => void;

/**
 * The centre that a brush of `sizePx` has for a cursor at `at`: the middle of a pixel for odd sizes, a corner for
 * even ones, so that discs are symmetric and a brush of one pixel always paints one.
 */
export function snapToPixels(at: ImagePoint, sizePx: number): ImagePoint {
  const half = sizePx % 2 === 1 ? 0.5 : 0;
  return imagePoint(Math.round(at.x - half) + half, Math.round(at.y - half) + half);
}

/** A shorter way has no direction: among the smallest numbers, quotients of two have no digits that count. */
const SHORTEST_WAY_PX = 1e-9;

/** Pixels whose centre lies within `radius` of the segment from a to b: what a disc sweeps on its way. */
export function sweptDisc(
  a: ImagePoint,
  b: ImagePoint,
  { radius, visit }: { radius: number; visit: SpanVisitor },
): void {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const isPoint = length < SHORTEST_WAY_PX;
  // The swept area is two discs and the rectangle between them; all are convex, so each row is one span.
  const nx = isPoint ? 0 : ((a.y - b.y) / length) * radius;
  const ny = isPoint ? 0 : ((b.x - a.x) / length) * radius;
  const rectangle = [
    imagePoint(a.x + nx, a.y + ny),
    imagePoint(b.x + nx, b.y + ny),
    imagePoint(b.x - nx, b.y - ny),
    imagePoint(a.x - nx, a.y - ny),
  ];
  const first = Math.ceil(Math.min(a.y, b.y) - radius - 0.5);
  const last = Math.floor(Math.max(a.y, b.y) + radius - 0.5);
  for (let y = first; y <= last; y++) {
    const row = y + 0.5;
    let left = Infinity;
    let right = -Infinity;
    const reach = (from: number, to: number) => {
      left = Math.min(left, from);
      right = Math.max(right, to);
    };
    for (const { x, y: middle } of [a, b]) {
      const squared = radius * radius - (row - middle) ** 2;
      if (squared >= 0) reach(x - Math.sqrt(squared), x + Math.sqrt(squared));
    }
    rectangle.forEach((p, i) => {
      const q = rectangle[(i + 1) % rectangle.length] ?? p;
      if (p.y === q.y || Math.min(p.y, q.y) > row || Math.max(p.y, q.y) < row) return;
      const x = p.x + ((row - p.y) / (q.y - p.y)) * (q.x - p.x);
      reach(x, x);
    });
    const x0 = Math.ceil(left - 0.5);
    const x1 = Math.floor(right - 0.5) + 1;
    if (x1 > x0) visit(y, x0, x1);
  }
}

/** Pixels whose centre lies inside an odd number of rings, within an image of `size`. */
export function ringArea(
  rings: readonly (readonly ImagePoint[])[],
  size: Size,
  visit: SpanVisitor,
): void {
  const corners = rings.flat();
  const bounds = intersection(
    {
      x0: Math.floor(Math.min(...corners.map(({ x }) => x))),
      y0: Math.floor(Math.min(...corners.map(({ y }) => y))),
      x1: Math.ceil(Math.max(...corners.map(({ x }) => x))),
      y1: Math.ceil(Math.max(...corners.map(({ y }) => y))),
    },
    { x0: 0, y0: 0, x1: size.width, y1: size.height },
  );
  if (bounds === null) return;
  const shifted: Ring[] = rings.map((ring) =>
    ring.flatMap(({ x, y }) => [x - bounds.x0, y - bounds.y0]),
  );
  const width = bounds.x1 - bounds.x0;
  const height = bounds.y1 - bounds.y0;
  const mask = fillRings(shifted, [height, width]);
  for (let y = 0; y < height; y++) {
    let at = mask.indexOf(1, y * width);
    while (at >= 0 && at < (y + 1) * width) {
      let end = at;
      while (end < (y + 1) * width && mask[end] === 1) end++;
      visit(bounds.y0 + y, bounds.x0 + at - y * width, bounds.x0 + end - y * width);
      at = mask.indexOf(1, end);
    }
  }
}

/** Pixels along a line, each touching the next by a side or a corner; one may come twice. */
export function lineCells(points: readonly ImagePoint[]): { x: number; y: number }[] {
  const cells: { x: number; y: number }[] = [];
  points.forEach((to, i) => {
    const from = points[i - 1] ?? to;
    const steps = Math.max(
      1,
      Math.ceil(Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y))),
    );
    for (let step = 0; step <= steps; step++) {
      const along = step / steps;
      cells.push({
        x: Math.floor(from.x + along * (to.x - from.x)),
        y: Math.floor(from.y + along * (to.y - from.y)),
      });
    }
  });
  return cells;
}

/** Pixels that the rectangle between two corners touches. */
export function boxOf(a: ImagePoint, b: ImagePoint): Rect {
  return {
    x0: Math.floor(Math.min(a.x, b.x)),
    y0: Math.floor(Math.min(a.y, b.y)),
    x1: Math.ceil(Math.max(a.x, b.x)),
    y1: Math.ceil(Math.max(a.y, b.y)),
  };
}

/**
 * The 4-connected region of pixels that are `inside`, around `seed`. Each pixel is visited once; a visit may change
 * what `inside` says of it.
 */
export function growRegion(
  seed: { readonly x: number; readonly y: number },
  {
    size,
    inside,
    visit,
  }: { size: Size; inside: (x: number, y: number) => boolean; visit: SpanVisitor },
): void {
  const { width, height } = size;
  /** One bit a pixel. */
  const visited = new Uint32Array(Math.ceil((width * height) / 32));
  const isOpen = (x: number, y: number) => {
    const at = y * width + x;
    return (((visited[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 0 && inside(x, y);
  };
  const stack = [seed.x, seed.y];
  while (stack.length > 0) {
    const y = stack.pop() ?? 0;
    const x = stack.pop() ?? 0;
    if (!isOpen(x, y)) continue;
    let x0 = x;
    while (x0 > 0 && isOpen(x0 - 1, y)) x0--;
    let x1 = x + 1;
    while (x1 < width && isOpen(x1, y)) x1++;
    for (let at = y * width + x0, end = y * width + x1; at < end; at++) {
      visited[at >>> 5] = (visited[at >>> 5] ?? 0) | (1 << (at & 31));
    }
    visit(y, x0, x1);
    for (const next of [y - 1, y + 1]) {
      if (next < 0 || next >= height) continue;
      let open = false;
      for (let at = x0; at < x1; at++) {
        const here = isOpen(at, next);
        if (here && !open) stack.push(at, next);
        open = here;
      }
    }
  }
}
