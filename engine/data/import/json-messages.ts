/** What the process is asked that reads JSON files from outside, and paints what COCO says. */
import { z } from 'zod';
import type { CocoSize } from '../../../shared/coco-rle.ts';
import { SentFile } from '../sent-file.ts';
import type { CocoAnnotation, PaintReport } from './coco-paint.ts';
import { type JsonShape, JSON_SHAPES } from './json-shapes.ts';

const isArray = (value: unknown) => Array.isArray(value);

export const JsonRequest = z.discriminatedUnion('what', [
  /** JsonOf the shape. */
  z.object({
    what: z.literal('read'),
    /** What messages name. */
    path: z.string(),
    file: SentFile,
    shape: z.custom<JsonShape>((value) => typeof value === 'string' && value in JSON_SHAPES),
  }),
  /** PaintReport */
  z.object({
    what: z.literal('paint'),
    path: z.string(),
    annotations: z.custom<readonly CocoAnnotation[]>(isArray),
    size: z.custom<CocoSize>(isArray),
    beneath: z.custom<ReadonlySet<number>>((value) => value instanceof Set),
    blank: z.number(),
  }),
]);
export type JsonRequest = z.infer<typeof JsonRequest>;

export const AnsweredPaint = z.custom<PaintReport>(
  (value) => typeof value === 'object' && value !== null,
);
