/** How far the training is that goes on while one labels. */
import { z } from 'zod';
import { SamplingConfig } from './network.ts';

const LivePhase = z.enum([
  'off', // never begun, or forgotten
  'starting', // its process loads
  'waiting', // there is nothing to learn from yet: `why`
  'training',
  'resting', // all has been learned that can be; new labels wake it
  'held', // something else trains: `why`
  'paused',
  'failed', // `why`
]);
export type LivePhase = z.infer<typeof LivePhase>;

/** How good it was after a step, on images that it does not train on. */
export const LivePoint = z.object({
  step: z.number().int(),
  /** Of each class over the pixels of the held-out images, mean over classes. */
  dice: z.number(),
  /** Images that it was trained on by then, and those that it was measured on. */
  images: z.number().int(),
  heldOut: z.number().int(),
});
export type LivePoint = z.infer<typeof LivePoint>;

/** What the training process tells of itself. */
export const LiveProgress = z.object({
  phase: LivePhase,
  /** Why it does not train, for people; null: it does, or was asked not to. */
  why: z.string().nullable(),
  step: z.number().int(),
  trainedSeconds: z.number(),
  /** Images that are trained on. */
  images: z.number().int(),
  /** Labelled images that never are: it is measured on them. */
  heldOut: z.number().int(),
  /** The latest; null: none yet since its process began. */
  measured: LivePoint.nullable(),
  /** How its network sees an image; null: not settled yet. */
  sampling: SamplingConfig.nullable(),
  /** Labelled images that are not used, and why. */
  unused: z.array(z.object({ name: z.string(), why: z.string() })),
});
export type LiveProgress = z.infer<typeof LiveProgress>;

export interface LiveState extends LiveProgress {
  /** null: none of this project ever ran since it was opened. */
  readonly datasetId: number | null;
  /** What could not be stored, most likely for a full disk; null: all is. It is tried again with every checkpoint. */
  readonly trouble: string | null;
}
