/** What the thread that checks a project file is told and says. */
import { z } from 'zod';
import { BlobPlace } from '../db/check.ts';

export const CheckThreadData = z.object({ path: z.string() });
export type CheckThreadData = z.infer<typeof CheckThreadData>;

export const CheckAnswer = z.discriminatedUnion('type', [
  /** 0 … 1 */
  z.object({ type: z.literal('progress'), share: z.number() }),
  z.object({
    type: z.literal('damage'),
    damage: z.object({ what: z.string(), blob: BlobPlace.nullable(), isLink: z.boolean() }),
  }),
  z.object({ type: z.literal('done') }),
]);
export type CheckAnswer = z.infer<typeof CheckAnswer>;
