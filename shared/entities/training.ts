/** What a run is asked to do: pretraining or fine-tuning, with which data, network, loss and optimiser. */
import { z } from 'zod';
import { Computing } from './computing.ts';
import { Id } from './data.ts';
import { NetworkConfig, SamplingConfig } from './network.ts';

/**
 * What a training computes in. bfloat16: half the digits of float32, faster where the processor has it; parameters, statistics,
 * losses and the optimiser stay in float32 (engine/training/tensorflow/bfloat16-graph.ts), and its network predicts in it.
 * float16: on graphics cards that have it, what layers hand on; sums, losses and the optimiser stay in float32.
 */
export const Precision = z.enum(['float32', 'bfloat16', 'float16']);
export type Precision = z.infer<typeof Precision>;

export const OptimisationConfig = z.object({
  steps: z.number().int().min(1),
  batch: z.number().int().min(1),
  learningRate: z.number().positive().default(2e-3),
  weightDecay: z.number().min(0).default(1e-4),
  /** Share of the steps over which the learning rate rises linearly from 0. */
  warmup: z.number().min(0).max(1).default(0.1),
  schedule: z.enum(['cosine', 'constant']),
  /** Validation every so many steps (fine-tuning), or a training loss point (pretraining). */
  evaluateEvery: z.number().int().min(1),
  augment: z.boolean().default(true),
  precision: Precision.default('float32'),
});
export type OptimisationConfig = z.infer<typeof OptimisationConfig>;

export const PRETRAINING_TASKS = [
  'classification',
  'segmentation',
  'autoencoder',
  'denoising',
  'in-painting',
  'out-painting',
  'local-shuffle',
  'non-linear-intensity',
  'colourisation',
  'context-restoration',
  'masked-autoencoding',
  'simclr',
  'conrec',
  'multi-conrec',
] as const;
export const PretrainingTask = z.enum(PRETRAINING_TASKS);
export type PretrainingTask = z.infer<typeof PretrainingTask>;

/** What only some tasks let one choose (docs/method.md §4); the others leave it alone. */
export const PretrainingOptions = z.object({
  /** conrec, multi-conrec: weight of the mean squared error … */
  reconstructionWeight: z.number().min(0).default(100),
  /** … and of the contrastive loss beside it. */
  contrastiveWeight: z.number().min(0).default(1),
  /** multi-conrec: an output layer for each corruption, or one for all. */
  heads: z.enum(['perTask', 'shared']).default('perTask'),
});
export type PretrainingOptions = z.infer<typeof PretrainingOptions>;

/** What is taken over from the pretrained network; everything else starts random. */
export const TRANSFERS = [
  'random',
  'encoder',
  'encoder+decoder',
  'decoder',
  'frozen-encoder',
  /** Encoder and the deepest blocks of the decoder, those next to the bottleneck. */
  'encoder+deep-decoder',
  /** Control: the encoder's weights, shuffled within each layer. Their scale without what they learned. */
  'permuted-encoder',
  /** Control: an encoder that stays as it started, at random. */
  'frozen-random',
] as const;
export const Transfer = z.enum(TRANSFERS);
export type Transfer = z.infer<typeof Transfer>;

/** All but the arms without a pretrained network: `random`, part of every study, and `frozen-random`, on request. */
export const PretrainedTransfer = Transfer.exclude(['random', 'frozen-random']);
export type PretrainedTransfer = z.infer<typeof PretrainedTransfer>;

/**
 * What a pretraining is called in the runs, the results and the charts of its study: the name of its task, or a name
 * of its own. Made by `pretrainingKey` (shared/pretrainings.ts) and compared as a whole, never taken apart.
 */
export const PretrainingKey = z.string().trim().min(1).max(80);
export type PretrainingKey = z.infer<typeof PretrainingKey>;

/**
 * What fine-tuning minimises; ignored pixels count in no part of it. Each is a pixel loss + an overlap loss:
 * - `cross-entropy+dice`: cross-entropy + (1 − mean soft Dice over the foreground), docs/method.md §3.
 * - `weighted-cross-entropy+dice`: pixels weigh by class, the median class frequency over the class's own in the
 *   labelled training pixels (Eigen & Fergus 2015, arXiv 1411.4734), at most `maxClassWeight`.
 * - `focal+dice`: cross-entropy × (1 − p)^`focalGamma`, so that easy pixels weigh less (Lin et al. 2017, arXiv
 *   1708.02002, whose γ = 2 is the default; without their α).
 * - `cross-entropy+tversky`: Dice in which false positives weigh `tverskyAlpha` and false negatives
 *   `tverskyBeta` (Salehi et al. 2017, arXiv 1706.05721, whose .3 and .7 are the defaults; .5 and .5 are Dice).
 */
export const LOSSES = [
  'cross-entropy+dice',
  'weighted-cross-entropy+dice',
  'focal+dice',
  'cross-entropy+tversky',
] as const;
export const LossConfig = z.object({
  kind: z.enum(LOSSES).default('cross-entropy+dice'),
  maxClassWeight: z.number().min(1).max(1000).default(10),
  focalGamma: z.number().min(0).max(10).default(2),
  tverskyAlpha: z.number().min(0).max(1).default(0.3),
  tverskyBeta: z.number().min(0).max(1).default(0.7),
});
export type LossConfig = z.infer<typeof LossConfig>;

/**
 * A second head that learns how deep inside its object each pixel lies, by which predictions come apart (docs/objects.md).
 * Its cross-entropy is added to the loss, times `weight`.
 */
export const ObjectsConfig = z.object({ weight: z.number().positive().max(100).default(1) });
export type ObjectsConfig = z.infer<typeof ObjectsConfig>;

const runCommon = {
  network: NetworkConfig,
  sampling: SamplingConfig,
  optimisation: OptimisationConfig,
  /** Fixes initial weights, batch order and augmentation. */
  seed: z.number().int().min(0),
  snapshotId: Id,
  /** Of a run of no study, where it was chosen when it was planned. */
  computing: Computing.optional(),
};

/** Trains on the snapshot's `train` part. */
export const PretrainRunConfig = z.object({
  kind: z.literal('pretrain'),
  ...runCommon,
  /** The only images of that part that it may see; all of them where it is left out. */
  trainImageIds: z.array(Id).min(1).optional(),
  task: PretrainingTask,
  options: PretrainingOptions.prefault({}),
});
export type PretrainRunConfig = z.infer<typeof PretrainRunConfig>;

/** Trains a segmentation network on `trainImageIds`, selects on the `val` part, tests on `test`. */
export const FinetuneRunConfig = z.object({
  kind: z.literal('finetune'),
  ...runCommon,
  transfer: Transfer,
  /** Blocks of `encoder+deep-decoder`, counted from the bottleneck; 1 where it is left out. */
  deepDecoderBlocks: z.number().int().min(1).max(6).optional(),
  /** Learning rate of the encoder relative to that of the rest; 1 where it is left out. */
  encoderRate: z.number().positive().max(1).optional(),
  /** As in `LossConfig`'s defaults where it is left out. */
  loss: LossConfig.optional(),
  /** Whether it learns to tell objects apart; left out: it does not. */
  objects: ObjectsConfig.optional(),
  /** Run whose weights are transferred; null for transfer `random`, and where `encoderId` is given. */
  pretrainRunId: Id.nullable(),
  /** Encoder of the project whose weights are transferred instead of a run's. */
  encoderId: Id.optional(),
  /** The labelled images this run may see, in the nested order of its seed. */
  trainImageIds: z.array(Id).min(1),
  /**
   * What validation Dice is, by which the checkpoint is chosen (docs/method.md §5). classes: of each class over all
   * validation pixels, mean over the classes that they hold. images: the older rule, a mean over images in which an
   * absent class counts as 1; of runs that were planned before there was another, where it is left out.
   */
  validationScore: z.enum(['classes', 'images']).optional(),
  /**
   * Whether the snapshot may be without validation or test images, as those of models with few labels are: the last
   * checkpoint then is the best, and nothing is scored. Left out: it may not.
   */
  mayLackParts: z.boolean().optional(),
  /** Steps without a higher validation Dice after which it ends; left out: it makes all of them. */
  patience: z.number().int().min(1).optional(),
  /** Whether the output layer is taken over as well, as where a model is gone on from; left out: it is not. */
  keepsHead: z.boolean().optional(),
});
export type FinetuneRunConfig = z.infer<typeof FinetuneRunConfig>;

export const RunConfig = z.discriminatedUnion('kind', [PretrainRunConfig, FinetuneRunConfig]);
export type RunConfig = z.infer<typeof RunConfig>;
