import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  createForwardPass,
  tensorWeights,
} from '../../../../engine/training/network/forward-pass.ts';
import { createLayers } from '../../../../engine/training/network/layers.ts';
import { flattenWeights, initialWeights } from '../../../../engine/training/network/parameters.ts';
import {
  segmentationObjective,
  segmentationSpec,
} from '../../../../engine/training/objectives/segmentation.ts';
import { stepScalars } from '../../../../engine/training/optimiser.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
} from '../../../../engine/training/training-step.ts';
import {
  assertInputSize,
  bottleneckWidth,
  decoderSpec,
  encode,
  encoderSpec,
} from '../../../../engine/training/network/unet.ts';
import { NetworkConfig, OptimisationConfig } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';
import { parameterCount } from '../../../fixtures/parameter-count.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();

it('has as many parameters as the published networks without their classifiers', () => {
  // sum(p.numel() for p in net.parameters()): torchvision's resnet18 and resnet34 without fc, mobilenet_v2.features[:18].
  const count = (encoder: string, encoderWidth = 1) =>
    parameterCount(encoderSpec(NetworkConfig.parse({ encoder, encoderWidth, inputChannels: 3 })));
  expect(count('resnet18')).toBe(11_176_512);
  expect(count('resnet34')).toBe(21_284_672);
  expect(count('mobilenetv2')).toBe(1_811_712);
});

const small = { base: 2, encoderWidth: 0.0625, inputChannels: 3 } as const;
const networks = [
  { encoder: 'plain', skips: 'conv', norm: 'group' },
  { encoder: 'plain', skips: 'none', norm: 'group' },
  { encoder: 'resnet18', skips: 'conv' },
  { encoder: 'resnet18', skips: 'concat', padding: 'same' },
  { encoder: 'resnet18', skips: 'none', norm: 'group' },
  { encoder: 'resnet34', skips: 'conv' },
  { encoder: 'mobilenetv2', skips: 'conv' },
  { encoder: 'mobilenetv2', skips: 'none', padding: 'same' },
  { encoder: 'mobilenetv2', skips: 'conv', norm: 'group' },
].map((network) => NetworkConfig.parse({ ...small, ...network }));

const titled = networks.map((network) => {
  const { encoder, skips, norm, padding } = network;
  return [`${encoder}, skips ${skips}, norm ${norm}, padding ${padding}`, network] as const;
});

const SIZE = 64;

async function steps(
  network: NetworkConfig,
  options: { native: boolean; traced: boolean; frozen: boolean; count: number },
) {
  const objective = segmentationObjective({ network, sizePx: SIZE, classes: 2 });
  const specs = splitSpec(objective.spec, (group) => options.frozen && group === 'encoder');
  const weights = initialWeights(objective.spec, 1);
  const random = createRandom(5, 'encoders test');
  const size = 2;
  const image = Float32Array.from({ length: size * SIZE * SIZE * 3 }, () => random.uniform(0, 1));
  const labels = Int32Array.from({ length: size * SIZE * SIZE }, (_, i) => (i >> 3) % 2);
  const step = createTrainingStep({
    engine: { ...engine, native: options.native ? engine.native : null, traced: options.traced },
    objective,
    specs,
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
  });
  const config = OptimisationConfig.parse({
    steps: 10,
    batch: size,
    schedule: 'constant',
    evaluateEvery: 10,
  });
  const batch = {
    size,
    inputs: new Map<string, Float32Array | Int32Array>([
      ['image', image],
      ['labels', labels],
    ]),
  };
  const losses: number[] = [];
  for (let at = 1; at <= options.count; at++) {
    losses.push(await step.run(batch, stepScalars(config, at)));
  }
  step.dispose();
  return losses;
}

describe.each(titled)('%s', (_, network) => {
  it('gives every level what its decoder expects', () => {
    assertInputSize(network, SIZE);
    const spec = segmentationSpec(network, 2);
    const { theta, statistics } = flattenWeights(spec, initialWeights(spec, 1));
    const pass = createForwardPass(createLayers(engine), {
      trained: null,
      fixed: [tensorWeights(spec, tf.tensor1d(theta), tf.tensor1d(statistics))],
    });
    const { skips, bottleneck } = encode(pass, network, tf.zeros<tf.Rank.R4>([1, SIZE, SIZE, 3]));
    skips.forEach((skip, i) => {
      if (skip !== null) expect(skip.shape.slice(1, 3)).toEqual([SIZE / 2 ** i, SIZE / 2 ** i]);
    });
    const below = SIZE / 2 ** skips.length;
    expect(bottleneck.shape).toEqual([1, below, below, bottleneckWidth(network)]);
    expect(new Set(encoderSpec(network).parameters.map((p) => p.group))).toEqual(
      new Set(['encoder']),
    );
    expect(new Set(decoderSpec(network).parameters.map((p) => p.group))).toEqual(
      new Set(['decoder']),
    );
  });

  it('trains alike as a graph, operation by operation, and with the portable layers', async () => {
    const traced = await steps(network, { native: true, traced: true, frozen: false, count: 3 });
    const eager = await steps(network, { native: true, traced: false, frozen: false, count: 2 });
    const portable = await steps(network, {
      ...{ native: false, traced: false, frozen: false, count: 2 },
    });
    expect(traced[2]).toBeLessThan(traced[0] ?? NaN);
    // A batch norm over eight values at the bottleneck amplifies rounding: by far less than what the update changes.
    const changed = Math.abs((traced[1] ?? NaN) - (traced[0] ?? NaN));
    for (const other of [eager, portable]) {
      expect(other[0]).toBeCloseTo(traced[0] ?? NaN, 4);
      expect(Math.abs((other[1] ?? NaN) - (traced[1] ?? NaN))).toBeLessThan(changed / 2);
    }
  });

  it('trains its decoder over a frozen encoder', async () => {
    const losses = await steps(network, { native: true, traced: false, frozen: true, count: 3 });
    expect(losses[2]).toBeLessThan(losses[0] ?? NaN);
  });
});

it('has the gradient that central differences find, through strides, shortcuts and depthwise convolutions', () => {
  for (const encoder of ['plain', 'resnet18', 'mobilenetv2'] as const) {
    const network = NetworkConfig.parse({ ...small, encoderWidth: 0.125, encoder, norm: 'group' });
    const spec = encoderSpec(network);
    const weights = flattenWeights(spec, initialWeights(spec, 2));
    const random = createRandom(3, 'gradient');
    const image = tf.tensor4d(
      Float32Array.from({ length: 2 * SIZE * SIZE * 3 }, () => random.normal()),
      [2, SIZE, SIZE, 3],
    );
    for (const native of [engine.native, null]) {
      const layers = createLayers({ ...engine, native });
      const objective = (theta: Tensor): tf.Scalar => {
        const trained = tensorWeights(spec, theta as Tensor1D, tf.tensor1d([]));
        const pass = createForwardPass(layers, { trained, fixed: [] });
        const { bottleneck } = encode<Tensor4D>(pass, network, image);
        const factors = tf.reshape(tf.cos(tf.range(0, bottleneck.size)), bottleneck.shape);
        return tf.sum(tf.mul(bottleneck, factors));
      };
      const theta = tf.tensor1d(weights.theta);
      const gradient = tf.grad(objective)(theta);
      const length = Math.sqrt(tf.sum(tf.square(gradient)).dataSync<'float32'>()[0] ?? NaN);
      // Along the gradient itself, so that the difference stands out of float32's rounding.
      const along = (by: number) =>
        objective(tf.add(theta, tf.mul(gradient, by / length))).dataSync<'float32'>()[0] ?? NaN;
      const step = 1e-4;
      const numeric = (along(step) - along(-step)) / (2 * step);
      expect(Math.abs(numeric / length - 1)).toBeLessThan(0.02);
    }
  }
});

it('refuses sizes that cannot be halved so often, and preprocessing of other channels', () => {
  const network = NetworkConfig.parse({ encoder: 'resnet18' });
  expect(() => assertInputSize(network, 48)).toThrow(/halves its input 5 times .* Choose 64 px/);
  const preprocessing = { mean: [0, 0, 0], deviation: [1, 1, 1] };
  expect(() => assertInputSize({ ...network, preprocessing }, 64)).toThrow(/3 and 3 numbers for 1/);
});
