/** Where a readout stands: beside what it is about, and wholly in the window. Pixels; knows no elements. */

interface Size {
  readonly width: number;
  readonly height: number;
}

const GAP = 14;
const MARGIN = 8;

export function readoutPlace(
  anchor: { readonly x: number; readonly y: number },
  size: Size,
  page: Size,
): { readonly left: number; readonly top: number } {
  const right = anchor.x + GAP;
  // On the other side where this one is too narrow, so that it never covers what is read.
  const left = right + size.width > page.width - MARGIN ? anchor.x - GAP - size.width : right;
  const inside = (from: number, length: number, whole: number) =>
    Math.max(MARGIN, Math.min(from, whole - MARGIN - length));
  return {
    left: inside(left, size.width, page.width),
    top: inside(anchor.y + GAP, size.height, page.height),
  };
}
