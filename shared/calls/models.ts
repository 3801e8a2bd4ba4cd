/** Models: networks trained from the labels of now, and kept under a name. */
import { z } from 'zod';
import type { Interval, Verdict } from '../analysis.ts';
import {
  Id,
  LossConfig,
  type Model,
  NetworkConfig,
  OptimisationConfig,
  type Part,
  type PendingTraining,
  type Run,
  SamplingConfig,
} from '../entities.ts';
import type { WireError } from '../errors.ts';
import type { ChangedKind } from '../events.ts';
import { Helper } from '../helpers.ts';
import { Name } from '../limits.ts';
import type { ObjectMeasure } from '../objects/object-scores.ts';
import { project } from './project.ts';

/** What the weights of a new model start from. */
export const ModelStart = z.union([
  z.literal('random'),
  /** withDecoder: its decoder too, where it has one that fits. */
  z.object({ encoderId: Id, withDecoder: z.boolean().optional() }),
  z.object({ modelId: Id }),
]);
export type ModelStart = z.infer<typeof ModelStart>;

const { encoder, depth, base, bottleneck, norm, skips } = NetworkConfig.shape;
const { sizePx, mode } = SamplingConfig.shape;
const { batch, learningRate, augment, precision } = OptimisationConfig.shape;

/** In the place of what is worked out; what is left out is worked out from the data. */
export const ModelSettings = z.strictObject({
  sizePx: sizePx.unwrap().optional(),
  mode: mode.unwrap().optional(),
  encoder: encoder.unwrap().optional(),
  depth: depth.unwrap().optional(),
  base: base.unwrap().optional(),
  bottleneck: bottleneck.unwrap().optional(),
  norm: norm.unwrap().optional(),
  skips: skips.unwrap().optional(),
  batch: batch.max(256).optional(),
  learningRate: learningRate.unwrap().optional(),
  augment: augment.unwrap().optional(),
  precision: precision.unwrap().optional(),
  loss: LossConfig.shape.kind.unwrap().optional(),
  /** Whether it learns to tell objects apart, too; left out: as what it goes on from does, else it does not. */
  objects: z.boolean().optional(),
  /** Labels that were made from proposals of these neither train nor test. */
  withoutHelpers: z.array(Helper).optional(),
});
export type ModelSettings = z.infer<typeof ModelSettings>;

/** Minutes of training where nobody says how many. */
export const MODEL_MINUTES = 10;

/** Margin of equivalence in Dice where nobody says another: that which studies begin with. */
const MODEL_DELTA = 0.02;

const training = {
  project,
  datasetId: Id,
  minutes: z
    .number()
    .positive()
    .max(7 * 24 * 60)
    .default(MODEL_MINUTES),
  from: ModelStart.default('random'),
  /** The split whose parts images take that have none yet; null: the dataset's first, as studies do, where it has one. */
  splitId: Id.nullable().default(null),
  settings: ModelSettings.prefault({}),
  /** In the place of what the minutes have room for. */
  steps: z.number().int().min(1).max(1_000_000).optional(),
};

export const modelsCalls = {
  /** Newest first. */
  'models.list': z.object({ project }),
  /** What a training could start from, and which of it is recommended. */
  'models.starts': z.object({ project, datasetId: Id }),
  /** What a training would be: images by part, settings and their reasons, and how long it takes here. Changes nothing. */
  'models.plan': z.object({
    ...training,
    /** Whether steps are timed for `steps` and `seconds`: some seconds the first time for a network, then known. */
    time: z.boolean().default(true),
  }),
  /**
   * Queues a training on all labels of now. It belongs to the project: a window that asks and is closed or reloaded before
   * the answer finds it among those that are pending.
   */
  'models.train': z.object({
    ...training,
    /** null: after the dataset. */
    name: Name.nullable().default(null),
    seed: z.number().int().min(0).default(0),
  }),
  /** Trainings that were asked for and are not queued yet, oldest first; event models.pending. */
  'models.pending': z.object({ project }),
  /** Takes one of them back, or lets go of why it did not begin. */
  'models.dropPending': z.object({ project, pendingId: Id }),
  /** Ends a training. keep: with the best network so far, which is scored and stays as the model; else it is cancelled. */
  'models.stop': z.object({ project, modelId: Id, keep: z.boolean() }),
  /** How good a model is on images that neither trained it nor chose its checkpoint. */
  'models.score': z.object({ project, modelId: Id }),
  /** The first against the second, on the images that both were held out from. */
  'models.compare': z.object({
    project,
    modelIds: z.tuple([Id, Id]),
    delta: z.number().positive().max(0.5).default(MODEL_DELTA),
  }),
  'models.rename': z.object({ project, modelId: Id, name: Name }),
  'models.setNotes': z.object({ project, modelId: Id, notes: z.string().max(10_000) }),
  /** With its run and weights. What others started from it stays as it is. */
  'models.remove': z.object({ project, modelId: Id }),
} satisfies Record<string, z.ZodType>;

export const modelsChanges = {
  'models.train': ['models', 'runs'],
  'models.stop': ['models', 'runs'],
  'models.rename': ['models'],
  'models.setNotes': ['models'],
  'models.remove': ['models', 'runs'],
} as const satisfies Partial<Record<keyof typeof modelsCalls, readonly ChangedKind[]>>;

/** A model as lists show it. */
export interface ListedModel extends Model {
  readonly datasetName: string;
  /** Labelled images of its training. */
  readonly images: Readonly<Record<Part, number>>;
  /** Mean over held-out images; null: it is not scored, or not yet. */
  readonly dice: number | null;
  /** 95 %, over images; null where there are too few of them. */
  readonly ci95: Interval | null;
  /** Held-out images that were scored. */
  readonly scored: number;
  /** As of ModelScore. */
  readonly objects: ModelScore['objects'];
  readonly step: number;
  readonly steps: number;
  /** Of training. */
  readonly seconds: number;
  /** Why it failed. */
  readonly error: WireError | null;
  /** The model that its weights started from; null: none, or it is deleted. */
  readonly startedFromModelId: number | null;
}

export interface OfferedStart {
  readonly from: ModelStart;
  /** Random weights; the encoder "x"; the model "y". */
  readonly title: string;
  /** What speaks for or against it, in words. */
  readonly why: string;
  /** One of them all. */
  readonly isRecommended: boolean;
  /** Why it cannot be started from, with what to do; null: it can. */
  readonly obstacle: string | null;
  /** What makes its score less than certain; null: nothing. */
  readonly warning: string | null;
}

export interface ModelPlan {
  readonly images: Readonly<Record<Part, number>>;
  /** Labelled images that neither train nor test it. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** Helpers that labels of the dataset were made with, and how many images each; whether or not they are left out. */
  readonly helped: readonly { readonly helper: Helper; readonly images: number }[];
  readonly settings: {
    readonly network: NetworkConfig;
    readonly sampling: SamplingConfig;
    readonly batch: number;
    readonly learningRate: number;
    readonly augment: boolean;
    readonly precision: OptimisationConfig['precision'];
    readonly loss: LossConfig['kind'];
    /** Whether it learns to tell objects apart, too. */
    readonly objects: boolean;
  };
  /** 0: not timed. */
  readonly steps: number;
  /** How long it takes with validation and test, on a machine that does nothing else; null: not timed. */
  readonly seconds: number | null;
  /** What was worked out, and why, in words. */
  readonly why: readonly string[];
  /** What makes its score less than certain. */
  readonly warnings: readonly string[];
}

export interface ModelTraining {
  readonly model: Model;
  readonly run: Run;
  readonly plan: ModelPlan;
}

/** Dice over held-out images. */
interface ClassScore {
  readonly classIndex: number;
  readonly name: string;
  /** Mean Dice; null where no held-out image holds the class. */
  readonly dice: number | null;
  /** 95 %, over images; null where there are too few of them. */
  readonly ci95: Interval | null;
  readonly images: number;
}

export interface ModelScore {
  readonly model: Model;
  readonly images: Readonly<Record<Part, number>>;
  /** Of each scored class: over the held-out images whose labels or prediction hold it. */
  readonly classes: readonly ClassScore[];
  /** Of the held-out images whose objects were told apart, mean and 95 % interval over images; none: there are none. */
  readonly objects: readonly {
    readonly measure: ObjectMeasure;
    readonly mean: number;
    readonly ci95: Interval | null;
    readonly images: number;
  }[];
  /** Seconds of training. */
  readonly seconds: number;
  readonly words: readonly string[];
}

export interface ModelComparison {
  /** The first and the second, as they were asked for. */
  readonly models: readonly [Model, Model];
  readonly delta: number;
  /** Held-out images that both are scored on, against the same labels; Dice of the first and of the second. */
  readonly images: readonly {
    readonly imageId: number;
    readonly name: string;
    /** null: it holds no class that is scored, and rightly none is predicted. */
    readonly dice: readonly [number | null, number | null];
  }[];
  /** Held-out images that are not compared. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** Means over these images; null where there is none. */
  readonly dice: readonly [number, number] | null;
  /** Mean paired difference, first minus second, and its intervals over images; null where there are too few. */
  readonly difference: {
    readonly effect: number;
    readonly ci95: Interval;
    readonly ci90: Interval;
    /** Wilcoxon signed-rank test over images. */
    readonly p: number;
  } | null;
  /** Of the first against the second: it helps where the first is better. */
  readonly verdict: Verdict;
  /** By class that both know, over the images of both that hold it. */
  readonly classes: readonly {
    readonly classIndex: number;
    readonly name: string;
    readonly dice: readonly [number, number];
    readonly effect: number;
    readonly ci95: Interval | null;
    readonly images: number;
  }[];
  /** Over the images whose objects both are scored on, the first minus the second; none where there are none. */
  readonly objects: readonly {
    readonly measure: ObjectMeasure;
    readonly means: readonly [number, number];
    readonly effect: number;
    readonly ci95: Interval | null;
    readonly images: number;
  }[];
  /** The verdict first. */
  readonly words: readonly string[];
}

export interface ModelsOutputs {
  'models.list': ListedModel[];
  'models.starts': OfferedStart[];
  'models.plan': ModelPlan;
  'models.train': ModelTraining;
  'models.pending': PendingTraining[];
  'models.dropPending': null;
  'models.stop': Model;
  'models.score': ModelScore;
  'models.compare': ModelComparison;
  'models.rename': Model;
  'models.setNotes': Model;
  /** What is kept of it, in words. */
  'models.remove': { readonly kept: readonly string[] };
}
