/** Single runs, and networks that are written out. */
import { z } from 'zod';
import type { PretrainingExample } from '../analysis.ts';
import { CheckpointKind, Id, type ImageResult, type MetricPoint, type Run } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath } from '../limits.ts';
import { type ExportedModel, ModelAbout, ModelFormat } from './encoders.ts';
import { project } from './project.ts';

export const runsCalls = {
  /** All, or those that are still there of `runIds`. */
  'runs.list': z.object({ project, runIds: z.array(Id).optional() }),
  'runs.get': z.object({ project, runId: Id }),
  /** Pictures of what a pretrained network was asked and answers, on a few of its images. */
  'runs.examples': z.object({ project, runId: Id }),
  /** Puts a failed or cancelled run back into the queue. */
  'runs.retry': z.object({ project, runId: Id }),
  'runs.cancel': z.object({ project, runId: Id }),
  /** Writes the segmentation network of a finished fine-tuning run to a file; refuses to replace one. */
  'runs.export': z.object({
    project,
    runId: Id,
    checkpoint: CheckpointKind.default('best'),
    format: ModelFormat,
    path: FilePath,
    /** What `bioimage` says of it. */
    about: ModelAbout.prefault({}),
  }),
} satisfies Record<string, z.ZodType>;

export const runsChanges = {
  'runs.retry': ['studies', 'runs'],
  'runs.cancel': ['studies', 'runs'],
} as const satisfies Partial<Record<keyof typeof runsCalls, readonly ChangedKind[]>>;

export interface RunDetails {
  readonly run: Run;
  readonly metrics: readonly MetricPoint[];
  readonly results: readonly ImageResult[];
  readonly log: readonly { readonly at: string; readonly message: string }[];
}

export interface RunsOutputs {
  'runs.list': Run[];
  'runs.get': RunDetails;
  'runs.examples': PretrainingExample[];
  'runs.retry': Run;
  'runs.cancel': Run;
  'runs.export': ExportedModel;
}
