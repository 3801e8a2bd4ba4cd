/** A trained segmentation network that somebody keeps. */
import { z } from 'zod';
import type { WireError } from '../errors.ts';
import { KeptName } from '../limits.ts';
import { Id } from './data.ts';
import { RunStatus } from './run.ts';

/** Why a training ended before its last step: nothing was gained any more, or somebody ended it and kept the best. */
export const EarlyEnd = z.enum(['no gain', 'by hand']);
export type EarlyEnd = z.infer<typeof EarlyEnd>;

export const Model = z.object({
  id: Id,
  name: KeptName,
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

/** A training that was asked for and is being prepared: it is queued in some seconds, and then is a model. */
export interface PendingTraining {
  readonly id: number;
  readonly datasetId: number;
  /** null: it is named after the dataset. */
  readonly name: string | null;
  /** When it was asked for. ISO 8601 */
  readonly at: string;
  /** Why it did not begin, where whoever asked was gone by then; it stays until it is dropped. null: it is being prepared. */
  readonly error: WireError | null;
}
