/**
 * A segmentation network as bioimage.io wants it: one zip with the ONNX model, what it is (`rdf.yaml`, model description
 * 0.5.7), a test input and the output that onnxruntime computes of it.
 * https://github.com/bioimage-io/spec-bioimage-io, src/bioimageio/spec/model/v0_5.py. Required there: format_version, type,
 * name, inputs and outputs (id, axes, test_tensor, data), weights; wanted of what is uploaded: description, authors, licence,
 * citation, documentation with a section on validation.
 */
import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';
import type { ModelAbout } from '../../../shared/api.ts';
import type { NetworkConfig, SamplingConfig } from '../../../shared/entities.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { createRandom } from '../../../shared/random.ts';
import { encodeNpy } from '../../data/npy.ts';
import { inputStep } from '../network/unet.ts';
import { OPSET } from './onnx-model.ts';

const FORMAT_VERSION = '0.5.7';
const INPUT = 'image';
const OUTPUT = 'probabilities';
/** Of the test image, at least: small files, and every level still has pixels. */
const TEST_SIDE_PX = 64;
const MOST_NAME = 128;

type Yaml = string | number | readonly Yaml[] | { readonly [key: string]: Yaml };

/** Block style; text is quoted as JSON, which YAML reads. */
function yaml(value: Yaml, indent = ''): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return String(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    const items = (value as readonly Yaml[]).map(
      (item) => `\n${indent}- ${yaml(item, deeper).trimStart()}`,
    );
    return items.length === 0 ? '[]' : items.join('');
  }
  return Object.entries(value)
    .map(([key, one]) => {
      const text = yaml(one, deeper);
      return `\n${indent}${key}:${text.startsWith('\n') ? '' : ' '}${text}`;
    })
    .join('');
}

/** Letters, digits, blanks and a few signs: more bioimage.io does not take in a name. */
const bioimageName = (name: string): string =>
  name
    .replaceAll(/[^\p{L}\p{N}_+\- ()]/gu, ' ')
    .trim()
    .slice(0, MOST_NAME) || 'model';

interface Tested {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Errors: engine-unavailable, where onnxruntime cannot be loaded. */
async function answerOf(model: Uint8Array, input: Tested): Promise<Tested> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node').catch((error: unknown) => {
    throw new AppError(
      'engine-unavailable',
      `The test output needs onnxruntime, which could not be loaded on this computer (${messageOf(error)}). Export with --format onnx.`,
    );
  });
  const session = await InferenceSession.create(model, { logSeverityLevel: 4 });
  try {
    const feeds = { [INPUT]: new Tensor('float32', input.data, input.shape) };
    const { [OUTPUT]: output } = await session.run(feeds);
    if (!(output?.data instanceof Float32Array))
      throw new Error('the model gives no probabilities');
    return { shape: output.dims, data: output.data };
  } finally {
    await session.release();
  }
}

export interface BioimageOptions {
  readonly network: NetworkConfig;
  readonly sampling: SamplingConfig | null;
  /** onnx-model.ts' segmentation network. */
  readonly model: Uint8Array;
  readonly classes: readonly string[];
  readonly about: ModelAbout & { readonly name: string };
  /** When it is written. */
  readonly at: Date;
}

/** Errors: engine-unavailable. */
export async function bioimageModel(options: BioimageOptions): Promise<Uint8Array> {
  const { network, model, classes, about, at } = options;
  const step = inputStep(network);
  const side = Math.ceil(TEST_SIDE_PX / step) * step;
  const { inputChannels } = network;
  const random = createRandom(1, 'bioimage test input');
  const shape = [1, inputChannels, side, side];
  const input = {
    shape,
    data: Float32Array.from({ length: inputChannels * side * side }, () => random.uniform(0, 1)),
  };
  const output = await answerOf(model, input);
  const files: Record<string, Uint8Array> = {
    'weights.onnx': model,
    'test_input.npy': encodeNpy(input),
    'test_output.npy': encodeNpy(output),
    'README.md': strToU8(readme(options)),
  };
  const source = (name: string): Yaml => ({
    source: name,
    sha256: createHash('sha256')
      .update(files[name] ?? '')
      .digest('hex'),
  });
  const channels = (names: readonly string[]): Yaml => ({ type: 'channel', channel_names: names });
  const data = { type: 'float32', range: [0, 1] };
  const space = (id: string, size: Yaml): Yaml => ({ type: 'space', id, size });
  const description: Yaml = {
    format_version: FORMAT_VERSION,
    type: 'model',
    name: bioimageName(about.name),
    description: `A U-Net trained with Graft that tells ${classes.join(', ')} apart.`.slice(
      0,
      1024,
    ),
    ...(about.authors.length === 0 ? {} : { authors: about.authors.map((name) => ({ name })) }),
    ...(about.licence === null ? {} : { license: about.licence }),
    documentation: 'README.md',
    tags: ['semantic-segmentation', 'unet', '2d'],
    timestamp: at.toISOString(),
    inputs: [
      {
        id: INPUT,
        description: 'values in 0 … 1: integers divided by the largest of their type',
        axes: [
          { type: 'batch' },
          channels(Array.from({ length: inputChannels }, (_, i) => `channel${i + 1}`)),
          ...['y', 'x'].map((id) => space(id, { min: step, step })),
        ],
        test_tensor: source('test_input.npy'),
        data,
      },
    ],
    outputs: [
      {
        id: OUTPUT,
        description: `probability of each class: ${classes.join(', ')}`.slice(0, 128),
        axes: [
          { type: 'batch' },
          channels(identifiers(classes)),
          ...['y', 'x'].map((id) => space(id, { tensor_id: INPUT, axis_id: id })),
        ],
        test_tensor: source('test_output.npy'),
        data,
      },
    ],
    weights: { onnx: { ...(source('weights.onnx') as object), opset_version: OPSET } },
  };
  files['rdf.yaml'] = strToU8(`${yaml(description).trimStart()}\n`);
  return zipSync(files, { level: 6, mtime: at });
}

/** Words of Python that are no names there. */
const KEYWORDS = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);

/** Names of classes as names of Python: what channels are called there. Each is another. */
function identifiers(classes: readonly string[]): string[] {
  const used = new Set<string>();
  return classes.map((name, index) => {
    const plain = name
      .normalize('NFKD')
      .replaceAll(/[^A-Za-z0-9]+/g, '_')
      .replaceAll(/^_+|_+$/g, '');
    const isFree = /^[A-Za-z]/.test(plain) && !KEYWORDS.has(plain);
    const own = isFree ? plain : `class_${index}`;
    let free = used.has(own) ? `${own}_${index}` : own;
    while (used.has(free)) free += '_';
    used.add(free);
    return free;
  });
}

function readme({ network, sampling, classes, about }: BioimageOptions): string {
  const size = sampling === null ? '' : ` It was trained on inputs of ${sampling.sizePx} px.`;
  return `# ${bioimageName(about.name)}

A U-Net for semantic segmentation, trained with Graft. Input: ${network.inputChannels} channel(s) with values in 0 … 1 (8-bit images divided by 255, 16-bit images by 65535); preprocessing is inside the model.${size} Output: the probability of each class, in this order: ${classes.join(', ')}.

The test input is noise that was made for the purpose, and no image of the training; the test output is what onnxruntime computes of it.

## Validation

Predict labelled images that the model has not seen, take the class of the highest probability at each pixel, and compute Dice by class over images. Graft does so on images that it keeps from training.
`;
}
