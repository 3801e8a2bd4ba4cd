/** Why a training ended before its last step: nothing was gained any more, or somebody ended it and kept the best. */
export const EarlyEnd = z.enum(['no gain', 'by hand']);
export type EarlyEnd = z.infer<typeof EarlyEnd>;

/** A trained segmentation network that somebody keeps. */
import { z } from 'zod';
import { Id } from './data.ts';
import { RunStatus } from './run.ts';

export const Model = z.object({
  id: Id,
  name: z.string().min(1).max(200),
  /** The fine-tuning run that made it, or is making it. */
  runId: Id,
  datasetId: Id,
  status: RunStatus,
  /** What its weights started from, in words. */
  startedFrom: z.string(),
  notes: z.string(),
  /** null: it made all of its steps, or has not ended. */
  earlyEnd: EarlyEnd.nullable(),
  createdAt: z.string(),
});
export type Model = z.infer<typeof Model>;
