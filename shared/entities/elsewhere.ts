/** Runs of a study that are computed on other computers: where an attempt ran, and how far a bundle is. */
import { z } from 'zod';

/** Why an attempt ended: interrupted ones left a state that the next one went on from. */
const ATTEMPT_ENDS = ['done', 'failed', 'interrupted'] as const;

/** One process that computed (a part of) a run. Times are what the clock of that computer said. */
export const Attempt = z.object({
  host: z.string().max(256),
  /** Model of the processor, as its system names it. */
  processor: z.string().max(256),
  cores: z.number().int().positive(),
  /** "Slurm 17_3" …; null: no scheduler that is known. */
  job: z.string().max(256).nullable(),
  startedAt: z.string().max(64),
  endedAt: z.string().max(64),
  /** The step that it began behind, and the last that it kept. */
  firstStep: z.number().int().min(0),
  lastStep: z.number().int().min(0),
  end: z.enum(ATTEMPT_ENDS),
});
export type Attempt = z.infer<typeof Attempt>;
