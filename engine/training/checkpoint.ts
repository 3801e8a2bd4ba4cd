/**
 * Checkpoints as bytes: a header in JSON, float32 arrays, a SHA-256 over both. Self-contained: network, layer names
 * and shapes, seed and engine travel with the weights, so that a checkpoint can be resumed, transferred and used for
 * prediction without anything else.
 *
 * Layout: 'GRAFTCP1' | uint32 header length | header (UTF-8 JSON) | arrays in the header's order | SHA-256 (32 bytes).
 * Numbers are little-endian.
 */
import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import {
  EngineInfo,
  LayerState,
  NetworkConfig,
  PretrainingTask,
  SamplingConfig,
  WEIGHT_GROUPS,
} from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import {
  flatSizes,
  type FlatWeights,
  joinSpecs,
  type NetworkSpec,
  unflattenWeights,
  type Weights,
} from './network/parameters.ts';
import type { TrainingState } from './training-step.ts';

const MAGIC = 'GRAFTCP1';
const FORMAT_VERSION = 1;
const DIGEST_BYTES = 32;

const Layered = { layer: z.string(), group: z.enum(WEIGHT_GROUPS) };
const Spec = z.object({
  parameters: z
    .array(
      z.object({
        name: z.string(),
        ...Layered,
        shape: z.array(z.number().int().positive()).readonly(),
        kind: z.enum(['kernel', 'depthwise', 'bias', 'gamma', 'beta']),
      }),
    )
    .readonly(),
  statistics: z
    .array(
      z.object({
        ...Layered,
        channels: z.number().int().positive(),
        epsilon: z.number().positive().optional(),
      }),
    )
    .readonly(),
});

export const CheckpointHeader = z.object({
  formatVersion: z.number().int(),
  /** What the weights were trained for: a pretraining task, or fine-tuning. */
  objective: z.union([PretrainingTask, z.literal('finetune')]),
  network: NetworkConfig,
  sampling: SamplingConfig,
  /** Classes of a segmentation head, background included; null for other heads. */
  classes: z.number().int().nullable(),
  seed: z.number().int(),
  step: z.number().int(),
  /** Seconds of training up to here, resumes included. */
  trainedSeconds: z.number(),
  engine: EngineInfo,
  /** How the weights began. */
  layers: z.array(LayerState).readonly(),
  /** Highest validation score so far, and its step. */
  best: z.object({ step: z.number().int(), score: z.number() }).nullable(),
  trained: Spec,
  frozen: Spec,
});
export type CheckpointHeader = z.infer<typeof CheckpointHeader>;

const StoredHeader = CheckpointHeader.extend({
  arrays: z.array(z.object({ name: z.string(), length: z.number().int().min(0) })),
});

export interface TrainingCheckpoint {
  readonly header: Omit<CheckpointHeader, 'formatVersion'>;
  readonly trained: FlatWeights;
  readonly frozen: FlatWeights;
  /** Adam's moments; null in a checkpoint that is not for resuming. */
  readonly moments: Pick<TrainingState, 'm' | 'v'> | null;
  /** Weights of the best validation score; null where there is none, or where this is it. */
  readonly best: FlatWeights | null;
}

function assertLittleEndian(): void {
  if (endianness() !== 'LE') {
    throw new AppError('unsupported', 'Checkpoints need a little-endian processor.');
  }
}

const bytesOf = (array: Float32Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

export function encodeCheckpoint(checkpoint: TrainingCheckpoint): Uint8Array {
  assertLittleEndian();
  const { trained, frozen, moments, best } = checkpoint;
  const arrays: (readonly [name: string, values: Float32Array])[] = [
    ['theta', trained.theta],
    ['statistics', trained.statistics],
    ['frozenTheta', frozen.theta],
    ['frozenStatistics', frozen.statistics],
  ];
  if (moments !== null) arrays.push(['m', moments.m], ['v', moments.v]);
  if (best !== null) {
    arrays.push(['bestTheta', best.theta], ['bestStatistics', best.statistics]);
  }
  const header = Buffer.from(
    JSON.stringify({
      formatVersion: FORMAT_VERSION,
      ...checkpoint.header,
      arrays: arrays.map(([name, { length }]) => ({ name, length })),
    } satisfies z.infer<typeof StoredHeader>),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const parts = [
    Buffer.from(MAGIC),
    length,
    header,
    ...arrays.map(([, values]) => bytesOf(values)),
  ];
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return Buffer.concat([...parts, digest.digest()]);
}

const corrupt = (reason: string) =>
  new AppError(
    'corrupt',
    `A stored checkpoint is damaged (${reason}). Start the run again from the beginning.`,
  );

/** Errors: corrupt. */
function parsedHeader(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw corrupt('its header is not understood');
  }
}

/** Whether arrays are as long as the layers that the header names make them. */
const isAsLong = (spec: NetworkSpec, { theta, statistics }: FlatWeights): boolean =>
  isDeepStrictEqual(flatSizes(spec), { theta: theta.length, statistics: statistics.length });

/** Errors: corrupt, newer-version. */
export function decodeCheckpoint(bytes: Uint8Array): TrainingCheckpoint {
  assertLittleEndian();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < MAGIC.length + 4 + DIGEST_BYTES) throw corrupt('it is cut off');
  if (buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) throw corrupt('it has no header');
  const end = buffer.length - DIGEST_BYTES;
  const digest = createHash('sha256').update(buffer.subarray(0, end)).digest();
  if (!digest.equals(buffer.subarray(end))) throw corrupt('its checksum does not match');
  const headerAt = MAGIC.length + 4;
  const headerEnd = headerAt + buffer.readUInt32LE(MAGIC.length);
  const json = parsedHeader(buffer.toString('utf8', headerAt, headerEnd));
  const version = z.object({ formatVersion: z.number() }).safeParse(json);
  if (version.success && version.data.formatVersion > FORMAT_VERSION) {
    throw new AppError('newer-version', 'A checkpoint was written by a newer Graft. Update Graft.');
  }
  const parsed = StoredHeader.safeParse(json);
  if (!parsed.success) throw corrupt('its header is not understood');
  const { arrays, ...header } = parsed.data;

  const values = new Map<string, Float32Array>();
  let at = headerEnd;
  for (const { name, length } of arrays) {
    if (at + 4 * length > end) throw corrupt('its arrays are cut off');
    const array = new Float32Array(length);
    bytesOf(array).set(buffer.subarray(at, at + 4 * length)); // aligned, whatever the offset in the file
    values.set(name, array);
    at += 4 * length;
  }
  const required = (name: string) => {
    const array = values.get(name);
    if (array === undefined) throw corrupt(`it lacks ${name}`);
    return array;
  };
  const pair = (theta: string, statistics: string): FlatWeights => ({
    theta: required(theta),
    statistics: required(statistics),
  });
  if (at !== end) throw corrupt('it holds more than its header says');
  const checkpoint: TrainingCheckpoint = {
    header,
    trained: pair('theta', 'statistics'),
    frozen: pair('frozenTheta', 'frozenStatistics'),
    moments: values.has('m') ? { m: required('m'), v: required('v') } : null,
    best: values.has('bestTheta') ? pair('bestTheta', 'bestStatistics') : null,
  };
  const { trained, frozen, moments, best } = checkpoint;
  const isOfSize =
    isAsLong(header.trained, trained) &&
    isAsLong(header.frozen, frozen) &&
    (best === null || isAsLong(header.trained, best)) &&
    (moments === null ||
      [moments.m, moments.v].every(({ length }) => length === trained.theta.length));
  if (!isOfSize) throw corrupt('its arrays are not as long as its layers');
  return checkpoint;
}

/** All weights of a checkpoint, trained and frozen, by name. */
export function checkpointWeights(checkpoint: TrainingCheckpoint): {
  readonly spec: NetworkSpec;
  readonly weights: Weights;
} {
  const { header, trained, frozen } = checkpoint;
  const parts = [
    unflattenWeights(header.trained, trained),
    unflattenWeights(header.frozen, frozen),
  ];
  return {
    spec: joinSpecs(header.trained, header.frozen),
    weights: {
      parameters: new Map(parts.flatMap((part) => [...part.parameters])),
      statistics: new Map(parts.flatMap((part) => [...part.statistics])),
    },
  };
}

/** SHA-256 of all weights of a checkpoint, and of nothing else: equal weights, equal hash, whenever and wherever they were made. */
export function weightsHash({ trained, frozen }: TrainingCheckpoint): string {
  const digest = createHash('sha256');
  for (const { theta, statistics } of [trained, frozen]) {
    digest.update(bytesOf(theta)).update(bytesOf(statistics));
  }
  return digest.digest('hex');
}
