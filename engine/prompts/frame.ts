/**
 * The frame in which promptable networks see: a square of 1,024 px with the picture in its top left corner and its longest
 * side filled; embeddings of 64 × 64, masks of 256 × 256 logits. Kirillov et al. (2023), "Segment Anything", and its
 * ONNX export. Pure functions between the frame and a region of an image.
 */
import type { PredictionRegion, PromptBox, PromptPoint } from '../../shared/api.ts';
import { forEachSpan, RunWriter } from '../../shared/mask-runs.ts';

export const FRAME_PX = 1024;
/** Of the logits. */
export const MASK_PX = 256;
export const EMBEDDING = { shape: [1, 256, 64, 64], length: 256 * 64 * 64 } as const;

/** Labels of points in the export: what they are to the object, two corners of a box, or nothing. */
const LABEL = { outside: 0, inside: 1, topLeft: 2, bottomRight: 3, padding: -1 } as const;

/** Logits that say a drawn shape: sure, as the network's own are (mostly −20 … 20), but open to correction. */
const DRAWN_LOGIT = 8;

type Region = PredictionRegion;

/** Pixels of the picture that a region becomes. */
export function pictureSize({ width, height }: Pick<Region, 'width' | 'height'>): {
  width: number;
  height: number;
} {
  const scale = FRAME_PX / Math.max(width, height);
  const side = (px: number) => Math.min(FRAME_PX, Math.max(1, Math.round(px * scale)));
  return { width: side(width), height: side(height) };
}

function scaleOf(region: Region): { x: number; y: number } {
  const picture = pictureSize(region);
  return { x: picture.width / region.width, y: picture.height / region.height };
}

/** Points and box as the export wants them. Half a pixel less: it counts from the middle of the first pixel. */
export function framedPrompts(
  region: Region,
  { points, box }: { readonly points: readonly PromptPoint[]; readonly box?: PromptBox },
): { coordinates: number[]; labels: number[] } {
  const scale = scaleOf(region);
  const framed = (x: number, y: number) => [
    (x - region.left) * scale.x - 0.5,
    (y - region.top) * scale.y - 0.5,
  ];
  const coordinates = points.flatMap(({ x, y }) => framed(x, y));
  const labels: number[] = points.map(({ inside }) => (inside ? LABEL.inside : LABEL.outside));
  if (box === undefined) {
    coordinates.push(0, 0);
    labels.push(LABEL.padding);
  } else {
    coordinates.push(
      ...framed(Math.min(box.x0, box.x1), Math.min(box.y0, box.y1)),
      ...framed(Math.max(box.x0, box.x1), Math.max(box.y0, box.y1)),
    );
    labels.push(LABEL.topLeft, LABEL.bottomRight);
  }
  return { coordinates, labels };
}

/** Where the pixels of a region lie between the logits: for each the one before, and the share of the one after. */
function between(count: number, scale: number): { before: Uint16Array; share: Float32Array } {
  const before = new Uint16Array(count);
  const share = new Float32Array(count);
  const perLogit = FRAME_PX / MASK_PX;
  for (let i = 0; i < count; i++) {
    const at = ((i + 0.5) * scale) / perLogit - 0.5;
    const kept = Math.min(MASK_PX - 1, Math.max(0, at));
    before[i] = Math.min(MASK_PX - 2, Math.floor(kept));
    share[i] = kept - (before[i] ?? 0);
  }
  return { before, share };
}

/** Pixels of the region whose logit, between the four around it, is above 0. `logits`: [256, 256]. */
export function maskOf(logits: Float32Array, region: Region): RunWriter {
  const scale = scaleOf(region);
  const columns = between(region.width, scale.x);
  const rows = between(region.height, scale.y);
  const writer = new RunWriter(region.width);
  const line = new Float32Array(MASK_PX);
  for (let y = 0; y < region.height; y++) {
    const top = (rows.before[y] ?? 0) * MASK_PX;
    const down = rows.share[y] ?? 0;
    let isAny = false;
    for (let i = 0; i < MASK_PX; i++) {
      const above = logits[top + i] ?? 0;
      const value = above + ((logits[top + MASK_PX + i] ?? 0) - above) * down;
      line[i] = value;
      isAny ||= value > 0;
    }
    if (!isAny) continue;
    let start = -1;
    for (let x = 0; x < region.width; x++) {
      const i = columns.before[x] ?? 0;
      const left = line[i] ?? 0;
      const isInside = left + ((line[i + 1] ?? 0) - left) * (columns.share[x] ?? 0) > 0;
      if (isInside && start < 0) start = x;
      if (!isInside && start >= 0) {
        writer.add(y, start, x);
        start = -1;
      }
    }
    if (start >= 0) writer.add(y, start, region.width);
  }
  return writer;
}

/** The pixels that lie in each logit's place along one side: at least the one that its middle is in. */
function pixelsUnder(count: number, scale: number): readonly (readonly [number, number])[] {
  const perPixel = FRAME_PX / MASK_PX / scale;
  return Array.from({ length: MASK_PX }, (_, i): readonly [number, number] => {
    if (perPixel >= 1) {
      return [Math.floor(i * perPixel), Math.min(count, Math.floor((i + 1) * perPixel))];
    }
    const middle = Math.floor((i + 0.5) * perPixel);
    return [middle, Math.min(count, middle + 1)];
  });
}

/** A drawn shape as logits, by the share of each that it covers. */
export function logitsOf(runs: readonly number[], region: Region): Float32Array {
  const { width, height } = region;
  const drawn = new Uint8Array(width * height);
  forEachSpan(runs, width, (y, x0, x1) => drawn.fill(1, y * width + x0, y * width + x1));
  const scale = scaleOf(region);
  const columns = pixelsUnder(width, scale.x);
  const rows = pixelsUnder(height, scale.y);
  const logits = new Float32Array(MASK_PX * MASK_PX).fill(-DRAWN_LOGIT);
  rows.forEach(([top, bottom], row) => {
    columns.forEach(([left, right], column) => {
      let inside = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) inside += drawn[y * width + x] ?? 0;
      }
      const pixels = Math.max(0, bottom - top) * Math.max(0, right - left);
      if (pixels > 0) logits[row * MASK_PX + column] = (2 * (inside / pixels) - 1) * DRAWN_LOGIT;
    });
  });
  return logits;
}
