/** A study: what is compared, with how many labels and seeds. */
import { z } from 'zod';
import { Helper } from '../helpers.ts';
import { KeptName } from '../limits.ts';
import { Computing } from './computing.ts';
import { Id } from './data.ts';
import { NetworkConfig, SamplingConfig } from './network.ts';
import { Kernels } from './run.ts';
import {
  LossConfig,
  OptimisationConfig,
  PretrainedTransfer,
  PretrainingKey,
  PretrainingOptions,
  PretrainingTask,
} from './training.ts';

export const LabelCount = z.union([z.number().int().positive(), z.literal('all')]);
export type LabelCount = z.infer<typeof LabelCount>;

const pretrainingCommon = {
  /** Needed where a study lists a task twice; else it goes by its task, an imported encoder by its number. */
  name: PretrainingKey.optional(),
  /** Arms beside those without pretraining. */
  transfers: z.array(PretrainedTransfer).min(1),
  /** How many blocks `encoder+deep-decoder` takes over, counted from the bottleneck. */
  deepDecoderBlocks: z.number().int().min(1).max(6).default(1),
  /**
   * Discriminative learning rates: the transferred encoder learns at this share of the rate (0.1 is usual), in every
   * arm of this pretraining that takes the encoder over and does not freeze it. 1: as everything else.
   */
  encoderRate: z.number().positive().max(1).default(1),
};

/** A network that the study pretrains itself, one a seed. */
export const TaskPretraining = z.object({
  ...pretrainingCommon,
  task: PretrainingTask,
  optimisation: OptimisationConfig,
  options: PretrainingOptions.prefault({}),
});
export type TaskPretraining = z.infer<typeof TaskPretraining>;

/** A network that is there already: every seed starts from the same weights. */
const ReadyPretraining = z.object({ ...pretrainingCommon, encoderId: Id });
export type ReadyPretraining = z.infer<typeof ReadyPretraining>;

export const PretrainingPlan = z.union([TaskPretraining, ReadyPretraining]);
export type PretrainingPlan = z.infer<typeof PretrainingPlan>;

/**
 * What a task that learns from labels (of pixels or of whole images) may see of the labels of the target's own images,
 * where the source holds such images:
 * - `own`: those of the arm alone. A network is pretrained for each label count and seed, on the images that the arms
 *   of this label count and seed learn from, so that "4 labels" are four.
 * - `all`: those of the whole source. One pretraining a seed; what it saw counts as labels beside those of the arm.
 */
export const PRETRAINING_LABELS = ['own', 'all'] as const;
const PretrainingLabels = z.enum(PRETRAINING_LABELS);
export type PretrainingLabels = z.infer<typeof PretrainingLabels>;

/** A question that a study is to answer for certain (shared/primary-questions.ts). */
export const PrimaryQuestion = z.object({
  question: z.enum([
    'encoder',
    'decoder',
    'both',
    'decoder-alone',
    'trend',
    'classification',
    'simclr',
    'conrec',
  ]),
  /** null: of every pretraining. */
  pretraining: PretrainingKey.nullable().default(null),
  /** null: with every label count. */
  labels: LabelCount.nullable().default(null),
});
export type PrimaryQuestion = z.infer<typeof PrimaryQuestion>;

/** How runs share the processor. */
export const Execution = z.object({
  /** Of one run. */
  threads: z.number().int().positive(),
  /** Runs side by side. */
  parallel: z.number().int().positive(),
  /** Those that calibration found faster; left out: what suits the processor. */
  kernels: Kernels.optional(),
  /** The engine of all runs, so that pairs differ in nothing else; left out: as of studies before there was a choice. */
  ...Computing.partial().shape,
  /** What testing one network takes, where it was measured. */
  testSeconds: z.number().min(0).optional(),
});
export type Execution = z.infer<typeof Execution>;

/**
 * Cross-validation of the target, groups kept together (engine/data/folds.ts): its labelled images are divided into
 * `folds` parts, each of which is tested on once, `repeats` times over.
 */
export const Splits = z.object({
  folds: z.number().int().min(2).max(20),
  repeats: z.number().int().min(1).max(20).default(1),
});
export type Splits = z.infer<typeof Splits>;

export const StudyConfig = z.object({
  name: KeptName,
  sourceDatasetId: Id,
  targetDatasetId: Id,
  /** Split of the target; null: its first, and where it has none a new one, `default`. */
  splitId: Id.nullable().default(null),
  /** Several splits in its place, each with `seeds` seeds of its own; null: that one. */
  splits: Splits.nullable().default(null),
  network: NetworkConfig,
  sampling: SamplingConfig,
  /** None: the random start alone, by number of labels. */
  pretrainings: z.array(PretrainingPlan),
  /** See PRETRAINING_LABELS. Says nothing of a study that was planned before this could be chosen: its runs do. */
  pretrainingLabels: PretrainingLabels.default('own'),
  /**
   * Whether tasks without labels see the images of the target's validation part too, where the source is the target.
   * Never their labels, and never test images.
   */
  pretrainOnValidation: z.boolean().default(false),
  /** Images whose labels were made from proposals of these count as unlabelled, in the source as in the target. */
  withoutHelpers: z.array(Helper).default([]),
  finetuning: OptimisationConfig,
  /** Arms without pretraining beside `random`, which is always there. */
  controls: z.array(z.enum(['frozen-random'])).default([]),
  /** Minimised by every fine-tuning alike. */
  loss: LossConfig.default(LossConfig.parse({})),
  /**
   * Every arm, random included, is trained with each of these for every seed and label count, and the one of the best
   * validation Dice counts. Empty: with that of `finetuning` alone.
   */
  learningRates: z.array(z.number().positive()).max(8).default([]),
  /**
   * Once, where the random start of a label count was still improving when its budget ended: all arms of that label
   * count go on to so many times their steps. null: never; the report then says that the baseline has not converged.
   */
  extension: z.number().min(1.1).max(10).nullable().default(null),
  /** Label counts that went on; written by the queue. */
  extendedLabelCounts: z.array(z.number().int()).default([]),
  labelCounts: z.array(LabelCount).min(1),
  /** Number of seeds S, in each split; all of them are firstSeed, firstSeed+1, … (shared/study-splits.ts). */
  seeds: z.number().int().min(1).max(100),
  firstSeed: z.number().int().min(0).default(0),
  /** Equivalence margin in Dice, fixed before the run. */
  delta: z.number().positive().max(0.5).default(0.02),
  /** Marked before the run; empty: all that headline and claims are read from. The rest is exploratory. */
  primary: z.array(PrimaryQuestion).default([]),
  mode: z.enum(['quick', 'default', 'confirm']).default('default'),
  /** null: chosen by calibration when the study starts. */
  execution: Execution.nullable().default(null),
});
export type StudyConfig = z.infer<typeof StudyConfig>;

const STUDY_STATUSES = ['planned', 'running', 'paused', 'done', 'failed', 'cancelled'] as const;
export const StudyStatus = z.enum(STUDY_STATUSES);
export type StudyStatus = z.infer<typeof StudyStatus>;

export const Study = z.object({
  id: Id,
  name: z.string(),
  config: StudyConfig,
  status: StudyStatus,
  sourceSnapshotId: Id,
  targetSnapshotId: Id,
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});
export type Study = z.infer<typeof Study>;
