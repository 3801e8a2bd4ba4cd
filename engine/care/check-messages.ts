/** What the thread that checks a project file is told and says. */
import { z } from 'zod';
import { Finding } from './mending.ts';

export const CheckThreadData = z.object({
  path: z.string(),
  /** Whether what it says is compared with its own originals and classes as well; else with what was stored alone. */
  contradictions: z.boolean(),
});
export type CheckThreadData = z.infer<typeof CheckThreadData>;

export const CheckAnswer = z.discriminatedUnion('type', [
  /** 0 … 1 */
  z.object({ type: z.literal('progress'), share: z.number() }),
  z.object({ type: z.literal('found'), found: Finding }),
  z.object({ type: z.literal('done') }),
]);
export type CheckAnswer = z.infer<typeof CheckAnswer>;
