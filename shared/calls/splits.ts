/** Splits of a dataset into parts. */
import { z } from 'zod';
import { Id, Part, type Split } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { Name } from '../limits.ts';
import { project } from './project.ts';

export const splitsCalls = {
  'splits.list': z.object({ project, datasetId: Id }),
  'splits.create': z.object({
    project,
    datasetId: Id,
    name: Name,
    /** Shares below 1, or counts of images. */
    val: z.number().min(0).default(0.2),
    test: z.number().min(0).default(0.2),
    seed: z.number().int().min(0).default(0),
  }),
  /** A split put together by hand; replaces the one of the same name. */
  'splits.save': z.object({
    project,
    datasetId: Id,
    name: Name,
    items: z.array(z.object({ imageId: Id, part: Part })).min(1),
  }),
  'splits.items': z.object({ project, splitId: Id }),
  'splits.delete': z.object({ project, splitId: Id }),
} satisfies Record<string, z.ZodType>;

export const splitsChanges = {
  'splits.create': ['splits'],
  'splits.save': ['splits'],
  'splits.delete': ['splits'],
} as const satisfies Partial<Record<keyof typeof splitsCalls, readonly ChangedKind[]>>;

export interface SplitsOutputs {
  'splits.list': Split[];
  'splits.create': Split;
  'splits.save': Split;
  'splits.items': { imageId: number; part: Part }[];
  'splits.delete': null;
}
