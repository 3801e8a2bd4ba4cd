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
  /** Why it ended before its last step: nothing was gained any more, or somebody ended it and kept the best. */
  earlyEnd: z.enum(['no gain', 'by hand']).nullable(),
  createdAt: z.string(),
});
export type Model = z.infer<typeof Model>;
