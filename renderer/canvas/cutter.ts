/** Cutting out by colours, where it keeps no hand waiting; and what of the image and the scribbles it is given. */
import { cutOut, type CutRequest, type CutShape, UNMARKED } from '../../shared/assist/cut-out.ts';
import { KNOWN } from '../../shared/assist/grab-cut.ts';
import { NO_SCRIBBLE } from '../../shared/assist/scribbled.ts';
import { forEachSpan, runsIn } from '../../shared/mask-runs.ts';
import type { LabelLayer } from './label-layer.ts';
import { askOnce } from './once-thread.ts';
import type { ProposedMask, Prompts } from './tools/tool.ts';
import { intersection, type Rect } from './viewport.ts';

/** Errors: internal, where its thread ended. */
export type Cut = (request: CutRequest, signal: AbortSignal) => Promise<CutShape>;

/** Where nobody paints meanwhile. */
export const cutHere: Cut = (request) => Promise.resolve(cutOut(request));

/** In a thread of its own. */
export const cutInThread: Cut = (request, signal) =>
  askOnce(new Worker(new URL('./cut.worker.ts', import.meta.url), { type: 'module' }), request, {
    signal,
    sorry: (why) => `It could not be cut out (${why}). Your box and clicks are kept: try again.`,
  });

/** More pixels at once take longer than somebody waits: of larger parts every second, third … is looked at. */
const MOST_SIDE = 480;
/** Of a box, how much of what is around it is looked at: how it looks there says what the object is not. */
const AROUND = 0.5;
const LEAST_AROUND_PX = 8;
/** How far an object that is mended may grow, of its longer side. */
const GROWS = 0.25;

interface Seen {
  readonly displayed: (x: number, y: number) => number;
  readonly scribbles: LabelLayer;
  /** Class whose scribbles are inside; those of others are outside. */
  readonly value: number;
}

/** What encloses the object; null where nothing says it. */
function boxOf({ box, shape }: Prompts): Rect | null {
  if (shape === null) return box;
  const { left, top, width, height } = shape.region;
  const grows = Math.ceil(GROWS * Math.max(width, height)) + 2;
  return {
    x0: left - grows,
    y0: top - grows,
    x1: left + width + grows,
    y1: top + height + grows,
  };
}

/** What is to be cut, and where in the image; null: there has to be a box first. */
export function cutRequest(
  prompts: Prompts,
  { displayed, scribbles, value }: Seen,
): { readonly request: CutRequest; readonly region: ProposedMask['region'] } | null {
  const box = boxOf(prompts);
  if (box === null) return null;
  const around = Math.max(
    LEAST_AROUND_PX,
    Math.round(AROUND * Math.max(box.x1 - box.x0, box.y1 - box.y0)),
  );
  const left = Math.max(0, Math.floor(box.x0) - around);
  const top = Math.max(0, Math.floor(box.y0) - around);
  const region = {
    ...{ left, top },
    width: Math.min(scribbles.width, Math.ceil(box.x1) + around) - left,
    height: Math.min(scribbles.height, Math.ceil(box.y1) + around) - top,
  };
  const step = Math.ceil(Math.max(region.width, region.height) / MOST_SIDE);
  const width = Math.ceil(region.width / step);
  const height = Math.ceil(region.height / step);
  const rgb = new Uint8Array(width * height * 3);
  const marks = marksOf(scribbles, region, { value, width, height, step });
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const [imageX, imageY] = [left + x * step, top + y * step];
      const color = displayed(imageX, imageY);
      rgb[3 * at] = color >> 16;
      rgb[3 * at + 1] = (color >> 8) & 255;
      rgb[3 * at + 2] = color & 255;
    }
  }
  return {
    region,
    request: {
      image: { width, height, rgb },
      ...{ step, width: region.width, height: region.height, marks },
      box: { x0: box.x0 - left, y0: box.y0 - top, x1: box.x1 - left, y1: box.y1 - top },
      points: prompts.points.map((point) => ({ ...point, x: point.x - left, y: point.y - top })),
      shape:
        prompts.shape === null ? null : shapeIn(prompts.shape, region, { width, height, step }),
    },
  };
}

/** What scribbles say of the pixels that are looked at: the thinnest one counts wherever it touches what one stands for. */
function marksOf(
  scribbles: LabelLayer,
  { left, top, width: regionWidth, height: regionHeight }: ProposedMask['region'],
  options: {
    readonly value: number;
    readonly width: number;
    readonly height: number;
    readonly step: number;
  },
): Uint8Array {
  const { value, width, height, step } = options;
  const marks = new Uint8Array(width * height).fill(UNMARKED);
  const area = { x0: left, y0: top, x1: left + regionWidth, y1: top + regionHeight };
  for (let tile = 0; tile < scribbles.columns * scribbles.rows; tile++) {
    if (scribbles.uniformValue(tile) === NO_SCRIBBLE) continue;
    const part = intersection(scribbles.tileRect(tile), area);
    if (part === null) continue;
    for (let y = part.y0; y < part.y1; y++) {
      const row = Math.floor((y - top) / step) * width;
      for (let x = part.x0; x < part.x1; x++) {
        const scribbled = scribbles.get(x, y);
        if (scribbled === NO_SCRIBBLE) continue;
        marks[row + Math.floor((x - left) / step)] =
          scribbled === value ? KNOWN.inside : KNOWN.outside;
      }
    }
  }
  return marks;
}

function shapeIn(
  shape: ProposedMask,
  region: ProposedMask['region'],
  {
    width,
    height,
    step,
  }: { readonly width: number; readonly height: number; readonly step: number },
): Uint8Array {
  const inside = new Uint8Array(width * height);
  forEachSpan(runsIn(region, shape).runs, region.width, (y, x0, x1) => {
    if (y % step !== 0) return;
    const row = (y / step) * width;
    inside.fill(1, row + Math.ceil(x0 / step), row + Math.ceil(x1 / step));
  });
  return inside;
}
