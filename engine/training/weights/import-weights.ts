/**
 * From a weight file to weights of a network of ours, with a report layer by layer. Recognises files by their contents.
 * A layer that the encoder needs and the file does not hold, or holds in another shape, is an obstacle: nothing is ever
 * left random in silence.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { PreprocessingName } from '../../../shared/api.ts';
import type { ImportedLayer, NetworkConfig, WeightFileReport } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { filterSpec, joinSpecs, type NetworkSpec, type Weights } from '../network/parameters.ts';
import { decoderSpec, encoderSpec } from '../network/unet.ts';
import { convertWeights, type ForeignFile } from './foreign-weights.ts';
import { looksLikeHdf5, readKerasFile } from './keras-file.ts';
import { fromKerasNames } from './keras-model.ts';
import {
  decodeNetwork,
  describedNetwork,
  isNetworkFile,
  type StoredNetwork,
} from './network-file.ts';
import { readSafetensors } from './safetensors.ts';
import { recogniseNetwork } from './source-names.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { isTorchStream, isTorchZip, readTorchFile } from './torch-file.ts';
import { entryNames, looksLikeZip } from './zip-entries.ts';

export interface ImportedWeights {
  readonly network: NetworkConfig;
  /** What was loaded: the encoder, and the decoder where the file has it. Heads never. */
  readonly spec: NetworkSpec;
  readonly weights: Weights;
  readonly report: WeightFileReport;
  /** Why it cannot be used; null where it can. */
  readonly obstacle: AppError | null;
}

export interface ImportOptions {
  readonly preprocessing: PreprocessingName;
  /** Channels of the first level of the decoder that a foreign encoder will be used with. */
  readonly base: number;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new AppError('unreadable', `${path} cannot be read (${reason}). Check the path.`, {
      subject: path,
      cause: error,
    });
  }
}

/** JSON begins right behind the header length of safetensors. */
const looksLikeSafetensors = (bytes: Buffer) => bytes.length > 9 && bytes[8] === 0x7b;

/** Layers of the whole U-Net, with what the file gave for each. */
function layerReport(
  whole: NetworkSpec,
  stateOf: (layer: string) => Pick<ImportedLayer, 'state' | 'source' | 'problem'>,
): ImportedLayer[] {
  const layers = new Map(whole.parameters.toReversed().map((p) => [p.layer, p]));
  return [...layers.values()]
    .toReversed()
    .map(({ layer, group, shape }) => ({ layer, group, shape: [...shape], ...stateOf(layer) }));
}

/** The first entry of either map that holds something else than a finite number. */
function firstNotFinite({ parameters, statistics }: Weights): string | undefined {
  for (const [name, values] of [...parameters, ...statistics]) {
    if (!values.every(Number.isFinite)) return name;
  }
  return undefined;
}

type Reading = Omit<ImportedWeights, 'report'> &
  Pick<WeightFileReport, 'layers' | 'unused' | 'notes' | 'naming'>;

const wholeSpec = (network: NetworkConfig) => joinSpecs(encoderSpec(network), decoderSpec(network));

function obstacleAmong(layers: readonly ImportedLayer[], subject: string): AppError | null {
  const first = layers.find(({ group, state }) => group === 'encoder' && state !== 'loaded');
  if (first === undefined) return null;
  return new AppError(
    'invalid-input',
    `${subject} does not fit: ${first.layer}: ${first.problem ?? 'the file does not hold it'}. Nothing was imported.`,
    { subject: first.layer },
  );
}

/** A Keras model that Graft wrote. */
function ownKerasModel(
  description: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  subject: string,
): Reading {
  const tensorsOf = (network: NetworkConfig) => fromKerasNames(wholeSpec(network), tensors);
  return ownNetwork(describedNetwork(description, tensorsOf, subject), subject);
}

function ownNetwork(stored: StoredNetwork, subject: string): Reading {
  const isHead = ({ group }: { group: string }) => group === 'head';
  const spec = filterSpec(stored.spec, (layer) => !isHead(layer));
  const held = new Set(spec.parameters.map((p) => p.layer));
  const notFinite = firstNotFinite(stored.weights);
  const layers = layerReport(wholeSpec(stored.network), (layer) => {
    if (!held.has(layer)) return { state: 'random', source: null, problem: null };
    return notFinite?.startsWith(`${layer}/`) === true || notFinite === layer
      ? {
          state: 'mismatch',
          source: layer,
          problem: `${notFinite} holds values that are not numbers`,
        }
      : { state: 'loaded', source: layer, problem: null };
  });
  return {
    naming: 'graft',
    network: stored.network,
    spec,
    weights: stored.weights,
    layers,
    unused: stored.spec.parameters.filter(isHead).map((p) => p.name),
    notes: [],
    obstacle: obstacleAmong(layers, subject),
  };
}

/** `notes`: what reading the file had to say. */
function foreignFile(
  file: ForeignFile & { readonly notes?: readonly string[] },
  options: ImportOptions,
): Reading {
  const { subject, tensors, notes = [] } = file;
  const recognised = recogniseNetwork(new Set(tensors.keys()), subject);
  const { states, ...converted } = convertWeights(file, recognised, options);
  const layers = layerReport(
    wholeSpec(converted.network),
    (layer) => states.get(layer) ?? { state: 'random', source: null, problem: null },
  );
  return {
    ...converted,
    naming: recognised.naming,
    unused: [...converted.unused],
    notes: [...notes, ...converted.notes],
    layers,
    obstacle: obstacleAmong(layers, subject),
  };
}

/** Bare pickles, PyTorch's streams of old among them. */
const isPickle = (bytes: Buffer) => bytes[0] === 0x80 && (bytes[1] ?? 0) <= 5;
const isNumPy = (bytes: Buffer) => bytes.toString('latin1', 0, 6) === '\u0093NUMPY';

/** null: damaged, as its reader will say. */
function namesOf(zip: Buffer): string[] | null {
  try {
    return entryNames(zip);
  } catch {
    return null;
  }
}

const barePickle = (subject: string) =>
  new AppError(
    'unsupported',
    `${subject} is a pickle, but not a file of PyTorch: reading it would run whatever code it carries, so Graft does not. Save the weights with torch.save(model.state_dict(), "weights.pth"), or as safetensors.`,
    { subject },
  );

async function read(bytes: Buffer, subject: string, options: ImportOptions): Promise<Reading> {
  const names = looksLikeZip(bytes) ? namesOf(bytes) : null;
  if (isTorchStream(bytes) || (names !== null && isTorchZip(names))) {
    const file = readTorchFile(bytes, { subject, names });
    return foreignFile({ subject, ...file, epsilons: new Map() }, options);
  }
  if (isPickle(bytes)) throw barePickle(subject);
  if (looksLikeZip(bytes) || looksLikeHdf5(bytes)) {
    const { description, ...file } = await readKerasFile(bytes, subject);
    return description === null
      ? foreignFile({ subject, ...file }, options)
      : ownKerasModel(description, file.tensors, subject);
  }
  if (looksLikeSafetensors(bytes)) {
    const { tensors, metadata } = readSafetensors(bytes, subject);
    if (isNetworkFile(metadata)) return ownNetwork(decodeNetwork(bytes, subject), subject);
    return foreignFile({ subject, tensors, epsilons: new Map() }, options);
  }
  const why = isNumPy(bytes)
    ? 'a NumPy array without names of layers'
    : 'neither safetensors nor a file of PyTorch or Keras';
  throw new AppError(
    'unsupported',
    `${subject} is ${why}, or it is cut off. Give weights as .pth, .pt or safetensors (torchvision or timm names), Keras .h5, .weights.h5 or .keras, or an export of Graft.`,
    { subject },
  );
}

/**
 * Errors: unreadable; corrupt (cut off, damaged); unsupported (pickles that hold more than tensors, other networks, files that hold no weights);
 * newer-version; invalid-input (preprocessing that cannot be).
 */
export async function readWeightFile(
  path: string,
  options: ImportOptions,
): Promise<ImportedWeights> {
  const bytes = await readBytes(path);
  const file = basename(path);
  const { layers, unused, notes, naming, ...imported } = await read(bytes, file, options);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...imported, report: { file, sha256, naming, layers, unused, notes } };
}
