/**
 * Where the image lies on the screen: zoom, pan, and the two coordinate systems, kept apart by brands.
 * Knows nothing of canvases or events.
 */

declare const space: unique symbol;

/** In pixels of the image; the pixel (x, y) covers x … x+1 by y … y+1. */
export interface ImagePoint {
  readonly x: number;
  readonly y: number;
  readonly [space]?: 'image';
}

/** In device pixels of the canvas, from its top left corner. */
export interface ScreenPoint {
  readonly x: number;
  readonly y: number;
  readonly [space]?: 'screen';
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Half-open: x0 ≤ x < x1, y0 ≤ y < y1. */
export interface Rect {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** An immutable view: every verb returns the next one. */
export interface Viewport {
  /** Image, in its pixels. */
  readonly image: Size;
  /** Canvas, in device pixels. */
  readonly screen: Size;
  /** Device pixels per image pixel. */
  readonly zoom: number;
  /** Image point in the middle of the screen. */
  readonly center: ImagePoint;
}

export const imagePoint = (x: number, y: number): ImagePoint => ({ x, y });
export const screenPoint = (x: number, y: number): ScreenPoint => ({ x, y });

/** One image pixel becomes at most this many device pixels. */
export const MAX_ZOOM = 64;
/** Zooming out ends where the image fills this share of the screen, or at 1:1 for smaller images. */
const MIN_SHARE_OF_FIT = 0.5;
/** Share of the screen left empty around a fitted image. */
const FIT_MARGIN = 0.02;

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** The zoom at which the whole image is seen. */
function fitZoom(image: Size, screen: Size): number {
  const zoom = Math.min(screen.width / image.width, screen.height / image.height);
  return clamp(zoom * (1 - 2 * FIT_MARGIN), Number.MIN_VALUE, MAX_ZOOM);
}

export function minZoom(image: Size, screen: Size): number {
  return Math.min(1, fitZoom(image, screen) * MIN_SHARE_OF_FIT);
}

/** The whole image, centred. */
export function fit(image: Size, screen: Size): Viewport {
  return {
    image,
    screen,
    zoom: fitZoom(image, screen),
    center: imagePoint(image.width / 2, image.height / 2),
  };
}

/** Keeps the zoom in its limits and the middle of the screen on the image, so that no image is ever lost. */
function clamped(view: Viewport): Viewport {
  return {
    ...view,
    zoom: clamp(view.zoom, minZoom(view.image, view.screen), MAX_ZOOM),
    center: imagePoint(
      clamp(view.center.x, 0, view.image.width),
      clamp(view.center.y, 0, view.image.height),
    ),
  };
}

export function toScreen(view: Viewport, point: ImagePoint): ScreenPoint {
  return screenPoint(
    (point.x - view.center.x) * view.zoom + view.screen.width / 2,
    (point.y - view.center.y) * view.zoom + view.screen.height / 2,
  );
}

export function toImage(view: Viewport, point: ScreenPoint): ImagePoint {
  return imagePoint(
    (point.x - view.screen.width / 2) / view.zoom + view.center.x,
    (point.y - view.screen.height / 2) / view.zoom + view.center.y,
  );
}

/** Zooms so that the image point under `at` stays there, as far as the limits let it. */
export function zoomAt(view: Viewport, at: ScreenPoint, zoom: number): Viewport {
  const next = clamp(zoom, minZoom(view.image, view.screen), MAX_ZOOM);
  const held = toImage(view, at);
  return clamped({
    ...view,
    zoom: next,
    center: imagePoint(
      held.x - (at.x - view.screen.width / 2) / next,
      held.y - (at.y - view.screen.height / 2) / next,
    ),
  });
}

/** Moves the image by so many device pixels. */
export function panBy(view: Viewport, dx: number, dy: number): Viewport {
  return clamped({
    ...view,
    center: imagePoint(view.center.x - dx / view.zoom, view.center.y - dy / view.zoom),
  });
}

/** How much of the screen what is looked at takes. */
const LOOKED_AT_SHARE = 0.3;

/** A rectangle of image pixels in the middle, as large as leaves its surroundings in sight. */
export function lookAt(view: Viewport, { x0, y0, x1, y1 }: Rect): Viewport {
  const zoom = Math.min(view.screen.width / (x1 - x0), view.screen.height / (y1 - y0));
  return clamped({
    ...view,
    zoom: Math.max(fitZoom(view.image, view.screen), zoom * LOOKED_AT_SHARE),
    center: imagePoint((x0 + x1) / 2, (y0 + y1) / 2),
  });
}

/** A place of the image in the middle of the screen. */
export const centredOn = (view: Viewport, center: ImagePoint): Viewport =>
  clamped({ ...view, center });

/** What the screen shows, in pixels of the image, with what lies beyond its edges. */
export function visiblePart(view: Viewport): Rect {
  const from = toImage(view, screenPoint(0, 0));
  const to = toImage(view, screenPoint(view.screen.width, view.screen.height));
  return { x0: from.x, y0: from.y, x1: to.x, y1: to.y };
}

/** The part of the image that is seen; all of it where nothing of it is. */
export function partInView(view: Viewport): Rect {
  const { width, height } = view.image;
  const whole = { x0: 0, y0: 0, x1: width, y1: height };
  return intersection(visiblePart(view), whole) ?? whole;
}

/** The same place in a canvas of another size. */
export function resized(view: Viewport, screen: Size): Viewport {
  return clamped({ ...view, screen });
}

/** Device pixels that show a rectangle of image pixels, rounded outwards by `margin`. */
export function screenRect(view: Viewport, rect: Rect, margin = 0): Rect {
  const from = toScreen(view, imagePoint(rect.x0, rect.y0));
  const to = toScreen(view, imagePoint(rect.x1, rect.y1));
  return {
    x0: Math.floor(from.x) - margin,
    y0: Math.floor(from.y) - margin,
    x1: Math.ceil(to.x) + margin,
    y1: Math.ceil(to.y) + margin,
  };
}

export function intersection(a: Rect, b: Rect): Rect | null {
  const x0 = Math.max(a.x0, b.x0);
  const y0 = Math.max(a.y0, b.y0);
  const x1 = Math.min(a.x1, b.x1);
  const y1 = Math.min(a.y1, b.y1);
  return x0 < x1 && y0 < y1 ? { x0, y0, x1, y1 } : null;
}

export function union(a: Rect | null, b: Rect | null): Rect | null {
  if (a === null || b === null) return a ?? b;
  return {
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  };
}
