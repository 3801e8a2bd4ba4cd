/** Helpers that propose labels: scribbles on images, and pixel classifiers that learn from them. */
import { z } from 'zod';
import { Id, type PixelClassifier } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath, Name } from '../limits.ts';
import { PagesAs } from './datasets.ts';
import type { FilesPredictReport, PredictReport } from './predict.ts';
import { project } from './project.ts';

export const assistCalls = {
  /** Over HTTP alone (exchange.ts): `bytes` do not travel in messages. Without any stroke in them there are none any more. */
  'scribbles.save': z.object({
    project,
    imageId: Id,
    /** label-map.ts code. */
    bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes'),
  }),
  /** Images of a dataset that have some. */
  'scribbles.images': z.object({ project, datasetId: Id }),
  /** Newest first. */
  'classifiers.list': z.object({ project }),
  /** Learns from all scribbles of a dataset, and keeps what it learned. */
  'classifiers.keep': z.object({
    project,
    datasetId: Id,
    name: Name,
    /** Those of the images that were labelled last teach as well. */
    labels: z.boolean().optional(),
  }),
  'classifiers.rename': z.object({ project, classifierId: Id, name: Name }),
  'classifiers.remove': z.object({ project, classifierId: Id }),
  /** Images that nobody labelled get label maps of author `model`, as with predict.dataset. */
  'classifiers.dataset': z.object({ project, classifierId: Id, datasetId: Id }),
  /** Index PNGs of image files, as with predict.files. */
  'classifiers.files': z.object({
    project,
    classifierId: Id,
    paths: z.array(FilePath).min(1),
    dir: FilePath,
    /** What the pages of a file are; left out: what the file says. */
    pages: PagesAs.optional(),
    replace: z.boolean().optional(),
  }),
} satisfies Record<string, z.ZodType>;

export const assistChanges = {
  'scribbles.save': ['scribbles'],
  'classifiers.keep': ['classifiers'],
  'classifiers.rename': ['classifiers'],
  'classifiers.remove': ['classifiers'],
  'classifiers.dataset': ['images'],
} as const satisfies Partial<Record<keyof typeof assistCalls, readonly ChangedKind[]>>;

export interface KeptClassifier extends PixelClassifier {
  /** Images that it did not learn from, and why, in words. */
  readonly notes: readonly string[];
}

export interface AssistOutputs {
  'scribbles.save': null;
  'scribbles.images': readonly number[];
  'classifiers.list': readonly PixelClassifier[];
  'classifiers.keep': KeptClassifier;
  'classifiers.rename': null;
  'classifiers.remove': null;
  'classifiers.dataset': PredictReport;
  'classifiers.files': FilesPredictReport;
}
