import { expect, it } from 'vitest';
import { filterSpec, initialWeights } from '../../../../engine/training/network/parameters.ts';
import { pretrainingTasks } from '../../../../engine/training/pretrain/registry.ts';
import { segmentationSpec } from '../../../../engine/training/objectives/segmentation.ts';
import {
  assertInputSize,
  decoderSpec,
  encoderSpec,
} from '../../../../engine/training/network/unet.ts';
import { NetworkConfig, PretrainingOptions } from '../../../../shared/entities.ts';
import { parameterCount } from '../../../fixtures/parameter-count.ts';

const options = PretrainingOptions.parse({});
const network = NetworkConfig.parse({ base: 4, depth: 2, bottleneck: 4 });

it('has as many parameters as the same network in PyTorch', () => {
  // torch.nn: the U-Net of the training benchmark (3 channels, concatenated skips, one logit),
  // sum(p.numel() for p in net.parameters()) at base 8 and 16.
  const count = (base: number) =>
    parameterCount(
      segmentationSpec(NetworkConfig.parse({ base, skips: 'concat', inputChannels: 3 }), 1),
    );
  expect([count(8), count(16)]).toEqual([491_873, 1_964_097]);
});

it('counts the 1×1 skip convolutions as decoder, and every layer belongs to one group', () => {
  const decoder = decoderSpec(network);
  expect(decoder.parameters.filter((p) => p.layer.endsWith('skip')).map((p) => p.shape)).toEqual([
    [1, 1, 8, 8],
    [8],
    [8],
    [1, 1, 4, 4],
    [4],
    [4],
  ]);
  expect(new Set(decoder.parameters.map((p) => p.group))).toEqual(new Set(['decoder']));
  expect(new Set(encoderSpec(network).parameters.map((p) => p.group))).toEqual(
    new Set(['encoder']),
  );
});

it('starts a layer alike in every network of a seed that has it', () => {
  const target = initialWeights(segmentationSpec(network, 2), 7);
  const other = initialWeights(segmentationSpec(network, 5), 7);
  for (const { name } of filterSpec(segmentationSpec(network, 2), (l) => l.group !== 'head')
    .parameters) {
    expect(other.parameters.get(name)).toEqual(target.parameters.get(name));
  }
  const context = { network, sizePx: 16, pixelClasses: 2, imageClasses: ['a', 'b'], options };
  const classifier = initialWeights(pretrainingTasks.classification.objective(context).spec, 7);
  for (const { name } of encoderSpec(network).parameters) {
    expect(classifier.parameters.get(name)).toEqual(target.parameters.get(name));
  }
});

it('starts kernels with the variance of PyTorch, other seeds with other weights', () => {
  const name = 'encoder/bottleneck/conv2/kernel';
  const wide = NetworkConfig.parse({ base: 8, depth: 2 });
  const kernel = initialWeights(encoderSpec(wide), 1).parameters.get(name) ?? new Float32Array();
  const variance = kernel.reduce((sum, v) => sum + v * v, 0) / kernel.length;
  expect(variance * (9 * 128)).toBeCloseTo(1 / 3, 2);
  expect(initialWeights(encoderSpec(wide), 2).parameters.get(name)).not.toEqual(kernel);
});

it('trains the autoencoder without skips, and the classifier without a decoder', () => {
  const withSkips = NetworkConfig.parse({ ...network, skips: 'conv' });
  expect(pretrainingTasks.autoencoder.network(withSkips).skips).toBe('none');
  const context = { network, sizePx: 16, pixelClasses: 2, imageClasses: ['a', 'b'], options };
  const groups = pretrainingTasks.classification
    .objective(context)
    .spec.parameters.map((p) => p.group);
  expect(new Set(groups)).toEqual(new Set(['encoder', 'head']));
});

it('refuses sizes that cannot be halved often enough, and names one that can', () => {
  expect(() => assertInputSize(NetworkConfig.parse({ depth: 4 }), 100)).toThrow(/Choose 96 px/);
  expect(() => assertInputSize(NetworkConfig.parse({ depth: 4 }), 96)).not.toThrow();
});
