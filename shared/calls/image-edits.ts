/** What is done with images that are there: kept out of trainings, renamed, moved, copied, put into the bin of their dataset and taken out of it. */
import { z } from 'zod';
import { Id, type ImageRecord, type SegmentationClass } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { Name } from '../limits.ts';
import { type AdditionClash, CLASH_CHOICES } from './additions.ts';
import { project } from './project.ts';

/**
 * Of an image in the bin whose content was added again: nothing is restored and an error says so, it stays in the bin, the
 * one that is there goes into the bin instead, or both are there.
 */
export const RESTORE_CHOICES = ['refuse', 'leave', 'replace', 'both'] as const;
export type RestoreChoice = (typeof RESTORE_CHOICES)[number];

/** Of one dataset. */
const imageIds = z.array(Id).min(1);

const Transfer = {
  project,
  imageIds,
  toDatasetId: Id,
  how: z.enum(['move', 'copy']),
  clash: z.enum(CLASH_CHOICES).default('refuse'),
};

export const imageEditsCalls = {
  /** Kept, but in no training, score, split or prediction that is made from now on. */
  'images.exclude': z.object({ project, imageIds, reason: Name }),
  'images.include': z.object({ project, imageIds }),
  /** How it is called, with all pages of its file; its original stays as it is. The ending stays: it says what an exported original is. */
  'images.rename': z.object({ project, imageId: Id, name: Name }),
  /** Into the bin of their dataset. What was planned or trained with them keeps them. */
  'images.delete': z.object({ project, imageIds }),
  /** What would come of restoring images of the bin; writes nothing. */
  'images.previewRestore': z.object({ project, imageIds }),
  /** Out of the bin. `same`: what becomes of those that were added again meanwhile. */
  'images.restore': z.object({
    project,
    imageIds,
    same: z.enum(RESTORE_CHOICES).default('refuse'),
  }),
  /** Last deleted first. */
  'bin.list': z.object({ project, datasetId: Id }),
  /** Deletes for good what nothing is made of; of `imageIds` alone, where they are named. */
  'bin.empty': z.object({ project, datasetId: Id, imageIds: imageIds.optional() }),
  /** What would come of it; writes nothing. */
  'images.previewTransfer': z.object(Transfer),
  /**
   * To another dataset of the project, with all revisions of their labels; classes are matched by name. In no part of its
   * splits; groups stay.
   */
  'images.transfer': z.object({ ...Transfer, newClasses: z.boolean().default(false) }),
} satisfies Record<string, z.ZodType>;

export const imageEditsChanges = {
  'images.exclude': ['datasets', 'images', 'splits'],
  'images.include': ['datasets', 'images', 'splits'],
  'images.rename': ['images'],
  'images.delete': ['datasets', 'images', 'splits'],
  'images.restore': ['datasets', 'images', 'splits'],
  'bin.empty': ['datasets', 'runs'],
  'images.transfer': ['datasets', 'images', 'splits'],
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

/** An image of the bin whose content is in its dataset again. */
export interface AgainThere {
  readonly imageId: number;
  readonly name: string;
  readonly isLabelled: boolean;
  readonly there: { readonly imageId: number; readonly name: string; readonly isLabelled: boolean };
}

export interface RestoreReport {
  /** That are back. */
  readonly imageIds: readonly number[];
  /** That stay in the bin, since they are there already. */
  readonly left: readonly number[];
  /** That went into the bin in their stead. */
  readonly replaced: readonly AgainThere['there'][];
  /** Those that another image has taken the name of meanwhile, and how they are called now. */
  readonly renamed: readonly { readonly name: string; readonly now: string }[];
}

export interface TransferPreview {
  readonly fromId: number;
  readonly toId: number;
  /** That would go, and those of them with labels. */
  readonly images: number;
  readonly labelled: number;
  /** That are there already, byte for byte: they stay where they are. */
  readonly same: number;
  readonly clashes: readonly AdditionClash[];
  /** Classes that occur in their labels, and what each is called there. */
  readonly classes: readonly { readonly name: string; readonly becomes: string }[];
  readonly newClasses: readonly SegmentationClass[];
  readonly newImageClasses: readonly string[];
  /** Of those that would move: something is made of them, so they stay in the bin and a copy goes. */
  readonly held: number;
  /** What to look at, in words. */
  readonly doubts: readonly string[];
}

export interface TransferReport extends TransferPreview {
  /** In the other dataset; those of copies are new. */
  readonly imageIds: readonly number[];
  /** No longer in the first. */
  readonly goneIds: readonly number[];
  readonly renamed: readonly { readonly name: string; readonly now: string }[];
  /** Objects that are damaged and did not come along, in words; their labels did. */
  readonly damagedObjects: readonly string[];
}

export interface ImageEditsOutputs {
  'images.previewTransfer': TransferPreview;
  'images.transfer': TransferReport;
  'images.exclude': null;
  'images.include': null;
  'images.rename': ImageRecord;
  /** Those of them that will stay in the bin when it is emptied. */
  'images.delete': { readonly held: readonly HeldImage[] };
  'images.previewRestore': { readonly images: number; readonly again: readonly AgainThere[] };
  'images.restore': RestoreReport;
  'bin.list': readonly BinEntry[];
  'bin.empty': {
    readonly deleted: number;
    readonly bytes: number;
    readonly held: readonly HeldImage[];
  };
}
