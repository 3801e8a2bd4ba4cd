/**
 * One frame of the canvas, from what the scene says: image, labels, prediction, scribbles, the shape in progress, the brush.
 * Paints only the damaged rectangle; holds no state but the context it paints on.
 */
import { snapToPixels } from './shapes.ts';
import type { MaskPicture } from './mask-picture.ts';
import type { ObjectPlace } from './object-layer.ts';
import type { DrawOptions, TextureCache } from './textures.ts';
import type { Preview, Prompts } from './tools/tool.ts';
import {
  type ImagePoint,
  intersection,
  type Rect,
  type ScreenPoint,
  screenRect,
  toImage,
  toScreen,
  type Viewport,
} from './viewport.ts';

export interface Scene {
  readonly view: Viewport;
  /** CSS colour around the image. */
  readonly backdrop: string;
  readonly image: TextureCache | null;
  /** null while hidden. */
  readonly labels: { readonly textures: TextureCache; readonly opacity: number } | null;
  readonly prediction: { readonly textures: TextureCache; readonly opacity: number } | null;
  readonly scribbles: { readonly textures: TextureCache; readonly opacity: number } | null;
  /** Outlines of patches, in a view of their own: they may be coarser than the image. */
  readonly patches: {
    readonly textures: TextureCache;
    readonly opacity: number;
    readonly view: Viewport;
  } | null;
  /** Outlines of objects. */
  readonly objects: { readonly textures: TextureCache; readonly opacity: number } | null;
  readonly marks: ObjectMarks;
  /** The part of the image that the prediction is of, in its pixels; null: all of it, or none is shown. */
  readonly frame: Rect | null;
  readonly preview: Preview | null;
  /** A mask that is proposed for the shape in progress. */
  readonly proposed: MaskPicture | null;
  /** CSS colour of the class in hand, for shapes in progress. */
  readonly color: string;
  readonly cursor: {
    readonly at: ScreenPoint;
    readonly brushSizePx: number | null;
    readonly erases: boolean;
    /** Moved by keys: the system's pointer is elsewhere. */
    readonly byKeys: boolean;
  } | null;
  /** Device pixels per CSS pixel: lines and handles keep their size. */
  readonly pixelRatio: number;
}

/** What is said of objects over their outlines. */
export interface ObjectMarks {
  /** Objects whose numbers are shown. */
  readonly numbered: readonly ObjectPlace[];
  /** Has a frame around it. */
  readonly picked: Rect | null;
}

export const NO_MARKS: ObjectMarks = { numbered: [], picked: null };

/** Milliseconds of a frame that may go into rasterising tiles. */
const RASTER_BUDGET_MS = 7;
const HANDLE_PX = 4;
/** Radius of a click. */
const POINT_PX = 7;
/** Arms of the cross that stands for the system's pointer. */
const CROSS_PX = 12;
/** What lines and handles reach beyond the points they are drawn at, in CSS pixels. */
const OVERLAY_MARGIN_PX = 8;

/** Returns whether the frame shows everything; if not, paint again. */
export function paint(context: CanvasRenderingContext2D, scene: Scene, damage: Rect): boolean {
  const { view } = scene;
  const clip = intersection(damage, {
    x0: 0,
    y0: 0,
    x1: view.screen.width,
    y1: view.screen.height,
  });
  if (clip === null) return true;
  const deadline = performance.now() + RASTER_BUDGET_MS;
  context.save();
  context.beginPath();
  context.rect(clip.x0, clip.y0, clip.x1 - clip.x0, clip.y1 - clip.y0);
  context.clip();
  context.fillStyle = scene.backdrop;
  context.fillRect(clip.x0, clip.y0, clip.x1 - clip.x0, clip.y1 - clip.y0);
  const options: DrawOptions = {
    view,
    clip,
    alpha: 1,
    smooth: view.zoom < 1,
    hasTime: () => performance.now() < deadline,
  };
  let complete = scene.image?.draw(context, options) ?? true;
  if (scene.labels !== null) {
    const { textures, opacity } = scene.labels;
    complete = textures.draw(context, { ...options, alpha: opacity }) && complete;
  }
  if (scene.prediction !== null) {
    const { textures, opacity } = scene.prediction;
    complete = textures.draw(context, { ...options, alpha: opacity, smooth: false }) && complete;
  }
  if (scene.scribbles !== null) {
    const { textures, opacity } = scene.scribbles;
    complete = textures.draw(context, { ...options, alpha: opacity }) && complete;
  }
  if (scene.patches !== null) {
    const { textures, opacity, view: own } = scene.patches;
    const finer = { ...options, view: own, alpha: opacity, smooth: false };
    complete = textures.draw(context, finer) && complete;
  }
  if (scene.objects !== null) {
    const { textures, opacity } = scene.objects;
    complete = textures.draw(context, { ...options, alpha: opacity, smooth: false }) && complete;
  }
  paintMarks(context, scene, clip);
  if (scene.frame !== null) paintFrame(context, scene, scene.frame);
  scene.proposed?.draw(context, view, scene.color);
  if (scene.preview !== null) paintPreview(context, scene, scene.preview);
  if (scene.cursor !== null) paintCursor(context, scene, scene.cursor);
  context.restore();
  return complete;
}

/** Traces a polyline in device pixels. */
function trace(context: CanvasRenderingContext2D, view: Viewport, points: readonly ImagePoint[]) {
  points.forEach((point, i) => {
    const { x, y } = toScreen(view, point);
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
}

/** Strokes the current path in white on black, seen on any image. */
function strokeTwice(
  context: CanvasRenderingContext2D,
  { color, ratio }: { color: string; ratio: number },
) {
  context.lineWidth = 3 * ratio;
  context.strokeStyle = 'rgb(0 0 0 / 0.6)';
  context.stroke();
  context.lineWidth = 1.25 * ratio;
  context.strokeStyle = color;
  context.stroke();
}

function paintPreview(context: CanvasRenderingContext2D, scene: Scene, preview: Preview): void {
  const { view, color, pixelRatio: ratio } = scene;
  context.lineJoin = 'round';
  if (preview.kind === 'box') {
    const a = toScreen(view, preview.a);
    const b = toScreen(view, preview.b);
    context.beginPath();
    context.rect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y));
    tint(context, color);
    strokeTwice(context, { color: '#fff', ratio });
    return;
  }
  if (preview.kind === 'prompts') {
    paintPrompts(context, scene, preview);
    return;
  }
  if (preview.kind === 'line') {
    context.beginPath();
    trace(context, view, preview.points);
    strokeTwice(context, { color: '#fff', ratio });
    return;
  }
  context.beginPath();
  for (const ring of preview.rings) {
    trace(context, view, ring);
    context.closePath();
  }
  tint(context, color);
  strokeTwice(context, { color: '#fff', ratio });
  if (preview.open.length > 1) {
    context.beginPath();
    trace(context, view, preview.open);
    strokeTwice(context, { color: '#fff', ratio });
    const [first] = preview.open;
    const last = preview.open.at(-1);
    if (first !== undefined && last !== undefined) {
      // The edge that closing would add.
      context.beginPath();
      trace(context, view, [last, first]);
      context.setLineDash([4 * ratio, 4 * ratio]);
      strokeTwice(context, { color: '#fff', ratio });
      context.setLineDash([]);
    }
  }
  if (!preview.handles) return;
  const side = 2 * HANDLE_PX * ratio;
  for (const point of [...preview.rings.flat(), ...preview.open.slice(0, -1)]) {
    const { x, y } = toScreen(view, point);
    context.fillStyle = color;
    context.fillRect(x - side / 2, y - side / 2, side, side);
    context.lineWidth = 1.25 * ratio;
    context.strokeStyle = '#fff';
    context.strokeRect(x - side / 2, y - side / 2, side, side);
  }
}

/** What is in the object, with a plus; what is not, with a minus. */
function paintPrompts(context: CanvasRenderingContext2D, scene: Scene, prompts: Prompts): void {
  const { view, color, pixelRatio: ratio } = scene;
  if (prompts.box !== null) {
    const { x0, y0, x1, y1 } = screenRect(view, prompts.box);
    context.beginPath();
    context.rect(x0, y0, x1 - x0, y1 - y0);
    strokeTwice(context, { color: '#fff', ratio });
  }
  const radius = POINT_PX * ratio;
  const arm = 0.55 * radius;
  for (const point of prompts.points) {
    const { x, y } = toScreen(view, point);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = point.inside ? color : '#1c1e21';
    context.fill();
    context.lineWidth = 1.5 * ratio;
    context.strokeStyle = '#fff';
    context.stroke();
    context.beginPath();
    context.moveTo(x - arm, y);
    context.lineTo(x + arm, y);
    if (point.inside) {
      context.moveTo(x, y - arm);
      context.lineTo(x, y + arm);
    }
    context.strokeStyle = point.inside ? '#1c1e21' : '#fff';
    context.stroke();
  }
}

function paintFrame(context: CanvasRenderingContext2D, scene: Scene, frame: Rect): void {
  const { view, pixelRatio: ratio } = scene;
  const { x0, y0, x1, y1 } = screenRect(view, frame);
  context.beginPath();
  context.rect(x0, y0, x1 - x0, y1 - y0);
  context.setLineDash([6 * ratio, 4 * ratio]);
  strokeTwice(context, { color: '#fff', ratio });
  context.setLineDash([]);
}

/** In CSS pixels. */
const NUMBER_PX = 12;
/** Objects that are smaller on the screen have no number: there would be nothing but numbers. In CSS pixels. */
const LEAST_NUMBERED_PX = 10;
/** What a number reaches beyond the middle of its object, in CSS pixels. */
const NUMBER_REACH_PX = 48;

function paintMarks(context: CanvasRenderingContext2D, scene: Scene, clip: Rect): void {
  const { view, marks, pixelRatio: ratio } = scene;
  if (marks.picked !== null) paintFrame(context, scene, marks.picked);
  if (marks.numbered.length === 0) return;
  context.font = `600 ${NUMBER_PX * ratio}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.lineWidth = 3 * ratio;
  context.strokeStyle = 'rgb(0 0 0 / 0.75)';
  context.fillStyle = '#fff';
  const reach = NUMBER_REACH_PX * ratio;
  const least = LEAST_NUMBERED_PX * ratio;
  for (const place of marks.numbered) {
    if (Math.max(place.x1 - place.x0, place.y1 - place.y0) * view.zoom < least) continue;
    const { x, y } = toScreen(view, place);
    if (x < clip.x0 - reach || x > clip.x1 + reach) continue;
    if (y < clip.y0 - reach || y > clip.y1 + reach) continue;
    context.strokeText(String(place.number), x, y);
    context.fillText(String(place.number), x, y);
  }
}

function tint(context: CanvasRenderingContext2D, color: string): void {
  context.globalAlpha = 0.25;
  context.fillStyle = color;
  context.fill('evenodd');
  context.globalAlpha = 1;
}

function paintCursor(
  context: CanvasRenderingContext2D,
  scene: Scene,
  { at, brushSizePx, erases, byKeys }: NonNullable<Scene['cursor']>,
): void {
  const { view, pixelRatio: ratio } = scene;
  if (brushSizePx === null) {
    if (byKeys) paintCross(context, at, { from: 0, to: CROSS_PX * ratio, ratio });
    return;
  }
  const { x, y } = toScreen(view, snapToPixels(toImage(view, at), brushSizePx));
  const radius = (brushSizePx / 2) * view.zoom;
  context.beginPath();
  context.arc(x, y, Math.max(radius, ratio), 0, 2 * Math.PI);
  if (erases) context.setLineDash([3 * ratio, 3 * ratio]);
  strokeTwice(context, { color: erases ? '#fff' : scene.color, ratio });
  context.setLineDash([]);
  // Small discs are lost on a busy image: a cross finds them.
  if (radius < 5 * ratio) {
    paintCross(context, { x, y }, { from: radius + 3 * ratio, to: radius + 7 * ratio, ratio });
  }
}

/** Four arms, each between these distances from the middle, in device pixels. */
function paintCross(
  context: CanvasRenderingContext2D,
  { x, y }: { readonly x: number; readonly y: number },
  { from, to, ratio }: { from: number; to: number; ratio: number },
): void {
  context.beginPath();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    context.moveTo(x + dx * from, y + dy * from);
    context.lineTo(x + dx * to, y + dy * to);
  }
  strokeTwice(context, { color: '#fff', ratio });
}

/** Device pixels that preview and cursor cover, to be painted again when they move. */
export function overlayBounds(
  scene: Pick<Scene, 'view' | 'preview' | 'proposed' | 'cursor' | 'pixelRatio'>,
): Rect | null {
  const { view, preview, proposed, cursor, pixelRatio } = scene;
  const points: ScreenPoint[] = [];
  const addRect = ({ x0, y0, x1, y1 }: Rect) =>
    points.push(toScreen(view, { x: x0, y: y0 }), toScreen(view, { x: x1, y: y1 }));
  if (proposed?.bounds != null) addRect(proposed.bounds);
  if (preview?.kind === 'box') points.push(toScreen(view, preview.a), toScreen(view, preview.b));
  else if (preview?.kind === 'prompts') {
    for (const point of preview.points) points.push(toScreen(view, point));
    if (preview.box !== null) addRect(preview.box);
  } else if (preview?.kind === 'line') {
    for (const point of preview.points) points.push(toScreen(view, point));
  } else if (preview !== null) {
    for (const ring of [...preview.rings, preview.open]) {
      for (const point of ring) points.push(toScreen(view, point));
    }
  }
  if (cursor?.brushSizePx != null) {
    const radius = (cursor.brushSizePx / 2 + 1) * view.zoom;
    points.push(
      { x: cursor.at.x - radius, y: cursor.at.y - radius },
      { x: cursor.at.x + radius, y: cursor.at.y + radius },
    );
  } else if (cursor?.byKeys === true) {
    const reach = CROSS_PX * pixelRatio;
    points.push(
      { x: cursor.at.x - reach, y: cursor.at.y - reach },
      { x: cursor.at.x + reach, y: cursor.at.y + reach },
    );
  }
  if (points.length === 0) return null;
  const margin = OVERLAY_MARGIN_PX * pixelRatio;
  let bounds = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (const { x, y } of points) {
    bounds = {
      x0: Math.min(bounds.x0, x),
      y0: Math.min(bounds.y0, y),
      x1: Math.max(bounds.x1, x),
      y1: Math.max(bounds.y1, y),
    };
  }
  return {
    x0: Math.floor(bounds.x0 - margin),
    y0: Math.floor(bounds.y0 - margin),
    x1: Math.ceil(bounds.x1 + margin),
    y1: Math.ceil(bounds.y1 + margin),
  };
}
