/** Objects of images: told apart, or no longer. */
import { z } from 'zod';
import { Id } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { DEFAULT_SPLIT } from '../objects/split-touching.ts';
import { project } from './project.ts';

/** What becomes of objects that there are, or of labels without any. */
export const OBJECT_SOURCES = ['split', 'components', 'none'] as const;
export type ObjectSource = (typeof OBJECT_SOURCES)[number];

export const objectsCalls = {
  /**
   * Saves new versions of labels with other objects; classes stay as they are. split: those that touch come apart
   * (shared/objects/split-touching.ts); components: connected regions, in the place of any that were told apart; none: they
   * are not told apart any more.
   */
  'objects.tellApart': z.object({
    project,
    datasetId: Id,
    /** Those alone; left out: every labelled image. */
    imageIds: z.array(Id).min(1).optional(),
    how: z.enum(OBJECT_SOURCES),
    neck: z.number().min(0).max(1).default(DEFAULT_SPLIT.neck),
    smallestPx: z.number().int().min(1).default(DEFAULT_SPLIT.smallestPx),
    /** Counts, and saves nothing. */
    preview: z.boolean().default(false),
  }),
} satisfies Record<string, z.ZodType>;

export const objectsChanges = {
  'objects.tellApart': ['images'],
} as const satisfies Partial<Record<keyof typeof objectsCalls, readonly ChangedKind[]>>;

export interface ObjectsReport {
  /** Labelled images that were looked at. */
  readonly images: number;
  /** Of these, those whose objects are others now. */
  readonly changed: number;
  readonly objectsBefore: number;
  readonly objectsAfter: number;
  /** What could not be read, in words. */
  readonly damaged: readonly string[];
}

export interface ObjectsOutputs {
  'objects.tellApart': ObjectsReport;
}
