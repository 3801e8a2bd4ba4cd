/** Cutting out by colours, where it keeps no hand waiting; and what of the image and the scribbles it is given. */
import {
  type BorderRequest,
  borderCells,
  coarseShape,
  cutBorder,
  type CutShape,
  forEachCellPixel,
} from '../../shared/assist/cut-border.ts';
import { cutOut, type CutRequest, UNMARKED } from '../../shared/assist/cut-out.ts';
import { type GrabbedObject, KNOWN } from '../../shared/assist/grab-cut.ts';
import { NO_SCRIBBLE } from '../../shared/assist/scribbled.ts';
import { forEachSpan, runsIn } from '../../shared/mask-runs.ts';
import type { LabelLayer } from './label-layer.ts';
import { askOnce } from './once-thread.ts';
import type { ProposedMask, Prompts } from './tools/tool.ts';
import { intersection, type Rect } from './viewport.ts';

/** Both errors: internal, where a thread ended; cancelled. */
export interface Cut {
  readonly out: (request: CutRequest, signal: AbortSignal) => Promise<GrabbedObject>;
  readonly border: (request: BorderRequest, signal: AbortSignal) => Promise<CutShape>;
}

/** Where nobody paints meanwhile. */
export const cutHere: Cut = {
  out: (request) => Promise.resolve(cutOut(request)),
  border: (request) => Promise.resolve(cutBorder(request)),
};

/** What a thread is asked. */
export type CutQuestion =
  | { readonly kind: 'out'; readonly request: CutRequest }
  | { readonly kind: 'border'; readonly request: BorderRequest };

const askThread = <Answer>(question: CutQuestion, signal: AbortSignal): Promise<Answer> =>
  askOnce(new Worker(new URL('./cut.worker.ts', import.meta.url), { type: 'module' }), question, {
    signal,
    sorry: (why) => `It could not be cut out (${why}). Your box and clicks are kept: try again.`,
  });

/** In threads of their own. */
export const cutInThread: Cut = {
  out: (request, signal) => askThread({ kind: 'out', request }, signal),
  border: (request, signal) => askThread({ kind: 'border', request }, signal),
};

/** More pixels at once take longer than somebody waits: of larger parts every second, third … is looked at first. */
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

interface AskedCut {
  readonly request: CutRequest;
  /** Where in the image. */
  readonly region: ProposedMask['region'];
}

/** `mostSide`: of parts with a longer side, some pixels are looked at. null: there has to be a box first. */
export function cutRequest(
  prompts: Prompts,
  { displayed, scribbles, value }: Seen,
  { mostSide = MOST_SIDE } = {},
): AskedCut | null {
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
  const step = Math.max(1, Math.ceil(Math.max(region.width, region.height) / mostSide));
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
      ...{ step, marks },
      box: { x0: box.x0 - left, y0: box.y0 - top, x1: box.x1 - left, y1: box.y1 - top },
      points: prompts.points.map((point) => ({ ...point, x: point.x - left, y: point.y - top })),
      shape:
        prompts.shape === null ? null : shapeIn(prompts.shape, region, { width, height, step }),
    },
  };
}

/**
 * What is proposed; null: nothing differs from what is around it. Of large parts the border is cut anew from all pixels near
 * it. Errors: those of `cut`.
 */
export async function cutShape(
  { request, region }: AskedCut,
  seen: Seen,
  { cut, signal }: { readonly cut: Cut; readonly signal: AbortSignal },
): Promise<ProposedMask | null> {
  const { inside, mixtures } = await cut.out(request, signal);
  if (mixtures === null || !inside.includes(1)) return null;
  const { step, box, points } = request;
  const coarse = { step, width: region.width, height: region.height, inside };
  const { runs, area } =
    step === 1
      ? coarseShape(coarse)
      : await cut.border(
          { ...coarse, ...{ box, points, mixtures }, ...bandOf(coarse, region, seen) },
          signal,
        );
  return area === 0 ? null : { region, runs };
}

/** The pixels near a coarse border, as they are shown and scribbled on. */
function bandOf(
  coarse: Parameters<typeof borderCells>[0],
  { left, top }: ProposedMask['region'],
  { displayed, scribbles, value }: Seen,
): Pick<BorderRequest, 'cells' | 'rgb' | 'marks'> {
  const cells = borderCells(coarse);
  const pixels = cells.length * coarse.step ** 2;
  const rgb = new Uint8Array(3 * pixels);
  const marks = new Uint8Array(pixels).fill(UNMARKED);
  forEachCellPixel(coarse, cells, (x, y, at) => {
    const color = displayed(left + x, top + y);
    rgb[3 * at] = color >> 16;
    rgb[3 * at + 1] = (color >> 8) & 255;
    rgb[3 * at + 2] = color & 255;
    const scribbled = scribbles.get(left + x, top + y);
    if (scribbled === NO_SCRIBBLE) return;
    marks[at] = scribbled === value ? KNOWN.inside : KNOWN.outside;
  });
  return { cells, rgb, marks };
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
