/** A label map, and its objects, out of what a network thinks of every pixel. */
import { BACKGROUND } from '../../shared/entities.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import { objectsByDepth } from '../../shared/objects/depths.ts';
import {
  type ClassScores,
  type PostProcessing,
  postProcess,
} from '../../shared/post-processing.ts';

/** What scores are of, beside their pixels. */
export interface DrawingPlace {
  /** What a pixel holds that is nothing. */
  readonly blank: number;
  /** Whether they are of a part of an image. */
  readonly isPart: boolean;
}

export interface DrawnLabels extends LabelMap {
  /** Number of the object of each pixel, 0: of none; null: the network tells none apart. [height · width] */
  readonly objects: Uint32Array | null;
}

export function drawnLabels(
  scores: ClassScores,
  rule: PostProcessing,
  place: DrawingPlace,
): DrawnLabels {
  const map = postProcess(scores, rule, place);
  const { depths = null } = scores;
  const ground = { hasBackground: place.blank === BACKGROUND };
  return { ...map, objects: depths === null ? null : objectsByDepth(map, depths, ground).data };
}
