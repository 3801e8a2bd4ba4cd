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

/** Pixels within a distance of the mask, by Euclid; what lies beyond the edge is in no mask. */
function dilated({ width, height, data }: Mask, radius: number): Mask {
  const far = radius + 1;
  // To the nearest pixel of the mask in the row: 0 … radius, or far.
  const across = new Uint8Array(data.length).fill(Math.min(255, far));
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (const [from, to, step] of [
      [0, width, 1],
      [width - 1, -1, -1],
    ] as const) {
      let distance = far;
      for (let x = from; x !== to; x += step) {
        distance = data[row + x] === 1 ? 0 : Math.min(far, distance + 1);
        if (distance < (across[row + x] ?? 0)) across[row + x] = distance;
      }
    }
  }
  const out = new Uint8Array(data.length);
  for (let down = -radius; down <= radius; down++) {
    const reach = Math.floor(Math.sqrt(radius * radius - down * down));
    const [first, last] = [Math.max(0, -down), Math.min(height, height - down)];
    for (let i = first * width; i < last * width; i++) {
      if ((across[i + down * width] ?? far) <= reach) out[i] = 1;
    }
  }
  return { width, height, data: out };
}

const inverse = (mask: Mask): Mask => ({ ...mask, data: mask.data.map((one) => 1 - one) });

/** The edge of the image takes nothing away: an object may go on beyond it. */
const eroded = (mask: Mask, radius: number): Mask => inverse(dilated(inverse(mask), radius));

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
  const mask = { ...map, data: map.data.map((one) => (one === value ? 1 : 0)) };
  const after = changed(mask, options).data;
  const data = map.data.map((one, i) => {
    if (after[i] === 0) return one === value ? blank : one;
    return keepOthers && one !== blank ? one : value;
  });
  return { ...map, data };
}
