/** What is not as it was stored, or contradicts itself, and what can be done about it: as the thread that checks says it. */
import { z } from 'zod';
import { BlobPlace } from '../db/check.ts';

/** What the file of an image says of it. */
export const ImageFacts = z.object({
  width: z.number(),
  height: z.number(),
  channels: z.number(),
  bitDepth: z.union([z.literal(8), z.literal(16), z.literal(32)]),
});
export type ImageFacts = Readonly<z.infer<typeof ImageFacts>>;

const Mending = z.discriminatedUnion('by', [
  /** Rows or pages: all that can be read goes into a new file. */
  z.object({ by: z.literal('salvage') }),
  /** Bytes that a backup, or the file they came from, may still have. */
  z.object({ by: z.literal('bytes'), place: BlobPlace }),
  /** What is stored of an image gives way to what its file says. */
  z.object({ by: z.literal('facts'), imageId: z.number(), facts: ImageFacts }),
  /** A name that no file beneath a folder can have. */
  z.object({ by: z.literal('name'), imageId: z.number() }),
  /** The file is whole: somebody has to find what is linked, or to say what labels mean. */
  z.object({ by: z.literal('hand') }),
]);
export type Mending = Readonly<z.infer<typeof Mending>>;

export const Finding = z.object({
  /** As a user finds it again. */
  what: z.string(),
  mending: Mending,
});
export type Finding = Readonly<z.infer<typeof Finding>>;
