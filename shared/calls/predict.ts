/** Predictions of a trained network. */
import { z } from 'zod';
import { Id } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath } from '../limits.ts';
import { type ImportIssue, PagesAs } from './datasets.ts';
import { project } from './project.ts';

export const predictCalls = {
  'predict.files': z.object({
    project,
    runId: Id,
    /** Image files, or folders with images in or beneath them. */
    paths: z.array(FilePath).min(1),
    /** Index PNGs are written here, in the folders that the images have beneath what was given. */
    dir: FilePath,
    /** What the pages of a file are; left out: what they were for the dataset that the run was trained on. */
    pages: PagesAs.optional(),
    /** Masks of these names that are in the folder are replaced; left out: nothing that is there is touched. */
    replace: z.boolean().optional(),
  }),
  'predict.dataset': z.object({ project, runId: Id, datasetId: Id }),
} satisfies Record<string, z.ZodType>;

export const predictChanges = {
  'predict.dataset': ['images'],
} as const satisfies Partial<Record<keyof typeof predictCalls, readonly ChangedKind[]>>;

export interface PredictReport {
  readonly predicted: number;
  /** What was predicted, the most uncertain first. */
  readonly masks: readonly {
    /** Image of the project, or null for a file. */
    readonly imageId: number | null;
    /** Name of the image, or path of the file. */
    readonly input: string;
    /** LabelMapRevision.uncertainty */
    readonly uncertainty: number;
  }[];
  readonly failed: readonly { readonly input: string; readonly message: string }[];
  /** What lay in the folders and was not predicted, and what of the images the network does not see. */
  readonly notes: readonly string[];
}

export interface FilesPredictReport extends PredictReport {
  readonly dir: string;
  /** How many files the images are of: each page or frame that is an image has a mask of its own. */
  readonly files: number;
  /** What of the files is no image, and what their pages were taken for. */
  readonly issues: readonly ImportIssue[];
}

export interface PredictOutputs {
  'predict.files': FilesPredictReport;
  'predict.dataset': PredictReport;
}
