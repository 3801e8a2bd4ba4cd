/** Which part of an image is cut into patches, and how finely it is looked at: what is in view, and some room around it. */
import type { Rect, Size } from './viewport.ts';

/** More pixels at once take longer than somebody waits: of larger parts every second, fourth … is looked at. */
const MOST_PIXELS = 1.25 * 2 ** 20;
/** Room around what is in view, of its sides: so far one can move before patches are made anew. */
const MARGIN = 0.15;
/** A patch has at least so many of the pixels that are looked at along its side. */
const LEAST_SIDE = 6;

/** A part of the image, and how finely it is looked at. */
export interface PatchRegion extends Rect {
  /** Pixels of the image along one that is looked at; a power of two. */
  readonly step: number;
  /** Side of a patch, in pixels of the image: as wanted, or the least that can be told so coarsely. */
  readonly sizePx: number;
}

const stepFor = ({ x0, y0, x1, y1 }: Rect): number => {
  let step = 1;
  while (((x1 - x0) / step) * ((y1 - y0) / step) > MOST_PIXELS) step *= 2;
  return step;
};

/** `last`: what was cut up before, kept where it serves. `view`: the part of the image in view. */
export function patchRegion(options: {
  readonly image: Size;
  readonly view: Rect;
  readonly sizePx: number;
  readonly last: PatchRegion | null;
}): PatchRegion {
  const { image, view, last } = options;
  const [width, height] = [view.x1 - view.x0, view.y1 - view.y0];
  const margin = { x: width * MARGIN, y: height * MARGIN };
  const grown = {
    x0: Math.max(0, view.x0 - margin.x),
    y0: Math.max(0, view.y0 - margin.y),
    x1: Math.min(image.width, view.x1 + margin.x),
    y1: Math.min(image.height, view.y1 + margin.y),
  };
  const step = stepFor(grown);
  const sizePx = Math.max(options.sizePx, LEAST_SIDE * step);
  const holds =
    last !== null &&
    last.x0 <= Math.max(0, view.x0) &&
    last.y0 <= Math.max(0, view.y0) &&
    last.x1 >= Math.min(image.width, view.x1) &&
    last.y1 >= Math.min(image.height, view.y1);
  if (holds && last.step === step && last.sizePx === sizePx) return last;
  // At places of a grid of the image, so that what is looked at is the same wherever the view is.
  const down = (value: number) => Math.floor(value / step) * step;
  const up = (value: number, most: number) => Math.min(most, Math.ceil(value / step) * step);
  return {
    x0: down(grown.x0),
    y0: down(grown.y0),
    x1: up(grown.x1, image.width),
    y1: up(grown.y1, image.height),
    ...{ step, sizePx },
  };
}
