/**
 * What the engine and a trainer process say to each other (Node IPC, advanced serialization).
 * The trainer opens the project read-only and finds configuration, data and checkpoints there;
 * it writes nothing: everything it produces travels back in these messages.
 */
import { z } from 'zod';
import {
  CheckpointKind,
  ClassOverlap,
  EarlyEnd,
  EngineChoice,
  EngineInfo,
  Id,
  ImageResult,
  Kernels,
  LayerState,
  MetricPoint,
  NetworkConfig,
  Precision,
  SamplingConfig,
} from '../../shared/entities.ts';
import { FeatureSource } from '../../shared/calls/labelling.ts';
import { WireError } from '../../shared/errors.ts';
import { PostProcessing } from '../../shared/post-processing.ts';

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes expected');

/** A checkpoint that lies beside a bundle's project, not in it. */
const GivenCheckpoint = z.object({
  runId: Id,
  kind: CheckpointKind,
  step: z.number().int(),
  bytes: Bytes,
});
export type GivenCheckpoint = z.infer<typeof GivenCheckpoint>;

const common = {
  threads: z.number().int().positive(),
  engine: EngineChoice,
  /** Where the environment does not say; left out: what suits the processor. */
  kernels: Kernels.optional(),
  /**
   * Name of the graphics card. With engine `auto`: it computes if it is there, and else the processor. Left out: GRAFT_ADAPTER,
   * or the first one.
   */
  adapter: z.string().optional(),
};

const predicting = {
  projectPath: z.string(),
  /** Whose data, classes and images are meant. */
  runId: Id,
  /** Runs that are averaged, `runId` among them; left out: that alone. */
  members: z.array(Id).min(1).optional(),
  /** Whether images are seen flipped and turned as well. */
  flips: z.boolean().optional(),
};

const Area = z.object({
  left: z.number().int().min(0),
  top: z.number().int().min(0),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
});

/** Images that a network is tested on, as they are on average. */
export const TestSize = z.object({
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
  /** Values of label maps, the background included. */
  classes: z.number().int().min(2),
});
export type TestSize = z.infer<typeof TestSize>;

export const TrainerRequest = z.discriminatedUnion('type', [
  /** Trains run `runId` from its last checkpoint, or from the start. */
  z.object({
    type: z.literal('run'),
    ...common,
    projectPath: z.string(),
    runId: Id,
    /** Checkpoints to resume from are sent about this often; ten seconds where it is left out. */
    checkpointIntervalMs: z.number().positive().optional(),
    /** Where batches are prepared: the same ones either way. A thread of their own where it is left out. */
    prepare: z.enum(['thread', 'inline']).optional(),
    /**
     * Of a bundle (engine/elsewhere): its project is read into memory, without a lock, and these are the checkpoints of it
     * and of the runs that it starts from. Left out: a project, which holds its own.
     */
    given: z.array(GivenCheckpoint).optional(),
  }),
  /** Times training steps on random data: for the estimate of a study. */
  z.object({
    type: z.literal('calibrate'),
    ...common,
    network: NetworkConfig,
    sampling: SamplingConfig,
    batch: z.number().int().positive(),
    precision: Precision,
    steps: z.number().int().positive(),
    test: TestSize.optional(),
  }),
  /** Predicts label maps with the best checkpoint of a run, or of several runs that are averaged. */
  z.object({
    type: z.literal('predict'),
    ...common,
    ...predicting,
    /** What becomes of what it draws; left out: nothing. */
    postProcessing: PostProcessing.optional(),
    /** Whether what the rule of postProcessing needs comes beside the label map. */
    withScores: z.boolean().optional(),
    /** Of every input, and inside it; left out: all of it. In pixels. */
    area: Area.optional(),
    /** Images of the project, or files on disk. */
    inputs: z.array(
      z.union([
        z.object({ imageId: Id }),
        z.object({
          path: z.string(),
          page: z.number().int().min(0),
          channelPages: z.array(z.number().int().min(0)).nullable(),
        }),
      ]),
    ),
  }),
  /** Scores a network on the validation images of its run, alone and as asked, and chooses its postProcessing there. */
  z.object({ type: z.literal('measure'), ...common, ...predicting }),
  /** What images look like as numbers: features of a network, or of the pictures themselves. */
  z.object({
    type: z.literal('features'),
    ...common,
    projectPath: z.string(),
    source: FeatureSource,
    imageIds: z.array(Id),
  }),
  /** Ends a run at the next step with a checkpoint, so that it can be resumed bit for bit. */
  z.object({ type: z.literal('stop') }),
  /** Ends a run at the next step as if it were the last: with its validation and test. */
  z.object({ type: z.literal('finish') }),
  /** Nothing more is asked: ends a process whose work is done. */
  z.object({ type: z.literal('end') }),
]);
export type TrainerRequest = z.infer<typeof TrainerRequest>;

/** What a trainer is asked to do: all but the words that end it. */
export type TrainerWork = Exclude<TrainerRequest, { type: 'stop' | 'finish' | 'end' }>;

const Measured = z.object({ classes: z.array(ClassOverlap), secondsPerImage: z.number() });

export const TrainerEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    engine: EngineInfo,
    layers: z.array(LayerState),
    /** 0, or the step of the checkpoint that the run resumes from. */
    firstStep: z.number().int(),
  }),
  z.object({
    type: z.literal('progress'),
    step: z.number().int(),
    /** Of the whole run, resumes included. */
    trainedSeconds: z.number(),
    peakMemoryBytes: z.number(),
  }),
  z.object({ type: z.literal('metrics'), points: z.array(MetricPoint) }),
  z.object({
    type: z.literal('checkpoint'),
    kind: CheckpointKind,
    step: z.number().int(),
    bytes: Bytes,
    /** Of the curves up to this step, what was not sent yet: stored with it in one go, so that a resume misses none. */
    points: z.array(MetricPoint).optional(),
  }),
  z.object({
    type: z.literal('result'),
    result: ImageResult,
    /** Run-length coded label map, for the best checkpoint. */
    prediction: Bytes.nullable(),
  }),
  /** Pictures of what a pretrained network answers on one of its images. */
  z.object({
    type: z.literal('example'),
    index: z.number().int(),
    example: z.object({
      imageId: Id,
      caption: z.string(),
      panels: z.array(z.object({ title: z.string(), png: Bytes })).readonly(),
    }),
  }),
  z.object({
    type: z.literal('calibrated'),
    engine: EngineInfo,
    msPerStep: z.number(),
    startupMs: z.number(),
    /** Of a test image, for one network; 0 where that was not asked for. */
    testMs: z.number(),
    peakMemoryBytes: z.number(),
  }),
  z.object({
    type: z.literal('prediction'),
    /** Index into the request's inputs. */
    index: z.number().int(),
    labelMap: Bytes.nullable(),
    /** shared/objects/object-map.ts code; null: the network does not tell objects apart, or there is none. */
    objects: Bytes.nullable(),
    /** Where they were asked for: encodeClassScores of shared/exchange.ts. */
    scores: Bytes.nullable(),
    /** LabelMapRevision.uncertainty; null where there is no label map. */
    uncertainty: z.number().nullable(),
    /** Of the image, not of the network; null where there is no label map. */
    channels: z.number().int().nullable(),
    /** Whether a file has transparency, which no network sees. */
    isTransparent: z.boolean(),
    /** Why there is no label map. */
    error: z.string().nullable(),
  }),
  /** How far a prediction of one image, or a measurement of several, is. */
  z.object({ type: z.literal('predicting'), done: z.number(), total: z.number() }),
  z.object({
    type: z.literal('measured'),
    images: z.number().int(),
    /** Labelled validation images that there is no memory for. */
    left: z.number().int(),
    /** The network alone, and as it was asked for: overlaps by class, and seconds an image. */
    plain: Measured,
    averaged: Measured,
    chosen: z.object({ rule: PostProcessing, classes: z.array(ClassOverlap) }),
  }),
  z.object({
    type: z.literal('features'),
    imageId: Id,
    /** null where the image cannot be read. */
    features: z
      .custom<Float32Array>((value) => value instanceof Float32Array, 'numbers expected')
      .nullable(),
    error: z.string().nullable(),
  }),
  z.object({ type: z.literal('log'), message: z.string() }),
  /** What whoever asked for a prediction should know of it. */
  z.object({ type: z.literal('note'), message: z.string() }),
  /** All that was asked is done; the process waits for the next request, or for `end`. */
  z.object({
    type: z.literal('done'),
    /** Replaces the `last` checkpoint of a run, in one go with its end: nothing can resume from it. null: it stays. */
    kept: Bytes.nullable(),
    /** Of a run that ended before its last step: there, and why. */
    early: z.object({ step: z.number().int(), why: EarlyEnd }).optional(),
  }),
  /** Stopped on request, after its checkpoint was sent; the process exits 0. */
  z.object({ type: z.literal('stopped'), step: z.number().int() }),
  z.object({ type: z.literal('failed'), error: WireError }),
]);
export type TrainerEvent = z.infer<typeof TrainerEvent>;
