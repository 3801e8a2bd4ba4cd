/** What the process is asked that reads JSON and XML files from outside, and paints the outlines in them. */
import { z } from 'zod';
import type { CocoSize } from '../../../shared/coco-rle.ts';
import { SentFile } from '../sent-file.ts';

import { type JsonShape, JSON_SHAPES } from './json-shapes.ts';
import type { PaintedShape, PaintReport } from './paint-shapes.ts';
import type { LabelContent } from './shapes.ts';

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
  /** LabelContent of CVAT's XML. */
  z.object({ what: z.literal('xml'), path: z.string(), file: SentFile }),
  /** LabelContent of ROIs of ImageJ. */
  z.object({ what: z.literal('rois'), path: z.string(), file: SentFile }),
  /** PaintReport */
  z.object({
    what: z.literal('paint'),
    path: z.string(),
    shapes: z.custom<readonly PaintedShape[]>(isArray),
    size: z.custom<CocoSize>(isArray),
    beneath: z.custom<ReadonlySet<number>>((value) => value instanceof Set),
    blank: z.number(),
  }),
]);
export type JsonRequest = z.infer<typeof JsonRequest>;

export const AnsweredPaint = z.custom<PaintReport>(
  (value) => typeof value === 'object' && value !== null,
);

export const AnsweredContent = z.custom<LabelContent>(
  (value) => typeof value === 'object' && value !== null && 'images' in value,
);
