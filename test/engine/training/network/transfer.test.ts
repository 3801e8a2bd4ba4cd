import { describe, expect, it } from 'vitest';
import {
  initialWeights,
  type NetworkSpec,
} from '../../../../engine/training/network/parameters.ts';
import { pretrainingTasks } from '../../../../engine/training/pretrain/registry.ts';
import { segmentationSpec } from '../../../../engine/training/objectives/segmentation.ts';
import { transferWeights } from '../../../../engine/training/network/transfer.ts';
import {
  NetworkConfig,
  PRETRAINING_TASKS,
  PretrainingOptions,
  type PretrainingTask,
  type Transfer,
} from '../../../../shared/entities.ts';
import { PRETRAINING_TASK_FACTS, transferObstacle } from '../../../../shared/pretraining-tasks.ts';

const options = PretrainingOptions.parse({});
const network = NetworkConfig.parse({ depth: 1, base: 4, bottleneck: 2 });
const target = segmentationSpec(network, 2);

function pretrainedBy(task: PretrainingTask, own = network) {
  const changed = pretrainingTasks[task].network(own);
  const context = {
    network: changed,
    sizePx: 16,
    pixelClasses: 5,
    imageClasses: ['a', 'b'],
    options,
  };
  const { spec } = pretrainingTasks[task].objective(context);
  return { spec, weights: initialWeights(spec, 99) };
}

const start = (transfer: Transfer, pretrained: ReturnType<typeof pretrainedBy> | null) =>
  transferWeights({ target, transfer, seed: 1, pretrained });

const states = (result: ReturnType<typeof start>) =>
  Object.fromEntries(result.layers.map(({ layer, state }) => [layer, state]));

const ENCODER = [
  'encoder/level1/conv1',
  'encoder/level1/conv2',
  'encoder/bottleneck/conv1',
  'encoder/bottleneck/conv2',
];
const DECODER = ['decoder/level1/skip', 'decoder/level1/conv1', 'decoder/level1/conv2'];
const HEAD = ['head/segmentation'];
const all = (encoder: string, decoder: string) =>
  Object.fromEntries([
    ...ENCODER.map((layer) => [layer, encoder]),
    ...DECODER.map((layer) => [layer, decoder]),
    ...HEAD.map((layer) => [layer, 'random']),
  ]) as Record<string, string>;

/** Names of parameters that equal those of other weights. */
function taken(
  result: ReturnType<typeof start>,
  from: { spec: NetworkSpec; weights: ReturnType<typeof initialWeights> },
) {
  const kernels = target.parameters.filter((p) => p.kind === 'kernel');
  return kernels
    .filter(({ name }) => {
      const [a, b] = [result.weights.parameters.get(name), from.weights.parameters.get(name)];
      return a !== undefined && b !== undefined && a.every((v, i) => v === b[i]);
    })
    .map((p) => p.layer);
}

describe('an arm', () => {
  const pretrained = pretrainedBy('segmentation');
  const random = { spec: target, weights: initialWeights(target, 1) };

  it.each([
    ['random', null, all('random', 'random'), []],
    ['encoder', pretrained, all('loaded', 'random'), ENCODER],
    ['encoder+decoder', pretrained, all('loaded', 'loaded'), [...ENCODER, ...DECODER]],
    ['decoder', pretrained, all('random', 'loaded'), DECODER],
    ['frozen-encoder', pretrained, all('frozen', 'random'), ENCODER],
  ] as const)(
    '%s lists every layer and takes over exactly its groups',
    (transfer, from, list, loaded) => {
      const result = start(transfer, from);
      expect(result.mismatch).toBeNull();
      expect(states(result)).toEqual(list);
      expect(taken(result, pretrained)).toEqual(loaded);
      const kept = [...ENCODER, ...DECODER, ...HEAD].filter(
        (layer) => !loaded.includes(layer as never),
      );
      expect(taken(result, random)).toEqual(kept);
    },
  );

  it('brings the running statistics of the groups that it takes over', () => {
    const statistics = new Map(
      [...pretrained.weights.statistics].map(([layer, values]) => [layer, values.map(() => 7)]),
    );
    const result = start('encoder', {
      ...pretrained,
      weights: { ...pretrained.weights, statistics },
    });
    for (const layer of ENCODER) expect(result.weights.statistics.get(layer)?.[0]).toBe(7);
    for (const layer of DECODER) expect(result.weights.statistics.get(layer)?.[0]).toBe(0);
  });

  it('takes over the deepest blocks of the decoder, as many as asked', () => {
    const deep = NetworkConfig.parse({ depth: 3, base: 4, bottleneck: 2 });
    const spec = segmentationSpec(deep, 2);
    const from = { spec, weights: initialWeights(spec, 99) };
    const loaded = (deepDecoderBlocks: number) =>
      transferWeights({
        target: spec,
        transfer: 'encoder+deep-decoder',
        seed: 1,
        pretrained: from,
        deepDecoderBlocks,
      })
        .layers.filter(({ group, state }) => group === 'decoder' && state === 'loaded')
        .map(({ layer }) => layer);
    const block = (level: number) =>
      ['skip', 'conv1', 'conv2'].map((part) => `decoder/level${level}/${part}`);
    expect(loaded(1)).toEqual(block(3));
    expect(loaded(2)).toEqual([...block(3), ...block(2)]);
    expect(loaded(3)).toEqual([...block(3), ...block(2), ...block(1)]);
  });

  it('permutes an encoder: the same values in another place, the same for the same seed', () => {
    const { weights, layers } = start('permuted-encoder', pretrained);
    expect(new Set(layers.filter((l) => l.group === 'encoder').map((l) => l.state))).toEqual(
      new Set(['permuted']),
    );
    const name = 'encoder/level1/conv2/kernel';
    const [own, before] = [weights.parameters.get(name), pretrained.weights.parameters.get(name)];
    expect(own).not.toEqual(before);
    expect(own?.toSorted()).toEqual(before?.toSorted());
    expect(start('permuted-encoder', pretrained).weights.parameters.get(name)).toEqual(own);
    const other = transferWeights({ target, transfer: 'permuted-encoder', seed: 2, pretrained });
    expect(other.weights.parameters.get(name)).not.toEqual(own);
  });

  it('keeps the scale, offset and statistics of a permuted channel together', () => {
    const layer = 'encoder/level1/conv1';
    const numbered = (factor: number) => Float32Array.from([1, 2, 3, 4], (v) => factor * v);
    const parameters = new Map(pretrained.weights.parameters);
    parameters.set(`${layer}/gamma`, numbered(1)).set(`${layer}/beta`, numbered(10));
    const statistics = new Map(pretrained.weights.statistics);
    statistics.set(layer, Float32Array.of(...numbered(100), ...numbered(1000)));
    const { weights } = start('permuted-encoder', {
      ...pretrained,
      weights: { parameters, statistics },
    });
    const order = [...(weights.parameters.get(`${layer}/gamma`) ?? [])];
    expect(order).not.toEqual([1, 2, 3, 4]);
    expect([...(weights.parameters.get(`${layer}/beta`) ?? [])]).toEqual(order.map((v) => 10 * v));
    expect([...(weights.statistics.get(layer) ?? [])]).toEqual([
      ...order.map((v) => 100 * v),
      ...order.map((v) => 1000 * v),
    ]);
  });

  it('freezes a random encoder', () => {
    const result = start('frozen-random', null);
    expect(states(result)).toEqual(all('frozen', 'random'));
    expect(taken(result, random)).toEqual([...ENCODER, ...DECODER, ...HEAD]);
  });

  it('lists the shapes of the kernels', () => {
    expect(start('random', null).layers[0]).toEqual({
      layer: 'encoder/level1/conv1',
      group: 'encoder',
      shape: [3, 3, 1, 4],
      state: 'random',
    });
  });
});

describe('a network that does not fit', () => {
  it('fails with layer and both shapes where the autoencoder had no skips', () => {
    const { mismatch, layers } = start('decoder', pretrainedBy('autoencoder'));
    expect(mismatch?.message).toMatch(
      /decoder\/level1\/skip\/kernel is 1×1×4×4 .* absent in the pretrained/,
    );
    expect(mismatch?.subject).toBe('decoder/level1/skip');
    // conv2 alone would fit; the list says so.
    expect(layers.filter((l) => l.group === 'decoder').map((l) => l.state)).toEqual([
      'mismatch',
      'mismatch',
      'loaded',
    ]);
  });

  it('fails where a classifier has no decoder, and where the width differs', () => {
    expect(start('encoder+decoder', pretrainedBy('classification')).mismatch?.code).toBe(
      'invalid-input',
    );
    const wide = pretrainedBy('segmentation', NetworkConfig.parse({ ...network, base: 8 }));
    expect(start('encoder', wide).mismatch?.message).toMatch(/3×3×1×4 .* 3×3×1×8/);
  });

  it('fits its encoder all the same, whatever became of the decoder', () => {
    for (const task of ['autoencoder', 'classification'] as const) {
      expect(start('encoder', pretrainedBy(task)).mismatch).toBeNull();
    }
  });
});

describe.each(PRETRAINING_TASKS)('from %s', (task) => {
  const channels = PRETRAINING_TASK_FACTS[task].needs === 'colour images' ? 3 : 1;
  const own = { ...network, inputChannels: channels };
  const begin = (transfer: Transfer) =>
    transferWeights({
      target: segmentationSpec(own, 2),
      transfer,
      seed: 1,
      pretrained: pretrainedBy(task, own),
    });

  it('the encoder is transferred whole', () => {
    const { mismatch, layers } = begin('encoder');
    expect(mismatch).toBeNull();
    for (const { group, state } of layers) {
      expect(state).toBe(group === 'encoder' ? 'loaded' : 'random');
    }
  });

  it('the decoder is transferred whole, or the obstacle is known beforehand', () => {
    const { mismatch, layers } = begin('encoder+decoder');
    expect(mismatch === null).toBe(transferObstacle(task, 'encoder+decoder', 'conv') === null);
    if (mismatch !== null) return;
    for (const { group, state } of layers)
      expect(state).toBe(group === 'head' ? 'random' : 'loaded');
  });
});
