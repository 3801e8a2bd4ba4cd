/** From a box, clicks and scribbles to a shape by its colours: what GrabCut is told of each pixel, and what comes of it. */
import { RunWriter } from '../mask-runs.ts';
import { type ColourImage, grabCut, KNOWN } from './grab-cut.ts';

/** In pixels of a region of an image, which has its size times `step`. */
export interface CutRequest {
  /** Of the region as it is shown, every `step`-th pixel of every `step`-th row. */
  readonly image: ColourImage;
  readonly step: number;
  readonly width: number;
  readonly height: number;
  /** What lies outside is not of the object. x0 ≤ x < x1. */
  readonly box: {
    readonly x0: number;
    readonly y0: number;
    readonly x1: number;
    readonly y1: number;
  };
  readonly points: readonly { readonly x: number; readonly y: number; readonly inside: boolean }[];
  /** KNOWN.inside, KNOWN.outside or UNMARKED of each pixel of `image`. */
  readonly marks: Uint8Array;
  /** An object as it is painted: 1 where it is, of each pixel of `image`; null: none. */
  readonly shape: Uint8Array | null;
}

export const UNMARKED = 255;

/** A click says so much around it, in pixels of the image. */
const CLICK_RADIUS = 2;

export interface CutShape {
  /** In the region (mask-runs.ts). */
  readonly runs: readonly number[];
  readonly area: number;
}

export function cutOut(request: CutRequest): CutShape {
  const { image, step, box, points, marks, shape } = request;
  const { width, height } = image;
  const known = new Uint8Array(width * height).fill(KNOWN.outside);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [middleX, middleY] = [(x + 0.5) * step, (y + 0.5) * step];
      const at = y * width + x;
      const isIn = middleX >= box.x0 && middleX < box.x1 && middleY >= box.y0 && middleY < box.y1;
      if (isIn) known[at] = shape?.[at] === 0 ? KNOWN.perhapsOutside : KNOWN.perhapsInside;
      const mark = marks[at] ?? UNMARKED;
      if (mark !== UNMARKED) known[at] = mark;
    }
  }
  for (const { x, y, inside } of points) {
    const reach = Math.max(CLICK_RADIUS, step) / step;
    const [middleX, middleY] = [x / step - 0.5, y / step - 0.5];
    for (let row = Math.floor(middleY - reach); row <= middleY + reach; row++) {
      for (let column = Math.floor(middleX - reach); column <= middleX + reach; column++) {
        if (row < 0 || column < 0 || row >= height || column >= width) continue;
        if (Math.hypot(column - middleX, row - middleY) > reach) continue;
        known[row * width + column] = inside ? KNOWN.inside : KNOWN.outside;
      }
    }
  }
  const inside = grabCut(image, known);
  const writer = new RunWriter(request.width);
  for (let y = 0; y < request.height; y++) {
    const row = Math.min(height - 1, Math.floor(y / step)) * width;
    for (let x = 0; x < width; x++) {
      if (inside[row + x] === 0) continue;
      const start = x;
      while (x < width && inside[row + x] === 1) x++;
      writer.add(y, start * step, Math.min(request.width, x * step));
    }
  }
  return { runs: writer.runs, area: writer.area };
}
