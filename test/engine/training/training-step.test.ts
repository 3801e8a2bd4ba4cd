import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import type { Engine } from '../../../engine/training/tensorflow/backend.ts';
import { type Batch, createBatches } from '../../../engine/training/batches/batches.ts';
import type { Objective } from '../../../engine/training/objectives/objective.ts';
import { stepScalars } from '../../../engine/training/optimiser.ts';
import { computesBfloat16 } from '../../../engine/training/tensorflow/processor.ts';
import { flattenWeights, initialWeights } from '../../../engine/training/network/parameters.ts';
import { segmentationObjective } from '../../../engine/training/objectives/segmentation.ts';
import type { Tile } from '../../../engine/training/images/tiles.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
  type TrainingStep,
} from '../../../engine/training/training-step.ts';
import {
  IGNORE,
  NetworkConfig,
  OptimisationConfig,
  type Precision,
} from '../../../shared/entities.ts';
import { nativeEngineOrSkip } from './native-engine.ts';
import { expectTorchAgreement } from './torch-reference.ts';

const engine = await nativeEngineOrSkip();

// Eight channels or more: below, TensorFlow takes other convolution kernels in graphs than eagerly.
const network = NetworkConfig.parse({ depth: 2, base: 8, bottleneck: 2 });
const sizePx = 32;
const config = OptimisationConfig.parse({
  steps: 60,
  batch: 2,
  learningRate: 1e-2,
  schedule: 'constant',
  evaluateEvery: 10,
  augment: false,
});

/** A bright disc on a dark ground; the disc is class 1. */
function discTile(imageId: number, centre: number): Tile {
  const inside = Array.from({ length: sizePx * sizePx }, (_, i) => {
    return Math.hypot((i % sizePx) - centre, Math.floor(i / sizePx) - centre) < 8;
  });
  return {
    imageId,
    name: `disc ${imageId}`,
    width: sizePx,
    height: sizePx,
    channels: 1,
    data: Float32Array.from(inside, (yes, i) => (yes ? 0.7 : 0.3) + 0.1 * Math.sin(i)),
    labels: Uint8Array.from(inside, (yes) => (yes ? 1 : 0)),
    imageClass: imageId % 2,
  };
}
const tiles = [discTile(1, 10), discTile(2, 20)];

const segmentation = segmentationObjective({ network, sizePx, classes: 2 });

function stepFor(
  objective: Objective,
  options: { engine?: Engine; frozen?: string; theta?: Float32Array; precision?: Precision } = {},
): TrainingStep {
  const specs = splitSpec(objective.spec, (group) => group === options.frozen);
  const weights = initialWeights(objective.spec, 3);
  const initial = freshState(flattenWeights(specs.trained, weights));
  return createTrainingStep({
    engine: options.engine ?? engine,
    objective,
    specs,
    initial: { ...initial, theta: options.theta ?? initial.theta },
    frozen: flattenWeights(specs.frozen, weights),
    precision: options.precision ?? 'float32',
  });
}

async function trainFor(
  step: TrainingStep,
  objective: Objective,
  steps: number,
  seed = 0,
): Promise<number[]> {
  const { augment, batch } = config;
  const makeBatch = createBatches({ objective, tiles, sizePx, augment, batch, seed });
  const losses: number[] = [];
  for (let at = 1; at <= steps; at++) {
    losses.push(await step.run(makeBatch(at), stepScalars(config, at)));
  }
  return losses;
}

interface Result {
  readonly losses: number[];
  readonly hash: string;
}

const hashOf = async (step: TrainingStep) => {
  const { theta, statistics, m, v } = await step.read();
  const hash = createHash('sha256');
  for (const part of [theta, statistics, m, v]) hash.update(new Uint8Array(part.buffer));
  return hash.digest('hex');
};

describe('a training step', () => {
  it('agrees with the same network, loss and optimiser in PyTorch', () =>
    expectTorchAgreement(engine));

  it('learns two images by heart', async () => {
    const step = stepFor(segmentation);
    const losses = await trainFor(step, segmentation, 120);
    expect(losses[0]).toBeGreaterThan(0.8);
    expect(losses.at(-1)).toBeLessThan(0.1);
    step.dispose();
  });

  it.each([
    ['with Graft’s own operations', () => engine.operations],
    ['without them', () => []],
  ])('gives the same bits traced and eager, %s', async (_, operationsOf) => {
    const chosen = { ...engine, operations: operationsOf() };
    const [a, b] = [
      stepFor(segmentation, { engine: chosen }),
      stepFor(segmentation, { engine: { ...chosen, traced: false } }),
    ];
    expect(await trainFor(b, segmentation, 6)).toEqual(await trainFor(a, segmentation, 6));
    expect(await hashOf(b)).toBe(await hashOf(a));
    a.dispose();
    b.dispose();
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const hashes: string[] = [];
    for (const seed of [0, 0, 1]) {
      const step = stepFor(segmentation);
      await trainFor(step, segmentation, 5, seed);
      hashes.push(await hashOf(step));
      step.dispose();
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it('holds a constant number of tensors and bounded memory', async () => {
    const before = tf.memory().numTensors;
    const step = stepFor(segmentation);
    await trainFor(step, segmentation, 3);
    const held = tf.memory().numTensors;
    const memory = process.memoryUsage().rss;
    await trainFor(step, segmentation, 200);
    expect(tf.memory().numTensors).toBe(held);
    expect(process.memoryUsage().rss - memory).toBeLessThan(40e6);
    step.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a step in bfloat16', () => {
  it('learns as in float32, only with other digits, and repeats its bits', async ({ skip }) => {
    skip(!computesBfloat16(), 'this processor has no bfloat16');
    const results: Result[] = [];
    for (const precision of ['float32', 'bfloat16', 'bfloat16'] as const) {
      const step = stepFor(segmentation, { precision });
      const losses = await trainFor(step, segmentation, 60);
      results.push({ losses, hash: await hashOf(step) });
      step.dispose();
    }
    const [exact, narrow, again] = results as [Result, Result, Result];
    expect(narrow.losses[0]).toBeCloseTo(exact.losses[0] ?? NaN, 1);
    expect(narrow.losses[0]).not.toBe(exact.losses[0]);
    expect(Math.abs((narrow.losses.at(-1) ?? NaN) - (exact.losses.at(-1) ?? NaN))).toBeLessThan(
      0.1,
    );
    expect(again).toEqual(narrow);
  });

  it('is refused where the engine or the processor cannot', () => {
    const eager = { ...engine, traced: false };
    expect(() => stepFor(segmentation, { engine: eager, precision: 'bfloat16' })).toThrow(
      /Choose float32/,
    );
  });
});

describe('a frozen encoder', () => {
  const trained = segmentation.spec.parameters.filter((p) => p.group !== 'encoder');

  it('leaves the rest to be trained', async () => {
    const step = stepFor(segmentation, { frozen: 'encoder' });
    const size = trained.reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0);
    const losses = await trainFor(step, segmentation, 30);
    expect((await step.read()).theta.length).toBe(size);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.7);
    step.dispose();
  });

  it('costs no gradient', async () => {
    const operations = vi.spyOn(engine.native, 'executeSingleOutput');
    const eager = { ...engine, traced: false };
    const step = stepFor(segmentation, { frozen: 'encoder', engine: eager });
    await trainFor(step, segmentation, 1);
    const ofKernels = [
      'Conv2DBackpropFilter',
      'GraftFilterGradient',
      'GraftUpsampledKernelGradient',
    ];
    const gradients = operations.mock.calls.filter(([op]) => ofKernels.includes(op));
    operations.mockRestore();
    // A decoder's first kernels are two: one over the skip, one over the level below.
    const kernels = trained.filter((p) => p.kind === 'kernel').length + network.depth;
    expect(gradients.length).toBe(kernels);
    step.dispose();
  });
});

describe('ignored pixels', () => {
  it('have no influence on loss or weights', async () => {
    const half = tiles.map((tile) => ({
      ...tile,
      labels: Uint8Array.from(tile.labels ?? [], (v, i) => (i % sizePx < 16 ? v : IGNORE)),
    }));
    const batchOf = (ignored: number): Batch => {
      const batch = createBatches({
        objective: segmentation,
        tiles: half,
        sizePx,
        augment: false,
        batch: 2,
        seed: 0,
      })(1);
      const labels = batch.inputs.get('labels') ?? new Int32Array();
      labels.forEach((label, i) => {
        if (label === IGNORE) labels[i] = ignored;
      });
      return batch;
    };
    const results: { readonly loss: number; readonly hash: string }[] = [];
    for (const ignored of [IGNORE, 77, -1]) {
      const step = stepFor(segmentation);
      const loss = await step.run(batchOf(ignored), stepScalars(config, 1));
      results.push({ loss, hash: await hashOf(step) });
      step.dispose();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
