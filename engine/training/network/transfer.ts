/**
 * Which weights a fine-tuning run starts from: pretrained where its arm takes them over, random elsewhere, listed layer
 * by layer. A layer that should be taken over and does not fit is an error, never silently random.
 */
import type { LayerState, Transfer, WeightGroup } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { createRandom } from '../../../shared/random.ts';
import {
  initialWeights,
  type NetworkSpec,
  sameShape,
  shapeWords,
  type Weights,
} from './parameters.ts';

/** Groups taken over by each arm, in whole or in part. The head is taken over only where a model is gone on from. */
const TRANSFERRED: Readonly<Record<Transfer, readonly WeightGroup[]>> = {
  random: [],
  encoder: ['encoder'],
  'encoder+decoder': ['encoder', 'decoder'],
  decoder: ['decoder'],
  'frozen-encoder': ['encoder'],
  'encoder+deep-decoder': ['encoder', 'decoder'],
  'permuted-encoder': ['encoder'],
  'frozen-random': [],
};

/** Whether an arm takes a group over, in whole or in part. */
export const transfersGroup = (transfer: Transfer, group: WeightGroup): boolean =>
  TRANSFERRED[transfer].includes(group);

export const isFrozenGroup = (transfer: Transfer, group: string) =>
  (transfer === 'frozen-encoder' || transfer === 'frozen-random') && group === 'encoder';

/** decoder/level3/conv1 → 3; null for layers of no level. */
function decoderLevel(layer: string): number | null {
  const digits = /^decoder\/level(\d+)\//.exec(layer)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Levels of the decoder's blocks, from the bottleneck up: 4, 3, 2, 1. */
function decoderLevels(spec: NetworkSpec): number[] {
  const levels = spec.parameters.map((p) => decoderLevel(p.layer)).filter((l) => l !== null);
  return [...new Set(levels)].sort((a, b) => b - a);
}

/**
 * Each parameter of a layer shuffled within itself, its channels' scales, offsets and statistics in one order: what is
 * left of pretraining is how large the weights are. Addressed by seed and name.
 */
function permutedLayer(
  weights: Weights,
  layer: { readonly name: string; readonly parameters: NetworkSpec['parameters'] },
  seed: number,
): Weights {
  const inChannelOrder = (values: Float32Array, channels: number) => {
    const order = createRandom(seed, 'permute', layer.name).shuffled(
      Array.from({ length: channels }, (_, i) => i),
    );
    return Float32Array.from(values, (_, i) => {
      const block = i - (i % channels);
      return values[block + (order[i % channels] ?? 0)] ?? 0;
    });
  };
  const parameters = new Map(
    layer.parameters.flatMap(({ name, kind }) => {
      const values = weights.parameters.get(name);
      if (values === undefined) return [];
      const shuffled =
        kind === 'kernel'
          ? Float32Array.from(createRandom(seed, 'permute', name).shuffled([...values]))
          : inChannelOrder(values, values.length);
      return [[name, shuffled] as const];
    }),
  );
  // [mean…, variance…]: both halves in the order of the channels.
  const running = weights.statistics.get(layer.name);
  return {
    parameters,
    statistics: new Map(
      running === undefined ? [] : [[layer.name, inChannelOrder(running, running.length / 2)]],
    ),
  };
}

export interface InitialNetwork {
  /** Of the whole target network. */
  readonly weights: Weights;
  readonly layers: readonly LayerState[];
  /** The first layer that should be taken over and does not fit; null where all fit. */
  readonly mismatch: AppError | null;
}

const layersOf = (spec: NetworkSpec) => [...new Set(spec.parameters.map((p) => p.layer))];

/**
 * @param seed of the random weights; each layer's are the same in every arm
 * @param pretrained weights of the pretraining run; null for `random`
 */
export function transferWeights(options: {
  readonly target: NetworkSpec;
  readonly transfer: Transfer;
  readonly seed: number;
  readonly pretrained: { readonly spec: NetworkSpec; readonly weights: Weights } | null;
  /** Of `encoder+deep-decoder`, from the bottleneck. */
  readonly deepDecoderBlocks?: number;
  readonly keepsHead?: boolean;
}): InitialNetwork {
  const { target, transfer, seed, pretrained, deepDecoderBlocks = 1, keepsHead = false } = options;
  const deepLevels = decoderLevels(target).slice(0, deepDecoderBlocks);
  const source = new Map(pretrained?.spec.parameters.map((p) => [p.name, p]));
  const takes = (layer: string, group: WeightGroup) => {
    // A second head is new where the network that is gone on from has none.
    if (group === 'head') return keepsHead && source.has(`${layer}/kernel`);
    if (!transfersGroup(transfer, group)) return false;
    if (transfer !== 'encoder+deep-decoder' || group !== 'decoder') return true;
    const level = decoderLevel(layer);
    return level !== null && deepLevels.includes(level);
  };
  const random = initialWeights(target, seed);
  const parameters = new Map(random.parameters);
  const statistics = new Map(random.statistics);
  let mismatch: AppError | null = null;

  const layers = layersOf(target).map((layer): LayerState => {
    const own = target.parameters.filter((p) => p.layer === layer);
    const first = own[0];
    if (first === undefined) throw new Error(`layer ${layer} has no parameters`);
    const state = { layer, group: first.group, shape: [...first.shape] };
    const isFrozen = isFrozenGroup(transfer, first.group);
    if (!takes(layer, first.group)) return { ...state, state: isFrozen ? 'frozen' : 'random' };

    const misfit = own.find((p) => !sameShape(p.shape, source.get(p.name)?.shape ?? []));
    if (misfit !== undefined) {
      mismatch ??= new AppError(
        'invalid-input',
        `The pretrained network does not fit: ${misfit.name} is ${shapeWords(misfit.shape)} in the network to be trained and ${shapeWords(source.get(misfit.name)?.shape)} in the pretrained one. Choose a transfer that leaves out the ${first.group}, or pretrain with the same network.`,
        { subject: layer },
      );
      return { ...state, state: 'mismatch' };
    }
    const isPermuted = transfer === 'permuted-encoder';
    const from =
      pretrained !== null && isPermuted
        ? permutedLayer(pretrained.weights, { name: layer, parameters: own }, seed)
        : pretrained?.weights;
    for (const { name } of own) {
      const values = from?.parameters.get(name);
      if (values !== undefined) parameters.set(name, values);
    }
    const running = from?.statistics.get(layer);
    if (running !== undefined) statistics.set(layer, running);
    return { ...state, state: isFrozen ? 'frozen' : isPermuted ? 'permuted' : 'loaded' };
  });
  return { weights: { parameters, statistics }, layers, mismatch };
}
