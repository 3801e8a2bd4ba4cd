/**
 * Which weights a fine-tuning run starts from: pretrained where its arm takes them over, random elsewhere, listed layer
 * by layer. A layer that should be taken over and does not fit is an error, never silently random.
 */
import type { LayerState, Transfer, WeightGroup } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import {
  initialWeights,
  type NetworkSpec,
  sameShape,
  shapeWords,
  type Weights,
} from './parameters.ts';

/** Groups taken over by each arm. The head is never taken over. */
const TRANSFERRED: Readonly<Record<Transfer, readonly WeightGroup[]>> = {
  random: [],
  encoder: ['encoder'],
  'encoder+decoder': ['encoder', 'decoder'],
  decoder: ['decoder'],
  'frozen-encoder': ['encoder'],
};

export const isFrozenGroup = (transfer: Transfer, group: string) =>
  transfer === 'frozen-encoder' && group === 'encoder';

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
}): InitialNetwork {
  const { target, transfer, seed, pretrained } = options;
  const random = initialWeights(target, seed);
  const parameters = new Map(random.parameters);
  const statistics = new Map(random.statistics);
  const source = new Map(pretrained?.spec.parameters.map((p) => [p.name, p]));
  let mismatch: AppError | null = null;

  const layers = layersOf(target).map((layer): LayerState => {
    const own = target.parameters.filter((p) => p.layer === layer);
    const first = own[0];
    if (first === undefined) throw new Error(`layer ${layer} has no parameters`);
    const state = { layer, group: first.group, shape: [...first.shape] };
    if (!TRANSFERRED[transfer].includes(first.group)) return { ...state, state: 'random' };

    const misfit = own.find((p) => !sameShape(p.shape, source.get(p.name)?.shape ?? []));
    if (misfit !== undefined) {
      mismatch ??= new AppError(
        'invalid-input',
        `The pretrained network does not fit: ${misfit.name} is ${shapeWords(misfit.shape)} in the network to be trained and ${shapeWords(source.get(misfit.name)?.shape)} in the pretrained one. Choose a transfer that leaves out the ${first.group}, or pretrain with the same network.`,
        { subject: layer },
      );
      return { ...state, state: 'mismatch' };
    }
    for (const { name } of own) {
      const values = pretrained?.weights.parameters.get(name);
      if (values !== undefined) parameters.set(name, values);
    }
    const running = pretrained?.weights.statistics.get(layer);
    if (running !== undefined) statistics.set(layer, running);
    return { ...state, state: isFrozenGroup(transfer, first.group) ? 'frozen' : 'loaded' };
  });
  return { weights: { parameters, statistics }, layers, mismatch };
}
