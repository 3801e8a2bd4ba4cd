/**
 * From a box, clicks and scribbles to a shape by its colours: what GrabCut is told of each pixel, and what comes of it. Of a
 * large region some pixels are looked at; the border is then cut once more among all pixels near it (cut-border.ts).
 */
import { type ColourImage, type GrabbedObject, grabCut, KNOWN } from './grab-cut.ts';

/** What is said about an object, in pixels of a region of an image. */
export interface CutHints {
  /** What lies outside is not of the object, unless it is clicked. x0 ≤ x < x1. */
  readonly box: {
    readonly x0: number;
    readonly y0: number;
    readonly x1: number;
    readonly y1: number;
  };
  readonly points: readonly { readonly x: number; readonly y: number; readonly inside: boolean }[];
}

export interface CutRequest extends CutHints {
  /** Of the region as it is shown, every `step`-th pixel of every `step`-th row. */
  readonly image: ColourImage;
  readonly step: number;
  /** KNOWN.inside, KNOWN.outside or UNMARKED of each pixel of `image`. */
  readonly marks: Uint8Array;
  /** An object as it is painted: 1 where it is, of each pixel of `image`; null: none. */
  readonly shape: Uint8Array | null;
}

export const UNMARKED = 255;

/** A click says so much around it, in pixels of the image. */
const CLICK_RADIUS = 2;

export const isInBox = ({ x0, y0, x1, y1 }: CutHints['box'], x: number, y: number): boolean =>
  x >= x0 && x < x1 && y >= y0 && y < y1;

/** Calls `visit` for every pixel that a click says something of, where pixels are `step` apart; also beyond the region. */
export function forEachClicked(
  { points }: CutHints,
  step: number,
  visit: (column: number, row: number, known: number) => void,
): void {
  for (const { x, y, inside } of points) {
    const reach = Math.max(CLICK_RADIUS, step) / step;
    const [middleX, middleY] = [x / step - 0.5, y / step - 0.5];
    for (let row = Math.floor(middleY - reach); row <= middleY + reach; row++) {
      for (let column = Math.floor(middleX - reach); column <= middleX + reach; column++) {
        if (Math.hypot(column - middleX, row - middleY) > reach) continue;
        visit(column, row, inside ? KNOWN.inside : KNOWN.outside);
      }
    }
  }
}

export function cutOut(request: CutRequest): GrabbedObject {
  const { image, step, box, marks, shape } = request;
  const { width, height } = image;
  const known = new Uint8Array(width * height).fill(KNOWN.outside);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (!isInBox(box, (x + 0.5) * step, (y + 0.5) * step)) continue;
      const mark = marks[at] ?? UNMARKED;
      if (mark !== UNMARKED) known[at] = mark;
      else known[at] = shape?.[at] === 0 ? KNOWN.perhapsOutside : KNOWN.perhapsInside;
    }
  }
  forEachClicked(request, step, (column, row, one) => {
    if (row < 0 || column < 0 || row >= height || column >= width) return;
    known[row * width + column] = one;
  });
  return grabCut(image, known);
}
