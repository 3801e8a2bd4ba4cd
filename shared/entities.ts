/**
 * What a project holds, as the engine, the command line and the window see it.
 * Schemas here are the only description of these shapes; they are parsed at every border
 * (calls, stored JSON, messages of the trainer) and trusted inside.
 */
import { z } from 'zod';
import { WireError } from './errors.ts';

// ───────────────────────────── label values ─────────────────────────────

/** Class 0: the background, unless the dataset says that it has none (Dataset.hasBackground). */
export const BACKGROUND = 0;
/** Pixels of this value count nowhere: not in a loss, not in a metric. */
export const IGNORE = 255;
/** Classes are numbered 0 … 254; 255 is IGNORE. */
export const MAX_CLASSES = 255;

export const Id = z.number().int().positive();
export type Id = z.infer<typeof Id>;

/** Lower-case hexadecimal SHA-256. */
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

// ───────────────────────────── data ─────────────────────────────

export const SegmentationClass = z.object({
  /** Pixel value in label maps, 0 … 254. */
  index: z.number().int().min(0).max(254),
  name: z.string().min(1).max(200),
  /** #rrggbb */
  color: z.string().regex(/^#[0-9a-f]{6}$/),
});
export type SegmentationClass = z.infer<typeof SegmentationClass>;

export const Dataset = z.object({
  id: Id,
  name: z.string().min(1).max(200),
  createdAt: z.string(),
  /** Where it came from in words and settings: an import folder, or a generator with its seed. */
  origin: z.record(z.string(), z.unknown()),
  imageCount: z.number().int(),
  labelledCount: z.number().int(),
  /** Image classes that occur. */
  usedImageClasses: z.number().int(),
  /** Its images by their number of channels, fewest channels first. */
  channels: z.array(z.object({ channels: z.number().int(), images: z.number().int() })),
  classes: z.array(SegmentationClass),
  /** false: class 0 is a class like any other, scored as they are. */
  hasBackground: z.boolean(),
  /** Names of image-level classes (classification); images carry an index into this list. */
  imageClasses: z.array(z.string()),
});
export type Dataset = z.infer<typeof Dataset>;

export const ImageRecord = z.object({
  id: Id,
  datasetId: Id,
  /** File name without folder, unique in its dataset. */
  name: z.string(),
  /** Upright size: after the EXIF orientation has been applied. */
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
  channels: z.number().int().positive(),
  bitDepth: z.union([z.literal(8), z.literal(16), z.literal(32)]),
  /** SHA-256 of the original bytes. */
  hash: Sha256,
  /** Page of a multi-page file, else 0. */
  page: z.number().int().min(0),
  /** Where its channels are pages of the file: all of them, `page` the first. */
  channelPages: z.array(z.number().int().min(0)).nullable(),
  storage: z.enum(['embedded', 'linked']),
  /** Absolute path of a linked original. */
  linkPath: z.string().nullable(),
  /** Where it lies if project and original moved together; null where that is `linkPath`. */
  linkBeside: z.string().nullable(),
  /** Patient, slide, source image …: images of one group never land in two parts of a split. */
  groupName: z.string().nullable(),
  /** Index into Dataset.imageClasses. */
  imageClass: z.number().int().nullable(),
  /** Latest label map revision. */
  labelMapId: Id.nullable(),
});
export type ImageRecord = z.infer<typeof ImageRecord>;

const AUTHORS = ['human', 'model', 'corrected', 'imported', 'generated'] as const;
export const Author = z.enum(AUTHORS);
export type Author = z.infer<typeof Author>;

/**
 * How unsure a network was of an image: the mean over pixels of the entropy of the class probabilities, as a share of
 * the largest possible: 0 certain everywhere, 1 all classes alike everywhere.
 */
const Uncertainty = z.number().min(0).max(1);

/** One immutable revision; the newest revision of an image is its current label map. */
export const LabelMapRevision = z.object({
  id: Id,
  imageId: Id,
  author: Author,
  createdAt: z.string(),
  /** Run whose prediction this is or was corrected from. */
  runId: Id.nullable(),
  note: z.string(),
  /** Of a prediction: see Uncertainty. */
  uncertainty: Uncertainty.nullable(),
});
export type LabelMapRevision = z.infer<typeof LabelMapRevision>;

export const PARTS = ['train', 'val', 'test'] as const;
export const Part = z.enum(PARTS);
export type Part = z.infer<typeof Part>;

export const Split = z.object({
  id: Id,
  datasetId: Id,
  name: z.string(),
  createdAt: z.string(),
  counts: z.object({
    train: z.number().int(),
    val: z.number().int(),
    test: z.number().int(),
  }),
});
export type Split = z.infer<typeof Split>;

/** One image of a snapshot: exactly these bytes with exactly this label map, in this part. */
export const SnapshotItem = z.object({
  imageId: Id,
  imageHash: Sha256,
  labelMapId: Id.nullable(),
  /** Index into Dataset.imageClasses at that time. */
  imageClass: z.number().int().nullable(),
  part: Part,
});
export type SnapshotItem = z.infer<typeof SnapshotItem>;

/** What a run was trained and tested on, frozen when the study was made. */
export const Snapshot = z.object({
  id: Id,
  datasetId: Id,
  createdAt: z.string(),
  /** SHA-256 over the sorted items and the two below: two snapshots of one hash hold the same data. */
  hash: Sha256,
  /** Dataset.hasBackground at that time. */
  hasBackground: z.boolean(),
  /** Classes that a segmentation head has, 0 included: the largest number of a class at that time, and one. */
  pixelClasses: z.number().int().min(0).max(MAX_CLASSES),
});
export type Snapshot = z.infer<typeof Snapshot>;

// ───────────────────────────── networks and training ─────────────────────────────

export const WEIGHT_GROUPS = ['encoder', 'decoder', 'head'] as const;
export type WeightGroup = (typeof WEIGHT_GROUPS)[number];

/** A network sees (value − mean) / deviation of each channel; values before are in [0, 1]. One entry a channel. */
const Preprocessing = z.object({
  mean: z.array(z.number()).min(1),
  deviation: z.array(z.number().positive()).min(1),
});
export type Preprocessing = z.infer<typeof Preprocessing>;

/** plain: the U-Net of docs/method.md §2; the others: published networks for which people have pretrained weights. */
const ENCODER_ARCHITECTURES = ['plain', 'resnet18', 'resnet34', 'mobilenetv2'] as const;
const EncoderArchitecture = z.enum(ENCODER_ARCHITECTURES);
export type EncoderArchitecture = z.infer<typeof EncoderArchitecture>;

/** A U-Net (docs/method.md §2). Widths are base·(1, 2, 4, …), of the decoder and of a plain encoder. */
export const NetworkConfig = z.object({
  encoder: EncoderArchitecture.default('plain'),
  /** Channels of an encoder that is not plain, relative to the published network (MobileNetV2's α). */
  encoderWidth: z.number().min(0.05).max(2).default(1),
  /** Halvings of a plain encoder; the others halve five times. */
  depth: z.number().int().min(1).max(6).default(4),
  base: z.number().int().min(2).max(128).default(8),
  /** Channels of a plain encoder's bottleneck, in multiples of the base. */
  bottleneck: z.number().int().min(1).max(64).default(16),
  /** What normalises behind every convolution: statistics of the batch, or of groups of channels of each image. */
  norm: z.enum(['batch', 'group']).default('batch'),
  /** Added to the variance by the encoder's batch normalisation: imported weights keep their own. 1e-5 elsewhere. */
  encoderEpsilon: z.number().positive().max(1).default(1e-5),
  /** Zeros around strided convolutions: symmetric as in PyTorch, or TensorFlow's `same` (right and below first). */
  padding: z.enum(['symmetric', 'same']).default('symmetric'),
  /** Applied inside the network; null: values in [0, 1] as they are. */
  preprocessing: Preprocessing.nullable().default(null),
  /** conv: skips pass a 1×1 conv, BatchNorm, ReLU; concat: as they are; none: an autoencoder's. */
  skips: z.enum(['conv', 'concat', 'none']).default('conv'),
  /** Channels the network sees: as many as the images have; grey and RGB are converted into each other. */
  inputChannels: z.number().int().min(1).max(64).default(1),
});
export type NetworkConfig = z.infer<typeof NetworkConfig>;

/** How an image of any size becomes the network's square input. */
export const SamplingConfig = z.object({
  sizePx: z.number().int().min(16).max(1024).default(64),
  /** resize: the whole image, squeezed to the square; patches: random crops at full resolution. */
  mode: z.enum(['resize', 'patches']).default('resize'),
});
export type SamplingConfig = z.infer<typeof SamplingConfig>;

/** What convolutions compute in while training. bfloat16: half the digits of float32, faster where the processor has it. */
export const Precision = z.enum(['float32', 'bfloat16']);
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

const runCommon = {
  network: NetworkConfig,
  sampling: SamplingConfig,
  optimisation: OptimisationConfig,
  /** Fixes initial weights, batch order and augmentation. */
  seed: z.number().int().min(0),
  snapshotId: Id,
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
});
export type FinetuneRunConfig = z.infer<typeof FinetuneRunConfig>;

export const RunConfig = z.discriminatedUnion('kind', [PretrainRunConfig, FinetuneRunConfig]);
export type RunConfig = z.infer<typeof RunConfig>;

/** auto: native TensorFlow where it is installed, else the portable engine. */
export const EngineChoice = z.enum(['auto', 'tensorflow', 'wasm']);
export type EngineChoice = z.infer<typeof EngineChoice>;

/** The two sets of kernels that TensorFlow has for a processor (engine/training/tensorflow/kernels.ts). */
export const Kernels = z.enum(['onednn', 'eigen']);
export type Kernels = z.infer<typeof Kernels>;

/** Which software computed a run. Bits repeat only under the same name, version, threads and kernels. */
export const EngineInfo = z.object({
  name: z.enum(['tensorflow', 'wasm']),
  version: z.string(),
  threads: z.number().int().positive(),
  /** Left out: those that TensorFlow itself took for the processor, as before Graft chose; or not TensorFlow. */
  kernels: Kernels.optional(),
  node: z.string(),
  graft: z.string(),
});
export type EngineInfo = z.infer<typeof EngineInfo>;

const RUN_STATUSES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export const RunStatus = z.enum(RUN_STATUSES);
export type RunStatus = z.infer<typeof RunStatus>;

/** What became of one layer's weights at the start of a run. */
export const LayerState = z.object({
  layer: z.string(),
  group: z.enum(WEIGHT_GROUPS),
  shape: z.array(z.number().int()),
  /** permuted: loaded, then shuffled within the layer. */
  state: z.enum(['loaded', 'permuted', 'random', 'frozen', 'mismatch']),
});
export type LayerState = z.infer<typeof LayerState>;

export const Run = z.object({
  id: Id,
  studyId: Id.nullable(),
  kind: z.enum(['pretrain', 'finetune']),
  /** Key of the pretraining involved (shared/pretrainings.ts); null where nothing pretrained is involved. */
  pretraining: PretrainingKey.nullable(),
  transfer: Transfer.nullable(),
  labels: z.number().int().nullable(),
  seed: z.number().int(),
  status: RunStatus,
  config: RunConfig,
  /** Run that must be done first (its pretraining). */
  dependsOn: Id.nullable(),
  engine: EngineInfo.nullable(),
  layers: z.array(LayerState).nullable(),
  step: z.number().int(),
  steps: z.number().int(),
  error: WireError.nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** Seconds of training, summed over resumes. */
  trainedSeconds: z.number(),
  peakMemoryBytes: z.number().nullable(),
});
export type Run = z.infer<typeof Run>;

const METRICS = [
  'loss', // training loss of the step
  'valDice', // Dice of each class over all validation pixels, mean over the classes that they hold
  'learningRate',
] as const;
export const MetricName = z.enum(METRICS);
export type MetricName = z.infer<typeof MetricName>;

export const MetricPoint = z.object({
  step: z.number().int(),
  name: MetricName,
  value: z.number(),
});
export type MetricPoint = z.infer<typeof MetricPoint>;

/** best: the checkpoint of the highest validation Dice; last: that of the final step. */
export const CheckpointKind = z.enum(['best', 'last']);
export type CheckpointKind = z.infer<typeof CheckpointKind>;

/** Pixels of one class that count: in the prediction, in the truth, and in both (shared/overlap.ts). */
export const ClassOverlap = z.object({
  classIndex: z.number().int(),
  predictedPx: z.number(),
  truePx: z.number(),
  bothPx: z.number(),
});
export type ClassOverlap = z.infer<typeof ClassOverlap>;

/**
 * Scores of one test image (docs/method.md §5): means over the scored classes that its truth or its prediction holds. All
 * null where neither holds one.
 */
export const ImageResult = z.object({
  imageId: Id,
  checkpoint: CheckpointKind,
  dice: z.number().nullable(),
  iou: z.number().nullable(),
  /** Pixels of the original image. */
  hd95: z.number().nullable(),
  boundaryF1: z.number().nullable(),
  /** The scored classes that truth or prediction holds, ascending. */
  classes: z.array(ClassOverlap),
  /** null for runs that were tested before this was kept. */
  uncertainty: Uncertainty.nullable(),
});
export type ImageResult = z.infer<typeof ImageResult>;

/** Whose names and layouts a weight file follows. */
const WEIGHT_NAMINGS = ['graft', 'keras', 'torchvision', 'timm'] as const;
const WeightNaming = z.enum(WEIGHT_NAMINGS);
export type WeightNaming = z.infer<typeof WeightNaming>;

/** What a weight file holds for one layer of the network that it is read into. */
export const ImportedLayer = z.object({
  layer: z.string(),
  group: z.enum(WEIGHT_GROUPS),
  /** Of the layer's first parameter, in the network. */
  shape: z.array(z.number().int()),
  /** random: the file does not hold it; mismatch: it holds something else by that name. */
  state: z.enum(['loaded', 'random', 'mismatch']),
  /** Name in the file; null where it is not there. */
  source: z.string().nullable(),
  /** What is wrong with a mismatch. */
  problem: z.string().nullable(),
});
export type ImportedLayer = z.infer<typeof ImportedLayer>;

/** Where an imported encoder came from, and what became of the file's contents. */
export const WeightFileReport = z.object({
  /** Name of the file, without its folder. */
  file: z.string(),
  sha256: Sha256,
  naming: WeightNaming,
  layers: z.array(ImportedLayer),
  /** Tensors of the file that the network has no place for: classification heads and the like. */
  unused: z.array(z.string()),
  /** What was converted on the way in, in words. */
  notes: z.array(z.string()),
});
export type WeightFileReport = z.infer<typeof WeightFileReport>;

/** A pretrained network worth naming: the result of a pretraining run, or read from a file. */
export const Encoder = z.object({
  id: Id,
  /** null: from a file. */
  runId: Id.nullable(),
  name: z.string(),
  /** What it was pretrained by; null where that is not known. */
  task: PretrainingTask.nullable(),
  /** null: from a run. */
  file: WeightFileReport.nullable(),
  network: NetworkConfig,
  createdAt: z.string(),
  notes: z.string(),
});
export type Encoder = z.infer<typeof Encoder>;

// ───────────────────────────── studies ─────────────────────────────

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
  name: z.string().min(1).max(200),
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
