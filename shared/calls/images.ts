/** Images of a dataset and their label maps. */
import { z } from 'zod';
import { type Author, Id, type ImageRecord, type LabelMapRevision } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { Helpers } from '../helpers.ts';
import { Name } from '../limits.ts';
import { project } from './project.ts';

/** More come in several pages, so that the engine answers others in between. */
export const MAX_IMAGES_A_PAGE = 10_000;

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes');

export const imagesCalls = {
  /** A page of a dataset, in the order of the import; `total` says how many there are. */
  'images.list': z.object({
    project,
    datasetId: Id,
    offset: z.number().int().min(0).default(0),
    limit: z.number().int().min(1).max(MAX_IMAGES_A_PAGE).default(1000),
  }),
  /** Those that are still there, in the order that they are asked for. */
  'images.get': z.object({ project, imageIds: z.array(Id) }),
  /** Of every labelled image of a dataset, or of some: who labelled it last, and which classes occur in it. */
  'images.labels': z.object({ project, datasetId: Id, imageIds: z.array(Id).optional() }),
  /** Images of one group never land in two parts of a split. */
  'images.setGroup': z.object({
    project,
    imageIds: z.array(Id).min(1),
    group: Name.nullable(),
  }),
  /** Over HTTP alone (exchange.ts): `bytes` do not travel in messages. */
  'labelMaps.save': z.object({
    project,
    imageId: Id,
    author: z.enum(['human', 'corrected']),
    /** Run whose prediction was accepted or corrected. */
    runId: Id.nullable(),
    /** Helpers whose proposals were accepted or corrected. */
    helpers: Helpers.default([]),
    /** Revision that was edited: refused (`conflict`) where a newer one exists; null: whatever is there. */
    base: Id.nullable(),
    /** label-map.ts code. */
    bytes: Bytes,
    /** object-map.ts code; null: it has no objects. Left out: those of its base, less what was painted over. */
    objects: Bytes.nullable().optional(),
  }),
  'labelMaps.history': z.object({ project, imageId: Id }),
  /** Makes an old revision the current one by saving it anew. */
  'labelMaps.restore': z.object({ project, imageId: Id, labelMapId: Id }),
} satisfies Record<string, z.ZodType>;

export const imagesChanges = {
  'images.setGroup': ['images'],
  'labelMaps.save': ['images'],
  'labelMaps.restore': ['images'],
} as const satisfies Partial<Record<keyof typeof imagesCalls, readonly ChangedKind[]>>;

export interface ImageLabels {
  readonly imageId: number;
  readonly author: Author;
  /** Of a prediction that nobody has touched; null otherwise. */
  readonly uncertainty: number | null;
  /** Label values that occur, ascending: class ids, and 255 for ignored pixels. */
  readonly classes: readonly number[];
}

export interface ImagesOutputs {
  'images.list': { images: ImageRecord[]; total: number };
  'images.get': ImageRecord[];
  'images.labels': ImageLabels[];
  'images.setGroup': null;
  'labelMaps.save': { id: number };
  'labelMaps.history': LabelMapRevision[];
  'labelMaps.restore': LabelMapRevision;
}
