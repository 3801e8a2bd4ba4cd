/** Which part of a large image is answered first: a person waits for what is on the screen, not for the rest. */
import {
  intersection,
  type Rect,
  screenPoint,
  toImage,
  type Viewport,
} from '../canvas/viewport.ts';

/** Side of what is answered at once, within two seconds on two cores: some fifty windows, and the step that is under way. */
export const AT_ONCE_PX = 1024;

/** Along one side: of more than is answered at once, the middle. */
function middle(from: number, to: number): readonly [number, number] {
  const left = to - from - AT_ONCE_PX;
  if (left <= 0) return [from, to];
  const start = from + Math.floor(left / 2);
  return [start, start + AT_ONCE_PX];
}

/** Whole pixels within the image; null: all of it at once. */
export function firstSeen(view: Viewport): Rect | null {
  const { width, height } = view.image;
  if (width * height <= AT_ONCE_PX ** 2) return null;
  const from = toImage(view, screenPoint(0, 0));
  const to = toImage(view, screenPoint(view.screen.width, view.screen.height));
  const shown = intersection(
    { x0: 0, y0: 0, x1: width, y1: height },
    { x0: Math.floor(from.x), y0: Math.floor(from.y), x1: Math.ceil(to.x), y1: Math.ceil(to.y) },
  );
  if (shown === null) return null;
  const [x0, x1] = middle(shown.x0, shown.x1);
  const [y0, y1] = middle(shown.y0, shown.y1);
  return { x0, y0, x1, y1 };
}
