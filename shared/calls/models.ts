/** Models: networks trained from the labels of now, and kept under a name. */
import { z } from 'zod';
import type { Interval } from '../analysis.ts';
import { Id, type Model, type Part, type Run } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { Name } from '../limits.ts';
import { project } from './project.ts';

/** What the weights of a new model start from. */
export const ModelStart = z.union([
  z.literal('random'),
  z.object({ encoderId: Id }),
  z.object({ modelId: Id }),
]);
export type ModelStart = z.infer<typeof ModelStart>;

/** Minutes of training where nobody says how many. */
export const MODEL_MINUTES = 10;

export const modelsCalls = {
  'models.list': z.object({ project }),
  /** Queues a training on all labels of now. */
  'models.train': z.object({
    project,
    datasetId: Id,
    minutes: z
      .number()
      .positive()
      .max(7 * 24 * 60)
      .default(MODEL_MINUTES),
    from: ModelStart.default('random'),
    /** null: after the dataset. */
    name: Name.nullable().default(null),
    seed: z.number().int().min(0).default(0),
    /** In the place of what the minutes have room for. */
    steps: z.number().int().min(1).max(1_000_000).optional(),
  }),
  /** How good a model is on images that neither trained it nor chose its checkpoint. */
  'models.score': z.object({ project, modelId: Id }),
} satisfies Record<string, z.ZodType>;

export const modelsChanges = {
  'models.train': ['models', 'runs'],
} as const satisfies Partial<Record<keyof typeof modelsCalls, readonly ChangedKind[]>>;

export interface ModelTraining {
  readonly model: Model;
  readonly run: Run;
  /** What was worked out, and why, in words. */
  readonly why: readonly string[];
}

export interface ModelScore {
  readonly model: Model;
  readonly images: Readonly<Record<Part, number>>;
  /** Of each scored class: over the held-out images whose labels or prediction hold it. */
  readonly classes: readonly {
    readonly classIndex: number;
    readonly name: string;
    /** Mean Dice; null where no held-out image holds the class. */
    readonly dice: number | null;
    /** 95 %, over images; null where there are too few of them. */
    readonly ci95: Interval | null;
    readonly images: number;
  }[];
  /** Seconds of training. */
  readonly seconds: number;
  readonly words: readonly string[];
}

export interface ModelsOutputs {
  'models.list': Model[];
  'models.train': ModelTraining;
  'models.score': ModelScore;
}
