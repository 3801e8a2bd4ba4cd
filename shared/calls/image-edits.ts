/** What is done with images that are there: kept out of trainings, renamed, put into the bin of their dataset and taken out of it. */
import { z } from 'zod';
import { Id, type ImageRecord } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { Name } from '../limits.ts';
import { project } from './project.ts';

/** Of one dataset. */
const imageIds = z.array(Id).min(1);

export const imageEditsCalls = {
  /** Kept, but in no training, score, split or prediction that is made from now on. */
  'images.exclude': z.object({ project, imageIds, reason: Name }),
  'images.include': z.object({ project, imageIds }),
  /** How it is called; its original stays as it is. The ending stays: it says what an exported original is. */
  'images.rename': z.object({ project, imageId: Id, name: Name }),
  /** Into the bin of their dataset. What was planned or trained with them keeps them. */
  'images.delete': z.object({ project, imageIds }),
  'images.restore': z.object({ project, imageIds }),
  /** Last deleted first. */
  'bin.list': z.object({ project, datasetId: Id }),
  /** Deletes for good what nothing is made of; of `imageIds` alone, where they are named. */
  'bin.empty': z.object({ project, datasetId: Id, imageIds: imageIds.optional() }),
} satisfies Record<string, z.ZodType>;

export const imageEditsChanges = {
  'images.exclude': ['datasets', 'images', 'splits'],
  'images.include': ['datasets', 'images', 'splits'],
  'images.rename': ['images'],
  'images.delete': ['datasets', 'images', 'splits'],
  'images.restore': ['datasets', 'images', 'splits'],
  'bin.empty': ['datasets', 'runs'],
} as const satisfies Partial<Record<keyof typeof imageEditsCalls, readonly ChangedKind[]>>;

/** An image that something is made of: it stays in the project. */
export interface HeldImage {
  readonly imageId: number;
  readonly name: string;
  /** What that is, such as `the study "small"`. */
  readonly by: readonly string[];
}

export interface BinEntry {
  readonly image: ImageRecord;
  /** That deleting it for good would free: its original, where it is in the project, and its labels. */
  readonly bytes: number;
  /** What is made of it; empty: nothing, it can be deleted for good. */
  readonly heldBy: readonly string[];
}

export interface ImageEditsOutputs {
  'images.exclude': null;
  'images.include': null;
  'images.rename': ImageRecord;
  /** Those of them that will stay in the bin when it is emptied. */
  'images.delete': { readonly held: readonly HeldImage[] };
  /** Those that another image has taken the name of meanwhile, and how they are called now. */
  'images.restore': {
    readonly renamed: readonly { readonly name: string; readonly now: string }[];
  };
  'bin.list': readonly BinEntry[];
  'bin.empty': {
    readonly deleted: number;
    readonly bytes: number;
    readonly held: readonly HeldImage[];
  };
}
