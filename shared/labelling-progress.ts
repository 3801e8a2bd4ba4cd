/** Whether there are enough labels yet: what was measured so far, where it seems to go, and the time that it took. */
import type { Interval } from './analysis.ts';

/** One training, as a point of the curve. */
export interface ProgressPoint {
  readonly name: string;
  /** ISO date of the training's start. */
  readonly at: string;
  /** Images that were labelled when it began, the held-out ones included: each took labelling. */
  readonly labelled: number;
  /** In Annotate on this dataset until then; null where none was measured. */
  readonly minutes: number | null;
  /** On held-out images. */
  readonly dice: number;
  /** 95 %, over held-out images; null where it is not known. */
  readonly interval: Interval | null;
  /** Held-out images that the points are compared on. */
  readonly heldOut: number;
}

/** What a number of further labels would bring. */
export interface Gain {
  readonly images: number;
  /** At the median of an image; null where no time was measured. */
  readonly minutes: number | null;
  readonly gain: number;
  readonly interval: Interval;
}

/** Where a curve goes at x: Dice, and how sure that is. */
export interface CurveReading {
  readonly x: number;
  readonly dice: number;
  readonly interval: Interval;
}

/** Saturating power laws through the points, with what these say of them. */
export interface LearningCurve {
  /** Where it seems to level off. */
  readonly ceiling: { readonly dice: number; readonly interval: Interval };
  readonly readings: readonly CurveReading[];
}

export interface LabellingTime {
  /** Whether time is measured, by the settings of this user. */
  readonly isMeasured: boolean;
  readonly seconds: number;
  readonly images: number;
  /** null where no image was worked on for a second. */
  readonly medianSeconds: number | null;
  /** Labelled images among those, an hour of measured time. */
  readonly imagesAnHour: number | null;
  /** By image, longest first. */
  readonly ofImages: readonly { readonly imageId: number; readonly seconds: number }[];
}

export interface LabellingProgress {
  readonly labelled: number;
  readonly unlabelled: number;
  readonly points: readonly ProgressPoint[];
  readonly curve: LearningCurve | null;
  /** Against minutes of labelling; null where fewer than three points have them. */
  readonly minutesCurve: LearningCurve | null;
  readonly next: Gain | null;
  /** In words: whether it is enough yet; where nothing can be said, why, and what would help. */
  readonly verdict: string;
  readonly notes: readonly string[];
  readonly time: LabellingTime;
}
