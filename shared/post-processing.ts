/**
 * From what a network thinks of every pixel to the label map that is kept: one rule for engine and window, so that what
 * sliders show is what is stored (docs/method.md §5). Pure functions; the network itself is engine/training/scoring.
 */
import { z } from 'zod';
import { BACKGROUND } from './entities/data.ts';
import type { LabelMap } from './label-map.ts';
import { outlineVotes, regionsOf } from './regions.ts';

/** The largest object or hole that is looked for. */
const MAX_PX = 1_000_000;

export const PostProcessing = z.object({
  /**
   * Score from which a pixel is foreground, in [0, 1] (ClassScores.score); it then has its most probable foreground
   * class. null: the most probable of all classes, the background among them.
   */
  threshold: z.number().min(0).max(1).nullable(),
  /** Objects of fewer pixels give way to what surrounds them; up to 1 all stay. */
  minObjectPx: z.number().int().min(0).max(MAX_PX),
  /** Holes of up to so many pixels are filled with what surrounds them; 0: none. */
  fillHolesPx: z.number().int().min(0).max(MAX_PX),
});
export type PostProcessing = z.infer<typeof PostProcessing>;

/** What a network draws by itself. */
export const AS_DRAWN: PostProcessing = { threshold: null, minObjectPx: 0, fillHolesPx: 0 };

export const isAsDrawn = ({ threshold, minObjectPx, fillHolesPx }: PostProcessing): boolean =>
  threshold === null && minObjectPx <= 1 && fillHolesPx === 0;

/** What the rule needs to know of a network's answer: three bytes a pixel, however many classes there are. */
export interface ClassScores {
  readonly width: number;
  readonly height: number;
  /** The most probable class, the lowest where equal. [height · width] */
  readonly likely: Uint8Array;
  /** The most probable class that is not blank. [height · width] */
  readonly foreground: Uint8Array;
  /**
   * 0 … 255 for 0 … 1: where class 0 is the background, the probability that a pixel is none; else that of its most
   * probable class. [height · width]
   */
  readonly score: Uint8Array;
  /** How deep inside its object each pixel lies (objects/depths.ts); null or left out: the network does not say. [height · width] */
  readonly depths?: Uint8Array | null;
}

/** 8 bits of a score in [0, 1]. */
export const quantised = (score: number): number =>
  Math.round(255 * Math.min(1, Math.max(0, score)));

function thresholded(scores: ClassScores, threshold: number | null, blank: number): Uint8Array {
  const { likely, foreground, score } = scores;
  if (threshold === null) return likely.slice();
  const least = quantised(threshold);
  const data = new Uint8Array(likely.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = (score[i] ?? 0) >= least ? (foreground[i] ?? blank) : blank;
  }
  return data;
}

/**
 * In this order: threshold; small objects; holes. An object is an 8-connected region of one class other than `blank`, a
 * hole a 4-connected region of `blank` that does not touch the edge. All small objects go at once, and so all holes are
 * filled at once: each takes the class that most of the pixels along its outline have, the lowest where equal, those of
 * regions that go themselves left out; `blank` where none is left.
 * @param options.blank what a pixel holds that is nothing: the background, or ignore where a dataset has none (foreground.ts)
 * @param options.isPart whether the scores are of a part of an image: objects that touch its edge may go on beyond it, and
 * so are never too small
 */
export function postProcess(
  scores: ClassScores,
  { threshold, minObjectPx, fillHolesPx }: PostProcessing,
  {
    blank = BACKGROUND,
    isPart = false,
  }: { readonly blank?: number; readonly isPart?: boolean } = {},
): LabelMap {
  const { width, height } = scores;
  const data = thresholded(scores, threshold, blank);
  const map = { width, height, data };
  if (minObjectPx > 1) {
    replaceRegions(map, {
      blank,
      goes: ({ value, pixels, atEdge }) =>
        value !== blank && pixels < minObjectPx && !(isPart && atEdge),
    });
  }
  if (fillHolesPx > 0) {
    replaceRegions(map, {
      blank,
      goes: ({ value, pixels, atEdge }) => value === blank && !atEdge && pixels <= fillHolesPx,
    });
  }
  return map;
}

interface RegionFacts {
  readonly value: number;
  readonly pixels: number;
  readonly atEdge: boolean;
}

function replaceRegions(
  map: LabelMap,
  { blank, goes }: { readonly blank: number; readonly goes: (region: RegionFacts) => boolean },
): void {
  const regions = regionsOf(map, blank);
  const going = new Uint8Array(regions.count);
  let some = false;
  for (let region = 0; region < regions.count; region++) {
    const value = regions.value[region] ?? blank;
    const pixels = regions.pixels[region] ?? 0;
    if (!goes({ value, pixels, atEdge: regions.atEdge[region] === 1 })) continue;
    going[region] = 1;
    some = true;
  }
  if (!some) return;
  const becomes = outlineVotes(map, { regions, going });
  const { runs, of } = regions;
  for (let run = 0; run < of.length; run++) {
    const region = of[run] ?? 0;
    if (going[region] === 1) {
      map.data.fill(becomes.get(region) ?? blank, runs[run] ?? 0, runs[run + 1] ?? 0);
    }
  }
}
