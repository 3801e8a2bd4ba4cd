/** Predictions of a trained network. */
import { z } from 'zod';
import type { DrawnClasses } from '../drawn-classes.ts';
import { Id } from '../entities.ts';
import { PostProcessing } from '../post-processing.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath } from '../limits.ts';
import { type ImportIssue, PagesAs } from './datasets.ts';
import { project } from './project.ts';

const looks = {
  /** Images are seen flipped and turned as well, and what is seen is averaged. */
  flips: z.boolean().optional(),
  /** So is what the other seeds of the same arm, label count and split see. */
  ensemble: z.boolean().optional(),
};

const many = {
  ...looks,
  /** What is given takes the place of what is kept for the run (`predict.keep`). */
  postProcessing: PostProcessing.partial().optional(),
  /** Without what is kept for the run. */
  asDrawn: z.boolean().optional(),
};

/** In pixels of the image, and inside it. */
export const PredictionRegion = z.object({
  left: z.number().int().min(0),
  top: z.number().int().min(0),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
});
export type PredictionRegion = z.infer<typeof PredictionRegion>;

export const predictCalls = {
  /** Which runs can: finished fine-tuning runs whose weights are kept. */
  'predict.networks': z.object({ project }),
  'predict.files': z.object({
    project,
    runId: Id,
    ...many,
    /** Image files, or folders with images in or beneath them. */
    paths: z.array(FilePath).min(1),
    /** Index PNGs are written here, in the folders that the images have beneath what was given. */
    dir: FilePath,
    /** What the pages of a file are; left out: what they were for the dataset that the run was trained on. */
    pages: PagesAs.optional(),
    /** Masks of these names that are in the folder are replaced; left out: nothing that is there is touched. */
    replace: z.boolean().optional(),
  }),
  'predict.dataset': z.object({ project, runId: Id, datasetId: Id, ...many }),
  /** Stores nothing: what it finds is fetched as `scores` (shared/exchange.ts). */
  'predict.image': z.object({
    project,
    runId: Id,
    imageId: Id,
    ...looks,
    /** Predicted as it would be with the whole image; left out: all of it. */
    region: PredictionRegion.optional(),
  }),
  'predict.choices': z.object({ project, runId: Id }),
  /** On the validation images of the run. */
  'predict.measure': z.object({ project, runId: Id, ...looks }),
  /** What predictions of a run are made with unless other is asked for; null: as the network draws. */
  'predict.keep': z.object({ project, runId: Id, postProcessing: PostProcessing.nullable() }),
} satisfies Record<string, z.ZodType>;

export const predictChanges = {
  'predict.dataset': ['images'],
  'predict.keep': ['runs'],
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

export interface PredictingNetwork {
  readonly runId: number;
  /** That it was trained on; null where it is gone. */
  readonly datasetId: number | null;
  /** What it draws; null where its dataset is gone. */
  readonly drawn: DrawnClasses | null;
}

export interface ImagePrediction {
  /** Under which its scores are fetched. */
  readonly predictionId: number;
  /** What the scores are of. */
  readonly region: PredictionRegion;
  /** LabelMapRevision.uncertainty, of the region. */
  readonly uncertainty: number;
  /** Class numbers that it draws and the dataset does not have. */
  readonly unknown: readonly number[];
  /** Of the whole prediction, the start of a process included. */
  readonly seconds: number;
  readonly notes: readonly string[];
}

export interface PredictionChoices {
  /** What predict.keep has kept; null: nothing. */
  readonly postProcessing: PostProcessing | null;
  /** Runs that would be averaged, this one among them. */
  readonly ensemble: readonly number[];
  readonly hasBackground: boolean;
}

/** Over the validation images together. */
export interface MeasuredDice {
  /** Mean over the classes; null where none of them is in the truth. */
  readonly dice: number | null;
  readonly classes: readonly { readonly classIndex: number; readonly dice: number }[];
}

export interface PredictionMeasurement {
  readonly images: number;
  /** Validation images that were too large to be held beside the others. */
  readonly left: number;
  readonly plain: MeasuredDice & { readonly secondsPerImage: number };
  /** As asked for. */
  readonly averaged: MeasuredDice & { readonly secondsPerImage: number };
  /** What suits `averaged` best. */
  readonly chosen: MeasuredDice & { readonly postProcessing: PostProcessing };
}

export interface PredictOutputs {
  /** Newest first. */
  'predict.networks': readonly PredictingNetwork[];
  'predict.image': ImagePrediction;
  'predict.choices': PredictionChoices;
  'predict.measure': PredictionMeasurement;
  'predict.keep': null;
  'predict.files': FilesPredictReport;
  'predict.dataset': PredictReport;
}
