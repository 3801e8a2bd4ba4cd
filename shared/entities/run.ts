/** A run: how far it is, what computed it, what came of it. */
import { z } from 'zod';
import { WireError } from '../errors.ts';
import { EngineName } from './computing.ts';
import { Id, Uncertainty } from './data.ts';
import { WEIGHT_GROUPS } from './network.ts';
import { PretrainingKey, RunConfig, Transfer } from './training.ts';

/** The two sets of kernels that TensorFlow has for a processor (engine/training/tensorflow/kernels.ts). */
export const Kernels = z.enum(['onednn', 'eigen']);
export type Kernels = z.infer<typeof Kernels>;

/** What Graft computes by itself in TensorFlow's place (engine/training/tensorflow/operations.ts). */
export const OwnOperation = z.enum([
  'normalisation',
  'pooling',
  'convolutions',
  'kernel gradients',
  'optimiser',
  'bfloat16 activations',
]);
export type OwnOperation = z.infer<typeof OwnOperation>;

/** Vectors that own operations were held to by whoever started the run, where other ones have other bits. */
const OwnVectors = z.enum(['baseline']);
export type OwnVectors = z.infer<typeof OwnVectors>;

/** A graphics card, or what stands for one, as its driver describes it. */
export const Adapter = z.object({
  /** As its driver calls it: "NVIDIA GeForce RTX 3060". It is chosen by that. */
  name: z.string(),
  /** "nvidia", "intel", "amd", "apple" …; empty: not told. */
  maker: z.string(),
  /** "ampere", "gen-12lp" …; empty: not told. */
  architecture: z.string(),
  /** The driver and its version, in its own words; empty: not told. */
  driver: z.string(),
  /** What the driver is spoken to by. */
  backend: z.enum(['vulkan', 'd3d12', 'metal']),
  /** Whether it is no card, but a driver that computes on the processor. */
  isSoftware: z.boolean(),
});
export type Adapter = Readonly<z.infer<typeof Adapter>>;

/** Which software computed a run. Bits repeat only under the same name, version, threads, kernels, operations and adapter. */
export const EngineInfo = z.object({
  name: EngineName,
  /** Of TensorFlow, of the portable engine's package, or of Dawn's. */
  version: z.string(),
  threads: z.number().int().positive(),
  /** Left out: those that TensorFlow itself took for the processor, as before Graft chose; or not TensorFlow. */
  kernels: Kernels.optional(),
  /** Left out: none, as before there were any; or not TensorFlow. */
  operations: z.array(OwnOperation).optional(),
  /** Left out: the widest that the processor has, or AVX2, which has the same bits as AVX-512. */
  vectors: OwnVectors.optional(),
  /** Left out: not the graphics card. `features`: what of it is used, sorted. */
  adapter: Adapter.extend({ features: z.array(z.string()) }).optional(),
  node: z.string(),
  graft: z.string(),
  /** Model of the processor; left out: before it was recorded. Bits differ between kinds. */
  processor: z.string().max(256).optional(),
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
  predictedPx: z.number().min(0),
  truePx: z.number().min(0),
  bothPx: z.number().min(0),
});
export type ClassOverlap = z.infer<typeof ClassOverlap>;

/** Objects of one class: how many there are, and how many of them match (shared/objects/object-scores.ts). */
export const ObjectCounts = z.object({
  classIndex: z.number().int(),
  predicted: z.number().int().min(0),
  actual: z.number().int().min(0),
  /** At IoU .5, .55 … .95. */
  matched: z.array(z.number().int().min(0)).length(10),
  /** Of those that match at .5. */
  iouSum: z.number().min(0),
});
export type ObjectCounts = z.infer<typeof ObjectCounts>;

const Share = z.number().min(0).max(1);

/**
 * Scores of one test image (docs/method.md §5): means over the scored classes that its truth or its prediction holds. All
 * null where neither holds one.
 */
export const ImageResult = z.object({
  imageId: Id,
  checkpoint: CheckpointKind,
  dice: Share.nullable(),
  iou: Share.nullable(),
  /** Pixels of the original image. */
  hd95: z.number().min(0).nullable(),
  boundaryF1: Share.nullable(),
  /** The scored classes that truth or prediction holds, ascending. */
  classes: z.array(ClassOverlap),
  /** By class, ascending; left out where the objects of its truth were not told apart. */
  objects: z.array(ObjectCounts).optional(),
  /** null for runs that were tested before this was kept. */
  uncertainty: Uncertainty.nullable(),
});
export type ImageResult = z.infer<typeof ImageResult>;
