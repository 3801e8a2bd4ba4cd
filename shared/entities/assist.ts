/** Pixel classifiers that were kept under a name. */
import { z } from 'zod';
import { Id } from './data.ts';

export const PixelClassifier = z.object({
  id: Id,
  /** Whose classes it knows, and whose images it learned from. */
  datasetId: Id,
  /** Unique in its project. */
  name: z.string(),
  createdAt: z.string(),
  /** Of the images that it can classify. */
  channels: z.number().int().positive(),
  /** Class numbers that it tells apart, ascending. */
  classes: z.array(z.number().int().min(0).max(254)).min(2),
  /** Images and pixels that it learned from. */
  images: z.number().int().positive(),
  pixels: z.number().int().positive(),
});
export type PixelClassifier = z.infer<typeof PixelClassifier>;
