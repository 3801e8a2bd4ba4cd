/** Which part of a large image is answered first: a person waits for what is on the screen, not for the rest. */
import { AT_ONCE_PIXELS } from '../../shared/api.ts';
import {
  intersection,
  type Rect,
  screenPoint,
  toImage,
  type Viewport,
} from '../canvas/viewport.ts';

/** A part of so much is as good as the whole: that is not asked for twice. */
const MOST = 0.7;

/** Side of a part of a larger one, whose rows are longer, after the step that is under way. */
export const FIRST_PX = 640;

/** Of an image: whether all of it is. */
export const isAtOnce = (size: { readonly width: number; readonly height: number }): boolean =>
  size.width * size.height <= AT_ONCE_PIXELS;

/** Along one side: of more than comes first, the middle. */
function middle(from: number, to: number): readonly [number, number] {
  const left = to - from - FIRST_PX;
  if (left <= 0) return [from, to];
  const start = from + Math.floor(left / 2);
  return [start, start + FIRST_PX];
}

const pixels = ({ x0, y0, x1, y1 }: Rect): number => (x1 - x0) * (y1 - y0);

/** What comes before the whole image, in this order, in whole pixels within it; none: all of it comes at once. */
export function firstSeen(view: Viewport): readonly Rect[] {
  const { width, height } = view.image;
  if (isAtOnce(view.image)) return [];
  const from = toImage(view, screenPoint(0, 0));
  const to = toImage(view, screenPoint(view.screen.width, view.screen.height));
  const shown = intersection(
    { x0: 0, y0: 0, x1: width, y1: height },
    { x0: Math.floor(from.x), y0: Math.floor(from.y), x1: Math.ceil(to.x), y1: Math.ceil(to.y) },
  );
  if (shown === null) return [];
  const [x0, x1] = middle(shown.x0, shown.x1);
  const [y0, y1] = middle(shown.y0, shown.y1);
  const first = { x0, y0, x1, y1 };
  const isMost = pixels(first) >= MOST * pixels(shown);
  const isWhole = pixels(shown) >= MOST * width * height;
  return isMost || isWhole ? [first] : [first, shown];
}
