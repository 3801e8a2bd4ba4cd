/** What an isolated process and its owner say to each other, over Node's IPC. */
import { z } from 'zod';
import { WireError } from '../../shared/errors.ts';
import { Letter } from './beside.ts';

export const Question = z.object({
  id: z.number(),
  /** What the process was made for. */
  request: Letter,
  memoryBytes: z.number(),
  timeMs: z.number(),
});
export type Question = Readonly<z.infer<typeof Question>>;

const Last = {
  id: z.number(),
  /** Whether it holds so much memory, or is so broken, that a new process should take its place. */
  isFull: z.boolean(),
};

export const Reply = z.discriminatedUnion('type', [
  /** Once, when everything is loaded: what ends it after that is the file. */
  z.object({ type: z.literal('ready') }),
  /** The header was read: what follows may cost that much. */
  z.object({ type: z.literal('needs'), id: z.number(), timeMs: z.number() }),
  z.object({ ...Last, type: z.literal('answer'), answer: Letter }),
  z.object({ ...Last, type: z.literal('error'), error: WireError }),
]);
export type Reply = Readonly<z.infer<typeof Reply>>;
