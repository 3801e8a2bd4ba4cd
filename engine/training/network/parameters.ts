/**
 * What weights a network has and where they lie: specifications, flat vectors, initial values.
 * All weights of one kind of use (trainable or frozen) lie in one vector, so that the optimiser is a handful of
 * operations whatever the depth; the network cuts its tensors out of it.
 */
import type { NetworkConfig, WeightGroup } from '../../../shared/entities.ts';
import { createRandom } from '../../../shared/random.ts';
import { BATCH_NORM_EPSILON } from './engine-layers.ts';

export interface ParameterSpec {
  /** layer/part, unique: 'encoder/level1/conv1/kernel'. */
  readonly name: string;
  readonly layer: string;
  readonly group: WeightGroup;
  readonly shape: readonly number[];
  /** depthwise: a kernel [side, side, channels, 1] that filters every channel by itself. */
  readonly kind: 'kernel' | 'depthwise' | 'bias' | 'gamma' | 'beta';
}

/** Running statistics of one batch normalisation: a mean and a variance a channel. */
export interface StatisticsSpec {
  readonly layer: string;
  readonly group: WeightGroup;
  readonly channels: number;
  /** Added to the variance; BATCH_NORM_EPSILON where it is left out. */
  readonly epsilon?: number | undefined;
}

export interface NetworkSpec {
  readonly parameters: readonly ParameterSpec[];
  readonly statistics: readonly StatisticsSpec[];
}

export const joinSpecs = (...specs: readonly NetworkSpec[]): NetworkSpec => ({
  parameters: specs.flatMap((s) => s.parameters),
  statistics: specs.flatMap((s) => s.statistics),
});

/** The part of a network whose layers satisfy `keep`. */
export const filterSpec = (
  spec: NetworkSpec,
  keep: (layer: { layer: string; group: WeightGroup }) => boolean,
): NetworkSpec => ({
  parameters: spec.parameters.filter(keep),
  statistics: spec.statistics.filter(keep),
});

export const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/** "3×3×8×16" */
export const shapeWords = (shape: readonly number[] | undefined) =>
  shape === undefined ? 'absent' : shape.length === 0 ? 'one number' : shape.join('×');

export const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/**
 * convolution → normalisation: the kernel, gamma and beta, and running statistics where the normalisation is by batch.
 * A layer without them is normalised by groups (forward-pass.ts).
 */
export function normalisedConvolution(options: {
  layer: string;
  group: WeightGroup;
  side: number;
  input: number;
  output: number;
  norm: NetworkConfig['norm'];
  /** `input` and `output` are one. */
  depthwise?: boolean;
  /** Of batch normalisation; left out: BATCH_NORM_EPSILON. */
  epsilon?: number;
}): NetworkSpec {
  const { layer, group, side, input, output, norm, depthwise = false } = options;
  const { epsilon = BATCH_NORM_EPSILON } = options;
  const own = epsilon === BATCH_NORM_EPSILON ? {} : { epsilon };
  return {
    parameters: [
      {
        name: `${layer}/kernel`,
        layer,
        group,
        shape: depthwise ? [side, side, input, 1] : [side, side, input, output],
        kind: depthwise ? 'depthwise' : 'kernel',
      },
      { name: `${layer}/gamma`, layer, group, shape: [output], kind: 'gamma' },
      { name: `${layer}/beta`, layer, group, shape: [output], kind: 'beta' },
    ],
    statistics: norm === 'batch' ? [{ layer, group, channels: output, ...own }] : [],
  };
}

/** ε of a layer that normalises by batch. */
export const epsilonOf = ({ statistics }: NetworkSpec, layer: string): number =>
  statistics.find((one) => one.layer === layer)?.epsilon ?? BATCH_NORM_EPSILON;

/** A layer of a head: kernel and bias. */
export const headLayer = (layer: string, kernel: readonly number[]): NetworkSpec => ({
  parameters: [
    { name: `${layer}/kernel`, layer, group: 'head', shape: kernel, kind: 'kernel' },
    {
      name: `${layer}/bias`,
      layer,
      group: 'head',
      shape: kernel.slice(-1),
      kind: 'bias',
    },
  ],
  statistics: [],
});

/**
 * Start values of one parameter: kernels uniform in ±1/√fan-in (variance 1 / (3 · fan-in), PyTorch's default for
 * convolutions), gamma 1, beta and bias 0. Behind every convolution comes a normalisation, so the scale of a kernel
 * does not change what the network computes, only how far a step turns it: with He's variance 2 / fan-in the same
 * learning rate gets less far (TexShapes target, 400 steps, two seeds: Dice .64 instead of .70 at 8 images, .74 instead
 * of .79 at 32). Addressed by seed and name: a layer starts alike in every arm of a seed.
 */
function initialValues(spec: ParameterSpec, seed: number): Float32Array {
  const values = new Float32Array(sizeOf(spec.shape));
  if (spec.kind === 'gamma') return values.fill(1);
  if (spec.kind !== 'kernel' && spec.kind !== 'depthwise') return values;
  const random = createRandom(seed, 'weights', spec.name);
  const fanIn = sizeOf(
    spec.kind === 'depthwise' ? spec.shape.slice(0, 2) : spec.shape.slice(0, -1),
  );
  const bound = 1 / Math.sqrt(fanIn);
  for (let i = 0; i < values.length; i++) values[i] = random.uniform(-bound, bound);
  return values;
}

/** Mean 0, variance 1. */
function initialStatistics(spec: StatisticsSpec): Float32Array {
  return new Float32Array(2 * spec.channels).fill(1, spec.channels);
}

/** Values of parameters by name and of statistics by layer ([mean…, variance…]). */
export interface Weights {
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly statistics: ReadonlyMap<string, Float32Array>;
}

export const initialWeights = (spec: NetworkSpec, seed: number): Weights => ({
  parameters: new Map(spec.parameters.map((p) => [p.name, initialValues(p, seed)])),
  statistics: new Map(spec.statistics.map((s) => [s.layer, initialStatistics(s)])),
});

/** The two flat vectors of a spec, in its order. */
export interface FlatWeights {
  readonly theta: Float32Array;
  readonly statistics: Float32Array;
}

function flatten(
  parts: readonly (readonly [key: string, size: number])[],
  values: ReadonlyMap<string, Float32Array>,
): Float32Array {
  const flat = new Float32Array(parts.reduce((sum, [, size]) => sum + size, 0));
  let at = 0;
  for (const [key, size] of parts) {
    const part = values.get(key);
    if (part?.length !== size) {
      throw new Error(`weights of ${key}: ${String(part?.length)} values for ${size}`);
    }
    flat.set(part, at);
    at += size;
  }
  return flat;
}

function cut(
  parts: readonly (readonly [key: string, size: number])[],
  flat: Float32Array,
): Map<string, Float32Array> {
  let at = 0;
  return new Map(parts.map(([key, size]) => [key, flat.slice(at, (at += size))]));
}

/** Each parameter's share of the learning rate, [parameters]; null where all have the same. */
export function learningRateShares(
  spec: NetworkSpec,
  shareOf: (group: WeightGroup) => number,
): Float32Array | null {
  if (spec.parameters.every(({ group }) => shareOf(group) === 1)) return null;
  const parts = parameterParts(spec);
  const shares = new Map(
    spec.parameters.map(({ name, group, shape }) => [
      name,
      new Float32Array(sizeOf(shape)).fill(shareOf(group)),
    ]),
  );
  return flatten(parts, shares);
}

const parameterParts = (spec: NetworkSpec) =>
  spec.parameters.map((p) => [p.name, sizeOf(p.shape)] as const);
const statisticsParts = (spec: NetworkSpec) =>
  spec.statistics.map((s) => [s.layer, 2 * s.channels] as const);

/** How many values each of the two vectors of a spec has. */
export const flatSizes = (spec: NetworkSpec) => {
  const sum = (parts: readonly (readonly [key: string, size: number])[]) =>
    parts.reduce((total, [, size]) => total + size, 0);
  return { theta: sum(parameterParts(spec)), statistics: sum(statisticsParts(spec)) };
};

export const flattenWeights = (spec: NetworkSpec, weights: Weights): FlatWeights => ({
  theta: flatten(parameterParts(spec), weights.parameters),
  statistics: flatten(statisticsParts(spec), weights.statistics),
});

export const unflattenWeights = (spec: NetworkSpec, flat: FlatWeights): Weights => ({
  parameters: cut(parameterParts(spec), flat.theta),
  statistics: cut(statisticsParts(spec), flat.statistics),
});
