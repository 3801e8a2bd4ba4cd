/**
 * Which part of an image a promptable network looks at: what is in view, since it sees small objects only in small parts;
 * moved in leaps, so that a part that it has seen serves for a while.
 */
import type { PredictionRegion } from '../../shared/api.ts';
import type { Rect, Size } from './viewport.ts';

/** Smaller parts are blurs to it. */
const MIN_SIDE = 192;
/** More of an image at once is neither seen well nor held. */
const MAX_SIDE = 4096;
/** Room around what is in view. */
const MARGIN = 1.15;
/** Sides grow by half. */
const LEAP = 1.5;
/** Parts begin at multiples of this share of their side. */
const GRID = 0.25;
/** A part of which less than this share is in view shows objects too small. */
const LEAST_IN_VIEW = 0.3;

const contains = ({ left, top, width, height }: PredictionRegion, { x0, y0, x1, y1 }: Rect) =>
  left <= x0 && top <= y0 && left + width >= x1 && top + height >= y1;

/** Of a side that is wanted, the next in the row of sides. */
function sideFor(wanted: number): number {
  let side = MIN_SIDE;
  while (side < wanted && side < MAX_SIDE) side = Math.round(side * LEAP);
  return Math.min(MAX_SIDE, side);
}

/** Where a part of this length begins, so that it holds the middle of `from … to`. */
function begin(middle: number, side: number, size: number): number {
  const step = Math.max(1, Math.round(side * GRID));
  const first = Math.round((middle - side / 2) / step) * step;
  return Math.max(0, Math.min(size - side, first));
}

/**
 * `view`: the part of the image in view; `needed`: what has to be in it; `last`: what was looked at before, kept where it
 * serves. The whole image where the part would be most of it.
 */
export function promptRegion(options: {
  readonly image: Size;
  readonly view: Rect;
  readonly needed: Rect | null;
  readonly last: PredictionRegion | null;
}): PredictionRegion {
  const { image, view, needed, last } = options;
  const sideInView = Math.max(view.x1 - view.x0, view.y1 - view.y0);
  const wanted = sideFor(Math.max(sideInView, needed === null ? 0 : longest(needed)) * MARGIN);
  if (last !== null && contains(last, needed ?? middleOf(view))) {
    const side = Math.max(last.width, last.height);
    const isSeen = wanted / side >= LEAST_IN_VIEW || side <= MIN_SIDE;
    if (isSeen && (needed !== null || side >= wanted || contains(last, view))) return last;
  }
  const width = Math.min(image.width, wanted);
  const height = Math.min(image.height, wanted);
  const { x0, y0 } = middleOf(needed ?? view);
  const part = {
    left: begin(x0, width, image.width),
    top: begin(y0, height, image.height),
    ...{ width, height },
  };
  return needed === null || contains(part, needed) ? part : around(needed, part, image);
}

const longest = ({ x0, y0, x1, y1 }: Rect) => Math.max(x1 - x0, y1 - y0);

function middleOf({ x0, y0, x1, y1 }: Rect): Rect {
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return { x0: x, y0: y, x1: x, y1: y };
}

/** Not in leaps: as near as holds what is needed. */
function around(needed: Rect, { width, height }: PredictionRegion, image: Size): PredictionRegion {
  const along = (low: number, high: number, side: number, size: number) =>
    Math.max(0, Math.min(size - side, Math.floor((low + high - side) / 2)));
  return {
    left: along(needed.x0, needed.x1, width, image.width),
    top: along(needed.y0, needed.y1, height, image.height),
    ...{ width, height },
  };
}
