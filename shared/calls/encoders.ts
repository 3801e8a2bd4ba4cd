/** Encoders: pretrained, brought in, written out. */
import { z } from 'zod';
import {
  type Encoder,
  Id,
  NetworkConfig,
  OptimisationConfig,
  PretrainingOptions,
  PretrainingTask,
  type Run,
  SamplingConfig,
  type WeightFileReport,
} from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath, Name } from '../limits.ts';
import { project } from './project.ts';

/**
 * graft: safetensors that Graft reads back; keras: a model as HDF5; onnx: for inference anywhere; bioimage: that with what
 * bioimage.io wants of it, as one zip.
 */
export const MODEL_FORMATS = ['graft', 'keras', 'onnx', 'bioimage'] as const;
/** An encoder gives features, which bioimage.io has no word for. */
export const ENCODER_FORMATS = ['graft', 'keras', 'onnx'] as const;
export const ModelFormat = z.enum(MODEL_FORMATS);
export type ModelFormat = z.infer<typeof ModelFormat>;

/** What a file says of its model to people elsewhere. */
export const ModelAbout = z.object({
  /** null: the number of its run. */
  name: Name.nullable().default(null),
  authors: z.array(z.string().min(1).max(200)).max(100).default([]),
  /** As https://spdx.org/licenses calls it. */
  licence: z
    .string()
    .regex(/^[A-Za-z0-9.+-]{2,40}$/, 'Give the licence as SPDX calls it, such as CC-BY-4.0.')
    .nullable()
    .default(null),
});
export type ModelAbout = z.infer<typeof ModelAbout>;

/**
 * auto: what the family of the file was trained with (ImageNet mean and deviation for torchvision and timm, −1 … 1 for
 * Keras' MobileNetV2); none: [0, 1] as it is; caffe: BGR, ImageNet mean, 0 … 255.
 */
export const PREPROCESSINGS = ['auto', 'none', 'imagenet', 'tf', 'caffe'] as const;
const PreprocessingName = z.enum(PREPROCESSINGS);
export type PreprocessingName = z.infer<typeof PreprocessingName>;

const WeightSource = {
  /** A weight file: .pth, .pt, safetensors, .h5, .weights.h5 or .keras. */
  path: FilePath,
  preprocessing: PreprocessingName.default('auto'),
  /** Decoder that the encoder is to be used with, for what the file does not say. */
  network: z.object({ base: z.number().int().min(2).max(128).default(8) }).prefault({}),
};

export const encodersCalls = {
  'encoders.list': z.object({ project }),
  'encoders.update': z.object({ project, encoderId: Id, notes: z.string().max(10_000) }),
  /** What a weight file holds, layer by layer, without importing it. */
  'encoders.inspect': z.object(WeightSource),
  /** Stores the weights of a file as an encoder. Nothing is stored where a layer does not fit. */
  'encoders.import': z.object({
    project,
    ...WeightSource,
    /** null: after the file. */
    name: Name.nullable().default(null),
  }),
  /** Writes an encoder (without a head) to a file; refuses to replace one. */
  'encoders.export': z.object({
    project,
    encoderId: Id,
    format: z.enum(ENCODER_FORMATS),
    path: FilePath,
  }),
  /** Takes an imported encoder out of the project; one that a run refers to stays. */
  'encoders.delete': z.object({ project, encoderId: Id }),
  /** Queues one pretraining outside a study. */
  'encoders.pretrain': z.object({
    project,
    datasetId: Id,
    task: PretrainingTask,
    network: NetworkConfig,
    sampling: SamplingConfig,
    optimisation: OptimisationConfig,
    options: PretrainingOptions.prefault({}),
    seed: z.number().int().min(0).default(0),
  }),
} satisfies Record<string, z.ZodType>;

export const encodersChanges = {
  'encoders.update': ['encoders'],
  'encoders.import': ['encoders'],
  'encoders.delete': ['encoders', 'runs'],
  'encoders.pretrain': ['runs'],
} as const satisfies Partial<Record<keyof typeof encodersCalls, readonly ChangedKind[]>>;

/** What reading a weight file found. */
export interface WeightInspection extends WeightFileReport {
  readonly network: NetworkConfig;
  /** Why it cannot be imported; null where it can. */
  readonly obstacle: string | null;
}

export interface ExportedModel {
  readonly path: string;
  readonly bytes: number;
  /** Inputs and outputs, and what a user of the file must know, in words. */
  readonly notes: readonly string[];
}

export interface EncodersOutputs {
  'encoders.list': Encoder[];
  'encoders.update': Encoder;
  'encoders.inspect': WeightInspection;
  'encoders.import': Encoder;
  'encoders.export': ExportedModel;
  'encoders.delete': null;
  'encoders.pretrain': Run;
}
