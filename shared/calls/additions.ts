/** Adding images, masks or both to a dataset that is there: looked at first, recorded, and taken back in one go. */
import { z } from 'zod';
import { Id, Part, type SegmentationClass } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { Name } from '../limits.ts';
import {
  type ImportDoubt,
  type ImportIssue,
  type ImportPreview,
  ImportSource,
} from './datasets.ts';
import { project } from './project.ts';

/** What the folder holds: images, with or without masks; or masks alone, of images that are there. */
export const ADDITION_HOLDS = ['auto', 'images', 'masks'] as const;
export type AdditionHolds = (typeof ADDITION_HOLDS)[number];

/** Of an image that is there already: nothing, or its mask as a new revision of the labels. */
export const SAME_CHOICES = ['skip', 'labels'] as const;
export type SameChoice = (typeof SAME_CHOICES)[number];

/** Of another image with the name of one that is there: refused, kept under a free name, or left out. */
export const CLASH_CHOICES = ['refuse', 'rename', 'skip'] as const;
export type ClashChoice = (typeof CLASH_CHOICES)[number];

const Share = z.number().min(0).max(1);

/** Where new images stand in a split; null: in no part of any. */
export const Placing = z
  .discriminatedUnion('how', [
    z.object({ how: z.literal('part'), split: Name, part: Part }),
    /** By chance, whole groups at a time; train takes the rest. */
    z.object({
      how: z.literal('shares'),
      split: Name,
      val: Share.default(0.2),
      test: Share.default(0.2),
      seed: z.number().int().min(0).default(0),
    }),
    /** As folders or lists say; a split that is not there yet is made. */
    z.object({ how: z.literal('folders'), split: Name }),
  ])
  .nullable();
export type Placing = z.infer<typeof Placing>;

const Addition = {
  project,
  datasetId: Id,
  ...ImportSource,
  holds: z.enum(ADDITION_HOLDS).default('auto'),
  same: z.enum(SAME_CHOICES).default('skip'),
  clash: z.enum(CLASH_CHOICES).default('refuse'),
};

export const additionsCalls = {
  'additions.preview': z.object(Addition),
  'additions.add': z.object({
    ...Addition,
    /** Whether classes that the dataset has not are added to it; refused where there are any and nobody said so. */
    newClasses: z.boolean().default(false),
    placing: Placing.default(null),
    link: z.boolean().default(false),
  }),
  /** Newest first. */
  'additions.list': z.object({ project, datasetId: Id }),
  /** Puts the images that came with it into the bin, and makes the masks before those that came with it current again. */
  'additions.undo': z.object({ project, additionId: Id }),
} satisfies Record<string, z.ZodType>;

export const additionsChanges = {
  'additions.add': ['datasets', 'images', 'splits'],
  'additions.undo': ['datasets', 'images', 'splits'],
} as const satisfies Partial<Record<keyof typeof additionsCalls, readonly ChangedKind[]>>;

/** An image whose name another image of the dataset has. */
export interface AdditionClash {
  readonly name: string;
  /** The name that it would be kept under. */
  readonly free: string;
}

/** `images`, `labelled` and `parts` are those of new images; `classes` the dataset's and, behind them, new ones. */
export interface AdditionPreview extends ImportPreview {
  readonly datasetId: number;
  readonly holds: Exclude<AdditionHolds, 'auto'>;
  /** Images that are there already, and those of them that come with a mask. */
  readonly same: number;
  readonly sameWithMasks: number;
  /** Of these masks, those that can be used: new revisions, unless they equal what is there. */
  readonly revisions: number;
  readonly clashes: readonly AdditionClash[];
  readonly newClasses: readonly SegmentationClass[];
  readonly newImageClasses: readonly string[];
  /** By key of `values`: what the masks' own list calls it. */
  readonly valueNames: Readonly<Record<string, string>>;
}

export interface AdditionReport {
  readonly datasetId: number;
  /** null: there was nothing to add. */
  readonly additionId: number | null;
  /** New images, and those of them with labels. */
  readonly images: number;
  readonly labelled: number;
  /** New revisions of images that were there, and masks that equal what is there. */
  readonly revisions: number;
  readonly unchanged: number;
  /** Images that were there already. */
  readonly same: number;
  readonly skipped: number;
  readonly droppedMasks: number;
  readonly newClasses: readonly SegmentationClass[];
  /** Of the new images, those that stand in a part of the split. */
  readonly placed: number;
  /** As its preview tells them. */
  readonly doubts: readonly ImportDoubt[];
  readonly issues: readonly ImportIssue[];
}

/** What came in at one time. */
export interface Addition {
  readonly id: number;
  readonly datasetId: number;
  readonly createdAt: string;
  /** Where it came from. */
  readonly path: string;
  /** Of its images and revisions, those that are still there and were not taken back. */
  readonly images: number;
  readonly revisions: number;
}

/** An image that stays as it is when an addition is taken back. */
export interface StayingImage {
  readonly imageId: number;
  readonly name: string;
  /** Why, and what to do, as the end of a sentence that begins with its name. */
  readonly why: string;
}

export interface AdditionUndone {
  readonly datasetId: number;
  /** Where it came from. */
  readonly path: string;
  /** Put into the bin. */
  readonly images: number;
  /** Images whose mask before is the current one again; the one that came is in their history. */
  readonly revisions: number;
  /** Images that had no mask before, and have none again. */
  readonly unlabelled: number;
  readonly staying: readonly StayingImage[];
}

export interface AdditionsOutputs {
  'additions.preview': AdditionPreview;
  'additions.add': AdditionReport;
  'additions.list': Addition[];
  'additions.undo': AdditionUndone;
}
