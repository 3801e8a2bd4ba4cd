/** What the process is asked that tells of coverage, and what it answers. */
import { z } from 'zod';

export const CoverageRequest = z.object({
  as: z.enum(['image', 'mask', 'weights', 'coco', 'folder', 'labels', 'maps', 'bundle', 'network']),
  name: z.string(),
  bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
});
export type CoverageRequest = z.infer<typeof CoverageRequest>;

/** Functions of ours that ran, by their place, each with the places in it that did not. */
export const Unreached = z.array(
  z.tuple([z.string(), z.array(z.tuple([z.number(), z.number()]).readonly())]),
);
export type Unreached = z.infer<typeof Unreached>;
