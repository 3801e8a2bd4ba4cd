/** Changes of the shape of one class in a label map: grown, shrunk, smoothed, without holes or specks. Pure functions. */
import type { LabelMap } from './label-map.ts';
import { AS_DRAWN, postProcess } from './post-processing.ts';

export const SHAPE_CHANGES = ['grow', 'shrink', 'smooth', 'fillHoles', 'removeSmall'] as const;
export type ShapeChange = (typeof SHAPE_CHANGES)[number];

export interface ShapeOptions {
  readonly change: ShapeChange;
  /** Class, or IGNORE. */
  readonly value: number;
  /** Of grow, shrink and smooth: how far, in pixels. 1 or more. */
  readonly radiusPx: number;
  /** Of fillHoles: the largest hole; of removeSmall: objects of fewer pixels go. */
  readonly areaPx: number;
  /** What a pixel holds that is nothing (foreground.ts). */
  readonly blank: number;
  /** Whether the class takes pixels from what is blank alone. */
  readonly keepOthers: boolean;
}

type Mask = LabelMap;

/**
 * The pixels within a distance of those that hold `value` hold it too, by Euclid; what lies beyond the edge holds nothing.
 * Each run of a row reaches into the rows around it as far as a disc does: where such reaches begin and end is counted, so
 * that it costs the number of runs, not that of pixels, times the distance.
 */
function spread(
  { width, height, data }: Mask,
  { value, radius }: { value: 0 | 1; radius: number },
): Mask {
  const reaches = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.floor(Math.sqrt(radius ** 2 - (i - radius) ** 2)),
  );
  // A pixel is in reach of at most so many runs as a disc of 50 px has pixels: far below 2 ** 15.
  const begun = new Int16Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    const [first, last] = [Math.max(0, y - radius), Math.min(height - 1, y + radius)];
    const end = (y + 1) * width;
    for (let i = y * width; i < end; i++) {
      if (data[i] !== value) continue;
      const from = i - y * width;
      while (i < end && data[i] === value) i++;
      const to = i - y * width;
      for (let row = first; row <= last; row++) {
        const reach = reaches[row - y + radius] ?? 0;
        const [left, right] = [Math.max(0, from - reach), Math.min(width, to + reach)];
        begun[row * (width + 1) + left] = (begun[row * (width + 1) + left] ?? 0) + 1;
        begun[row * (width + 1) + right] = (begun[row * (width + 1) + right] ?? 0) - 1;
      }
    }
  }
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    let open = 0;
    for (let x = 0; x < width; x++) {
      open += begun[y * (width + 1) + x] ?? 0;
      out[y * width + x] = open > 0 ? value : 1 - value;
    }
  }
  return { width, height, data: out };
}

const dilated = (mask: Mask, radius: number): Mask => spread(mask, { value: 1, radius });

/** The edge of the image takes nothing away: an object may go on beyond it. */
const eroded = (mask: Mask, radius: number): Mask => spread(mask, { value: 0, radius });

const opened = (mask: Mask, radius: number) => dilated(eroded(mask, radius), radius);
const closed = (mask: Mask, radius: number) => eroded(dilated(mask, radius), radius);

function byArea(mask: Mask, rule: { minObjectPx?: number; fillHolesPx?: number }): Mask {
  const { width, height, data } = mask;
  const scores = { width, height, likely: data, foreground: data, score: data };
  return postProcess(scores, { ...AS_DRAWN, ...rule }, { blank: 0 });
}

function changed(mask: Mask, { change, radiusPx, areaPx }: ShapeOptions): Mask {
  switch (change) {
    case 'grow':
      return dilated(mask, radiusPx);
    case 'shrink':
      return eroded(mask, radiusPx);
    case 'smooth':
      // Notches are filled, then thorns go.
      return opened(closed(mask, radiusPx), radiusPx);
    case 'fillHoles':
      return byArea(mask, { fillHolesPx: areaPx });
    case 'removeSmall':
      return byArea(mask, { minObjectPx: areaPx });
  }
}

/** What the class loses becomes blank. */
export function reshaped(map: LabelMap, options: ShapeOptions): LabelMap {
  const { value, blank, keepOthers } = options;
  // Loops, for millions of pixels.
  const inClass = new Uint8Array(map.data.length);
  for (let i = 0; i < inClass.length; i++) inClass[i] = map.data[i] === value ? 1 : 0;
  const after = changed({ ...map, data: inClass }, options).data;
  const data = map.data.slice();
  for (let i = 0; i < data.length; i++) {
    if (after[i] === inClass[i]) continue;
    if (after[i] === 0) data[i] = blank;
    else if (!keepOthers || data[i] === blank) data[i] = value;
  }
  return { ...map, data };
}
