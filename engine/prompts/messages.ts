/** What the processes of promptable networks are asked, and answer. */
import { z } from 'zod';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const floats = z.custom<Float32Array>((value) => value instanceof Float32Array);

export const NetworkRequest = z.discriminatedUnion('what', [
  /** Whether the two files are such a network. */
  z.object({ what: z.literal('inspect'), encoder: z.string(), decoder: z.string() }),
  /** `rgb`: [height, width, 3], in the corner of the frame. */
  z.object({
    what: z.literal('encode'),
    encoder: z.string(),
    rgb: bytes,
    width: z.number(),
    height: z.number(),
  }),
  z.object({
    what: z.literal('decode'),
    decoder: z.string(),
    /** [1, 256, 64, 64] */
    embedding: floats,
    /** x, y of each point in the frame. */
    coordinates: z.array(z.number()),
    labels: z.array(z.number()),
    /** [256, 256] of a mask to be refined. */
    logits: floats.nullable(),
  }),
]);
export type NetworkRequest = z.infer<typeof NetworkRequest>;

export const Encoded = z.object({ embedding: floats });

export const Decoded = z.object({
  candidates: z.array(z.object({ score: z.number(), logits: floats })),
});
export type Candidate = z.infer<typeof Decoded>['candidates'][number];
