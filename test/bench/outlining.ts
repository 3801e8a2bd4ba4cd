/** How a careful hand brushes an object, or clicks its outline, no better than is asked for. */
import { EdgePaths } from '../../renderer/canvas/edge-paths.ts';
import { ringArea, sweptDisc } from '../../renderer/canvas/shapes.ts';
import { imagePoint, type ImagePoint } from '../../renderer/canvas/viewport.ts';
import { defaultDisplay, displayImage, type ImagePixels } from '../../shared/display.ts';
import { deepest, depths, dice, iou, type Mask } from './nuclei-objects.ts';

export type Outlining = 'polygon' | 'scissors';

interface Brushed {
  readonly mask: Uint8Array;
  readonly at: { readonly x: number; readonly y: number };
  readonly lengthPx: number;
  readonly widthPx: number;
}

/** The thickest brush that gives the Dice that is wanted without leaving the object; one pixel where none does. */
export function brushed(object: Mask, wanted: number): Brushed {
  const { width, data } = object;
  const depth = depths(object);
  const at = deepest(object) ?? { x: 0, y: 0, depth: 1 };
  for (let radius = at.depth; ; radius--) {
    const mask = new Uint8Array(data.length);
    for (let i = 0; i < data.length; i++) {
      if ((depth[i] ?? 0) < radius) continue;
      const middle = imagePoint((i % width) + 0.5, Math.floor(i / width) + 0.5);
      sweptDisc(middle, middle, {
        radius: Math.max(0.5, radius - 0.5),
        visit: (y, x0, x1) => mask.fill(1, y * width + x0, y * width + x1),
      });
    }
    for (let i = 0; i < mask.length; i++) if (data[i] === 0) mask[i] = 0;
    if (radius > 1 && dice(mask, data) < wanted) continue;
    const widthPx = Math.max(1, 2 * radius - 1);
    const area = mask.reduce((sum, one) => sum + one, 0);
    return { mask, at, lengthPx: area / widthPx, widthPx };
  }
}

/** Corners between pixels along the longest outline of an object, in order. */
function outlineOf({ width, height, data }: Mask): ImagePoint[] {
  const is = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === 1;
  // Edges with the object on their right, by where they begin.
  const next = new Map<string, ImagePoint[]>();
  const edge = (x0: number, y0: number, x1: number, y1: number) => {
    const key = `${x0} ${y0}`;
    next.set(key, [...(next.get(key) ?? []), imagePoint(x1, y1)]);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!is(x, y)) continue;
      if (!is(x, y - 1)) edge(x, y, x + 1, y);
      if (!is(x + 1, y)) edge(x + 1, y, x + 1, y + 1);
      if (!is(x, y + 1)) edge(x + 1, y + 1, x, y + 1);
      if (!is(x - 1, y)) edge(x, y + 1, x, y);
    }
  }
  let longest: ImagePoint[] = [];
  for (const start of next.keys()) {
    const ring: ImagePoint[] = [];
    const after = (key: string) => next.get(key)?.pop();
    for (let to = after(start); to !== undefined; to = after(`${to.x} ${to.y}`)) ring.push(to);
    if (ring.length > longest.length) longest = ring;
  }
  return longest;
}

function filled(ring: readonly ImagePoint[], { width, height }: Mask): Uint8Array {
  const mask = new Uint8Array(width * height);
  ringArea([ring], { width, height }, (y, x0, x1) => mask.fill(1, y * width + x0, y * width + x1));
  return mask;
}

/** So many corners, evenly along an outline. */
const spaced = (outline: readonly ImagePoint[], count: number): ImagePoint[] =>
  Array.from({ length: count }, (_, i) => outline[Math.floor((i * outline.length) / count)]).filter(
    (point) => point !== undefined,
  );

/** As few corners as enclose the overlap that is wanted; what they enclose. */
export function outlined(
  object: Mask,
  { way, wanted, image }: { way: Outlining; wanted: number; image: ImagePixels },
): { readonly corners: readonly ImagePoint[]; readonly mask: Uint8Array } {
  const outline = outlineOf(object);
  const shown = way === 'scissors' ? displayImage(image, defaultDisplay(image)) : null;
  const paths =
    shown === null
      ? null
      : new EdgePaths(image, (x, y) => {
          const color = shown.rgbAt(x, y);
          return 0.299 * (color >> 16) + 0.587 * ((color >> 8) & 255) + 0.114 * (color & 255);
        });
  let best = { corners: spaced(outline, 3), mask: filled(outline, object) };
  for (let count = paths === null ? 3 : 2; count <= Math.min(60, outline.length); count++) {
    const corners = spaced(outline, count);
    const ring =
      paths === null
        ? corners
        : corners.flatMap((corner, i) => {
            paths.start(corner);
            return paths.to(corners[(i + 1) % count] ?? corner) ?? [corner];
          });
    const mask = filled(ring, object);
    best = { corners, mask };
    if (iou(mask, object.data) >= wanted) return best;
  }
  return way === 'scissors' ? outlined(object, { way: 'polygon', wanted, image }) : best;
}
