/**
 * Weights of torchvision, timm and Keras as weights of our encoders: layouts, ε and biases of batch normalisation,
 * channel order. Every conversion leaves the function that the network computes as it was.
 */
import type { PreprocessingName } from '../../../shared/api.ts';
import { type ImportedLayer, NetworkConfig, type Preprocessing } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import {
  type NetworkSpec,
  type ParameterSpec,
  sameShape,
  shapeWords,
  type Weights,
} from '../network/parameters.ts';
import { encoderSpec } from '../network/unet.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { type RecognisedNetwork, sourceLayers } from './source-names.ts';

export interface ForeignFile {
  readonly subject: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** ε by layer of the file, where it tells. */
  readonly epsilons: ReadonlyMap<string, number>;
}

/** In [0, 1] and RGB: torchvision's and timm's ImageNet constants; Keras' modes `tf` and `caffe`. */
const PREPROCESSINGS: Readonly<Record<'imagenet' | 'tf' | 'caffe', Preprocessing>> = {
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  tf: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
  caffe: {
    mean: [123.68 / 255, 116.779 / 255, 103.939 / 255],
    deviation: [1 / 255, 1 / 255, 1 / 255],
  },
};

const COLOURS = 3;

type State = Pick<ImportedLayer, 'state' | 'source' | 'problem'>;

/** The shape that a kernel of ours has in a file: [out, in, h, w] in PyTorch, ours in Keras. */
function fileShape(naming: RecognisedNetwork['naming'], { shape, kind }: ParameterSpec) {
  const [height = 1, width = 1, input = 1, output = 1] = shape;
  if (naming === 'keras') return shape;
  return kind === 'depthwise' ? [input, 1, height, width] : [output, input, height, width];
}

/** [out, in, h, w] → [h, w, in, out]; for depthwise kernels the one input takes the place of the one output. */
function fromTorchKernel({ shape, values }: StoredTensor): Float32Array {
  const [outputs = 1, inputs = 1, height = 1, width = 1] = shape;
  const pixels = height * width;
  const out = new Float32Array(values.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let p = 0; p < pixels; p++) {
        out[(p * inputs + i) * outputs + o] = values[(o * inputs + i) * pixels + p] ?? 0;
      }
    }
  }
  return out;
}

/** Input channels of a kernel [h, w, in, out] in reverse: what saw BGR sees RGB. */
function withReversedInputs(
  kernel: Float32Array,
  [, , inputs = 1, outputs = 1]: readonly number[],
) {
  const out = new Float32Array(kernel.length);
  for (let at = 0; at < kernel.length; at++) {
    const rest = at % outputs;
    const input = Math.floor(at / outputs) % inputs;
    const pixel = Math.floor(at / (outputs * inputs));
    out[(pixel * inputs + (inputs - 1 - input)) * outputs + rest] = kernel[at] ?? 0;
  }
  return out;
}

const VARIABLES = {
  torch: {
    kernel: 'weight',
    bias: 'bias',
    gamma: 'weight',
    beta: 'bias',
    mean: 'running_mean',
    variance: 'running_var',
    separator: '.',
  },
  keras: {
    kernel: 'kernel',
    bias: 'bias',
    gamma: 'gamma',
    beta: 'beta',
    mean: 'moving_mean',
    variance: 'moving_variance',
    separator: '/',
  },
} as const;

const PUBLISHED_WIDTHS = [1, 0.75, 0.5, 0.35, 1.4, 1.3, 1.1, 1.2];

/** The width at which all kernels of our encoder have the shapes of the file; 1 where none does. */
function widthOf(
  recognised: RecognisedNetwork,
  inputChannels: number,
  tensors: ForeignFile['tensors'],
): number {
  const { naming, encoder } = recognised;
  const { kernel, separator } = VARIABLES[naming === 'keras' ? 'keras' : 'torch'];
  const finer = Array.from({ length: 391 }, (_, i) => (10 + 2 * i) / 400); // to the 1/200 … 2
  const candidates = [...PUBLISHED_WIDTHS, 1 / 16, 1 / 8, ...finer.filter((w) => w >= 0.05)];
  const fits = (encoderWidth: number) =>
    encoderSpec(NetworkConfig.parse({ encoder, encoderWidth, inputChannels })).parameters.every(
      (p) => {
        if (p.kind !== 'kernel' && p.kind !== 'depthwise') return true;
        const name = sourceLayers(recognised, p.layer).convolution + separator + kernel;
        return sameShape(tensors.get(name)?.shape ?? [], fileShape(naming, p));
      },
    );
  return candidates.find(fits) ?? 1;
}

function preprocessingOf(
  wish: PreprocessingName,
  recognised: RecognisedNetwork,
  inputChannels: number,
): { name: Exclude<PreprocessingName, 'auto'>; value: Preprocessing | null } {
  const name = wish === 'auto' ? recognised.preprocessing : wish;
  if (name === 'none') return { name, value: null };
  if (inputChannels === COLOURS) return { name, value: PREPROCESSINGS[name] };
  if (wish === 'auto') return { name: 'none', value: null };
  throw new AppError(
    'invalid-input',
    `Preprocessing "${name}" is for three channels, and this network takes ${inputChannels}. Choose none.`,
    { subject: 'preprocessing' },
  );
}

export interface ConvertedWeights {
  readonly network: NetworkConfig;
  readonly spec: NetworkSpec;
  readonly weights: Weights;
  /** Of the encoder's layers. */
  readonly states: ReadonlyMap<string, State>;
  readonly unused: readonly string[];
  readonly notes: readonly string[];
}

/** Errors: invalid-input, for preprocessing that cannot be; layers that do not fit are in `states`. */
export function convertWeights(
  file: ForeignFile,
  recognised: RecognisedNetwork,
  options: { readonly preprocessing: PreprocessingName; readonly base: number },
): ConvertedWeights {
  const { tensors, epsilons } = file;
  const { naming, encoder, padding } = recognised;
  const variables = VARIABLES[naming === 'keras' ? 'keras' : 'torch'];
  const stem = tensors.get(
    sourceLayers(recognised, 'encoder/stem').convolution + variables.separator + variables.kernel,
  );
  const inputChannels = stem?.shape[naming === 'keras' ? 2 : 1] ?? COLOURS;
  const epsilonOfLayer = (layer: string) =>
    epsilons.get(sourceLayers(recognised, layer).norm) ?? recognised.epsilon;
  const { name: sees, value } = preprocessingOf(options.preprocessing, recognised, inputChannels);
  const network = NetworkConfig.parse({
    encoder,
    encoderWidth: widthOf(recognised, inputChannels, tensors),
    base: options.base,
    inputChannels,
    padding,
    preprocessing: value,
    encoderEpsilon: epsilonOfLayer('encoder/stem'),
  });
  const spec = encoderSpec(network);
  const used = new Set<string>();
  const parameters = new Map<string, Float32Array>();
  const statistics = new Map<string, Float32Array>();
  const states = new Map<string, State>();
  let biases = 0;
  const otherEpsilons = new Set<number>();

  for (const layer of new Set(spec.parameters.map((p) => p.layer))) {
    const { convolution, norm } = sourceLayers(recognised, layer);
    const own = spec.parameters.filter((p) => p.layer === layer);
    const kernel = own.find((p) => p.kind === 'kernel' || p.kind === 'depthwise');
    if (kernel === undefined) throw new Error(`${layer} has no kernel`);
    const channels = [own.find((p) => p.kind === 'gamma')?.shape[0] ?? 0];
    const found: { problem: string | null; missing: boolean } = { problem: null, missing: false };
    const take = (name: string, shape: readonly number[]): StoredTensor | undefined => {
      const tensor = tensors.get(name);
      if (tensor === undefined) {
        found.missing = true;
        found.problem ??= `the file has no ${name}`;
        return undefined;
      }
      used.add(name);
      if (!sameShape(tensor.shape, shape)) {
        found.problem ??= `${name} is ${shapeWords(tensor.shape)} in the file, and the network needs ${shapeWords(shape)}`;
        return undefined;
      }
      if (!tensor.values.every(Number.isFinite)) {
        found.problem ??= `${name} holds values that are not numbers`;
        return undefined;
      }
      return tensor;
    };
    const ofNorm = (part: 'gamma' | 'beta' | 'mean' | 'variance') =>
      take(norm + variables.separator + variables[part], channels)?.values;
    const k = take(convolution + variables.separator + variables.kernel, fileShape(naming, kernel));
    const [gamma, beta, mean, variance] = [
      ofNorm('gamma'),
      ofNorm('beta'),
      ofNorm('mean'),
      ofNorm('variance'),
    ];
    const biasName = convolution + variables.separator + variables.bias;
    const bias = tensors.has(biasName) ? take(biasName, channels)?.values : undefined;
    const source = convolution;
    if (
      found.problem !== null ||
      k === undefined ||
      gamma === undefined ||
      beta === undefined ||
      mean === undefined ||
      variance === undefined
    ) {
      states.set(layer, {
        state: found.missing ? 'random' : 'mismatch',
        source,
        problem: found.problem,
      });
      continue;
    }
    const ours = naming === 'keras' ? k.values : fromTorchKernel(k);
    const turned = sees === 'caffe' && layer === 'encoder/stem';
    parameters.set(kernel.name, turned ? withReversedInputs(ours, kernel.shape) : ours);
    parameters.set(`${layer}/gamma`, gamma);
    parameters.set(`${layer}/beta`, beta);
    const epsilon = epsilonOfLayer(layer);
    if (epsilon !== network.encoderEpsilon) otherEpsilons.add(epsilon);
    if (bias !== undefined) biases++;
    // (x + bias − mean) / √(variance + ε), written with the network's ε and without the bias.
    const both = new Float32Array(2 * mean.length);
    mean.forEach((m, c) => (both[c] = m - (bias?.[c] ?? 0)));
    variance.forEach((v, c) => (both[mean.length + c] = v + (epsilon - network.encoderEpsilon)));
    statistics.set(layer, both);
    states.set(layer, { state: 'loaded', source, problem: null });
  }

  const notes = [
    value === null
      ? 'The network sees values in [0, 1] as they are.'
      : `Preprocessing ${sees}, inside the network: (value − [${value.mean.map((m) => m.toFixed(3)).join(', ')}]) / [${value.deviation.map((d) => d.toFixed(3)).join(', ')}].`,
    ...(sees === 'caffe' ? ['First kernel: BGR turned into RGB.'] : []),
    ...(biases > 0 ? [`${biases} biases before a normalisation moved into its mean.`] : []),
    `Batch normalisation of the encoder with ε ${network.encoderEpsilon}, as in the file; training keeps it.`,
    ...[...otherEpsilons].map(
      (epsilon) =>
        `ε ${epsilon} of some layers moved into their variances: exact until they are trained on.`,
    ),
    `Strided convolutions pad ${padding === 'same' ? 'right and below, as TensorFlow' : 'symmetrically, as PyTorch'}.`,
  ];
  return {
    network,
    spec,
    weights: { parameters, statistics },
    states,
    unused: [...tensors.keys()].filter((name) => !used.has(name)),
    notes,
  };
}
