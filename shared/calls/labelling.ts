/** What helps to label: what to label next, the time that it takes, and whether it is enough yet. */
import { z } from 'zod';
import { Id } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import type { LabellingProgress, LabellingTime } from '../labelling-progress.ts';
import { project } from './project.ts';

/** What images are compared by: the features of a network, or, without one, their colours and coarse pixels. */
export const FeatureSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('picture') }),
  z.object({ kind: z.literal('encoder'), encoderId: Id }),
  z.object({ kind: z.literal('run'), runId: Id }),
]);
export type FeatureSource = z.infer<typeof FeatureSource>;

/** Seconds in Annotate that one report may hold: it comes each half minute. */
const MOST_SECONDS_A_REPORT = 120;

export const labellingCalls = {
  /**
   * Which images to label next, best first. Computes what is missing of the features, of `mayCompute` images at most;
   * where more are missing, nothing is computed and the answer says how many.
   */
  'labelling.next': z.object({
    project,
    datasetId: Id,
    count: z.number().int().min(1).max(500).default(12),
    /** null: chosen by the engine. */
    features: FeatureSource.nullable().default(null),
    mayCompute: z.number().int().min(0).default(1_000_000),
  }),
  /** Puts an image off: it comes again when ten more are labelled, or when nothing else is left. */
  'labelling.skip': z.object({ project, imageId: Id }),
  /** Suggests images never again, or takes that back. */
  'labelling.never': z.object({
    project,
    imageIds: z.array(Id).min(1),
    never: z.boolean().default(true),
  }),
  /** Time spent on images in Annotate since the last report. Where measuring is switched off, nothing is kept. */
  'labelling.addTime': z.object({
    project,
    datasetId: Id,
    spent: z
      .array(z.object({ imageId: Id, seconds: z.number().positive().max(MOST_SECONDS_A_REPORT) }))
      .min(1)
      .max(1000),
  }),
  /** What was measured so far. */
  'labelling.time': z.object({ project, datasetId: Id }),
  'labelling.eraseTime': z.object({ project, datasetId: Id }),
  /** Held-out Dice of the trainings of a dataset against labels and minutes, and where it seems to go. */
  'labelling.progress': z.object({ project, datasetId: Id }),
} satisfies Record<string, z.ZodType>;

export const labellingChanges = {
  'labelling.skip': ['labelling'],
  'labelling.never': ['labelling'],
  'labelling.addTime': ['labelling'],
  'labelling.eraseTime': ['labelling'],
} as const satisfies Partial<Record<keyof typeof labellingCalls, readonly ChangedKind[]>>;

export interface SuggestedImage {
  readonly imageId: number;
  readonly name: string;
  /** One line: why this one. */
  readonly why: string;
  /** Distance to the nearest image that is labelled or stands before it, as a share of the largest there is; null: not compared. */
  readonly difference: number | null;
  /** Of the prediction of it; null where there is none. */
  readonly uncertainty: number | null;
}

export interface NextQueue {
  readonly images: readonly SuggestedImage[];
  /** Images that could be suggested, those that are put off included. */
  readonly candidates: number;
  readonly labelled: number;
  /** What images were compared by, in words, and why that. */
  readonly comparedBy: string;
  /** Images that are not compared yet, where they are more than could be computed; the queue is empty then. */
  readonly missing: number;
  /** Images that could not be read, and so cannot be compared. */
  readonly unreadable: readonly { readonly name: string; readonly message: string }[];
  /** Those that were put off, for now. */
  readonly putOff: readonly { readonly imageId: number; readonly name: string }[];
  readonly never: readonly { readonly imageId: number; readonly name: string }[];
  /** What else to know: why it is empty, that there are no predictions … */
  readonly notes: readonly string[];
}

export interface LabellingOutputs {
  'labelling.next': NextQueue;
  'labelling.skip': null;
  'labelling.never': null;
  'labelling.addTime': null;
  'labelling.time': LabellingTime;
  'labelling.eraseTime': null;
  'labelling.progress': LabellingProgress;
}
