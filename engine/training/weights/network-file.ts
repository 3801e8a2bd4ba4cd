/**
 * Graft's own network file: safetensors whose metadata say which network the weights belong to, so that it is complete
 * by itself and readable elsewhere. Parameters go by their names here ('encoder/level1/conv1/kernel', kernels as
 * [height, width, in, out]), running statistics as 'layer/mean' and 'layer/variance'.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { NetworkConfig, SamplingConfig } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import {
  filterSpec,
  headLayer,
  joinSpecs,
  type NetworkSpec,
  sameShape,
  shapeWords,
  type Weights,
} from '../network/parameters.ts';
import { decoderSpec, encoderSpec } from '../network/unet.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import type { StoredTensor } from './stored-tensor.ts';

const FORMAT_VERSION = 1;
const METADATA_KEY = 'graft';

const Description = z.object({
  formatVersion: z.number().int(),
  network: NetworkConfig,
  /** Of a segmentation head, background first; null where there is none. */
  classes: z.array(z.string()).nullable(),
  sampling: SamplingConfig.nullable(),
  /** SHA-256 over names, shapes and values; null where others may change them. */
  sha256: z.string().nullable(),
});

export interface StoredNetwork {
  readonly network: NetworkConfig;
  readonly classes: readonly string[] | null;
  readonly sampling: SamplingConfig | null;
  readonly spec: NetworkSpec;
  readonly weights: Weights;
}

function digestOf(tensors: ReadonlyMap<string, StoredTensor>): string {
  const digest = createHash('sha256');
  for (const [name, { shape, values }] of tensors) {
    digest.update(`${name} ${shape.join('×')}\n`);
    digest.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return digest.digest('hex');
}

export function encodeNetwork(stored: StoredNetwork): Uint8Array {
  const { network, classes, sampling, spec, weights } = stored;
  const tensors = new Map<string, StoredTensor>();
  const valuesOf = (map: ReadonlyMap<string, Float32Array>, key: string) => {
    const values = map.get(key);
    if (values === undefined) throw new Error(`there are no weights of ${key}`);
    return values;
  };
  for (const { name, shape } of spec.parameters) {
    tensors.set(name, { shape, values: valuesOf(weights.parameters, name) });
  }
  for (const { layer, channels } of spec.statistics) {
    const both = valuesOf(weights.statistics, layer);
    tensors.set(`${layer}/mean`, { shape: [channels], values: both.slice(0, channels) });
    tensors.set(`${layer}/variance`, { shape: [channels], values: both.slice(channels) });
  }
  const description = {
    formatVersion: FORMAT_VERSION,
    network,
    classes: classes === null ? null : [...classes],
    sampling,
    sha256: digestOf(tensors),
  } satisfies z.infer<typeof Description>;
  return writeSafetensors({
    tensors,
    metadata: { format: 'tf', [METADATA_KEY]: JSON.stringify(description) },
  });
}

/** Whether safetensors metadata are those of a Graft network file. */
export const isNetworkFile = (metadata: Readonly<Record<string, string>>) =>
  METADATA_KEY in metadata;

/** Layers of heads are not part of a network's configuration: taken from the file as they are. */
function headSpec(tensors: ReadonlyMap<string, StoredTensor>): NetworkSpec {
  const heads = [...tensors].filter(
    ([name]) => name.startsWith('head/') && name.endsWith('/kernel'),
  );
  return joinSpecs(
    ...heads.map(([name, { shape }]) => headLayer(name.slice(0, -'/kernel'.length), shape)),
  );
}

/** Errors: corrupt, newer-version. */
function readDescription(text: string | undefined, subject: string): z.infer<typeof Description> {
  let json: unknown;
  try {
    json = JSON.parse(text ?? 'null');
  } catch {
    json = null;
  }
  const version = z.object({ formatVersion: z.number() }).safeParse(json);
  if (version.success && version.data.formatVersion > FORMAT_VERSION) {
    throw new AppError('newer-version', `${subject} was written by a newer Graft. Update Graft.`, {
      subject,
    });
  }
  const description = Description.safeParse(json);
  if (!description.success) {
    throw new AppError('corrupt', `${subject} does not say which network it holds.`, { subject });
  }
  return description.data;
}

/** Errors: corrupt, newer-version, unsupported, invalid-input (a layer that does not fit, with its name). */
export function decodeNetwork(bytes: Uint8Array, subject: string): StoredNetwork {
  const { tensors, metadata } = readSafetensors(bytes, subject);
  const description = readDescription(metadata[METADATA_KEY], subject);
  if (digestOf(tensors) !== description.sha256) {
    throw new AppError(
      'corrupt',
      `${subject} is damaged: its checksum does not match. Export it again.`,
      { subject },
    );
  }
  return assemble(description, tensors, subject);
}

/** What a Keras model of ours says of itself, in an attribute of its file. */
export const describeNetwork = (
  stored: Pick<StoredNetwork, 'network' | 'classes' | 'sampling'>,
): string =>
  JSON.stringify({
    formatVersion: FORMAT_VERSION,
    network: stored.network,
    classes: stored.classes === null ? null : [...stored.classes],
    sampling: stored.sampling,
    sha256: null,
  } satisfies z.infer<typeof Description>);

/**
 * The network of a file that says what it is by describeNetwork. `tensorsOf`: its tensors by our names.
 * Errors: corrupt, newer-version, invalid-input (a layer that does not fit, with its name).
 */
export function describedNetwork(
  text: string,
  tensorsOf: (network: NetworkConfig) => ReadonlyMap<string, StoredTensor>,
  subject: string,
): StoredNetwork {
  const description = readDescription(text, subject);
  return assemble(description, tensorsOf(description.network), subject);
}

/** Errors: invalid-input (a layer that does not fit, with its name). */
function assemble(
  { network, classes, sampling }: z.infer<typeof Description>,
  tensors: ReadonlyMap<string, StoredTensor>,
  subject: string,
): StoredNetwork {
  const parameters = new Map<string, Float32Array>();
  const statistics = new Map<string, Float32Array>();
  const held = new Set([...tensors.keys()].map((name) => name.slice(0, name.lastIndexOf('/'))));
  const whole = joinSpecs(encoderSpec(network), decoderSpec(network), headSpec(tensors));
  const spec = filterSpec(whole, ({ layer }) => held.has(layer));
  const take = (name: string, shape: readonly number[], layer: string) => {
    const tensor = tensors.get(name);
    if (tensor !== undefined && sameShape(tensor.shape, shape)) return tensor.values;
    throw new AppError(
      'invalid-input',
      `${subject}: ${name} is ${shapeWords(tensor?.shape)}, and the network that the file describes needs ${shapeWords(shape)}.`,
      { subject: layer },
    );
  };
  for (const { name, shape, layer } of spec.parameters) {
    parameters.set(name, take(name, shape, layer));
  }
  for (const { layer, channels } of spec.statistics) {
    const both = new Float32Array(2 * channels);
    both.set(take(`${layer}/mean`, [channels], layer));
    both.set(take(`${layer}/variance`, [channels], layer), channels);
    statistics.set(layer, both);
  }
  return { network, classes, sampling, spec, weights: { parameters, statistics } };
}
