/**
 * From a weight file to weights of a network of ours, with a report layer by layer. Recognises files by their contents.
 * A layer that the encoder needs and the file does not hold, or holds in another shape, is an obstacle: nothing is ever
 * left random in silence.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ImportedLayer, NetworkConfig, WeightFileReport } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { filterSpec, joinSpecs, type NetworkSpec, type Weights } from '../parameters.ts';
import { decoderSpec, encoderSpec } from '../unet.ts';
import { decodeNetwork, isNetworkFile } from './network-file.ts';
import { readSafetensors } from './safetensors.ts';

export interface ImportedWeights {
  readonly network: NetworkConfig;
  /** What was loaded: the encoder, and the decoder where the file has it. Heads never. */
  readonly spec: NetworkSpec;
  readonly weights: Weights;
  readonly report: WeightFileReport;
  /** Why it cannot be used; null where it can. */
  readonly obstacle: AppError | null;
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

function ownFile(
  bytes: Buffer,
  subject: string,
): Omit<ImportedWeights, 'report'> & Pick<WeightFileReport, 'layers' | 'unused'> {
  const stored = decodeNetwork(bytes, subject);
  const isHead = ({ group }: { group: string }) => group === 'head';
  const spec = filterSpec(stored.spec, (layer) => !isHead(layer));
  const held = new Set(spec.parameters.map((p) => p.layer));
  const whole = joinSpecs(encoderSpec(stored.network), decoderSpec(stored.network));
  const layers = layerReport(whole, (layer) =>
    held.has(layer)
      ? { state: 'loaded', source: layer, problem: null }
      : { state: 'random', source: null, problem: null },
  );
  const missing = layers.find((l) => l.group === 'encoder' && l.state !== 'loaded');
  return {
    network: stored.network,
    spec,
    weights: stored.weights,
    layers,
    unused: stored.spec.parameters.filter(isHead).map((p) => p.name),
    obstacle:
      missing === undefined
        ? null
        : new AppError('invalid-input', `${subject} lacks ${missing.layer} of the encoder.`, {
            subject: missing.layer,
          }),
  };
}

/**
 * Errors: unreadable; corrupt (cut off, damaged); unsupported (pickles and other files that hold no weights);
 * newer-version.
 */
export async function readWeightFile(path: string): Promise<ImportedWeights> {
  const bytes = await readBytes(path);
  const file = basename(path);
  if (!looksLikeSafetensors(bytes) || !isNetworkFile(readSafetensors(bytes, file).metadata)) {
    throw new AppError('unsupported', `${file} is not a network file of Graft.`, { subject: file });
  }
  const { layers, unused, ...imported } = ownFile(bytes, file);
  const notFinite = firstNotFinite(imported.weights);
  return {
    ...imported,
    report: {
      file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      naming: 'graft',
      layers,
      unused,
      notes: [],
    },
    obstacle:
      imported.obstacle ??
      (notFinite === undefined
        ? null
        : new AppError(
            'invalid-input',
            `${file}: ${notFinite} holds values that are not numbers. The network that it was saved from had diverged; use an earlier one.`,
            { subject: notFinite },
          )),
  };
}
