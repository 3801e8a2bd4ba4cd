/** What the thread that looks for near-duplicates is told and says. */
import { z } from 'zod';

export const AlikeThreadData = z.object({ path: z.string(), datasetId: z.number() });
export type AlikeThreadData = z.infer<typeof AlikeThreadData>;

export const AlikeAnswer = z.discriminatedUnion('type', [
  /** 0 … 1, of reading the images, then of comparing them. */
  z.object({ type: z.literal('progress'), message: z.string(), share: z.number() }),
  z.object({
    type: z.literal('signature'),
    imageId: z.number(),
    bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  }),
  z.object({ type: z.literal('unreadable'), why: z.string() }),
  z.object({
    type: z.literal('done'),
    compared: z.array(z.number()),
    pairs: z.array(z.object({ imageId: z.number(), otherId: z.number(), similarity: z.number() })),
  }),
  z.object({ type: z.literal('failed'), error: z.unknown() }),
]);
export type AlikeAnswer = z.infer<typeof AlikeAnswer>;
