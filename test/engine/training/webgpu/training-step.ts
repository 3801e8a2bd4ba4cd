import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { type Batch, createBatches } from '../../../../engine/training/batches/batches.ts';
import type { Tile } from '../../../../engine/training/images/tiles.ts';
import { flattenWeights, initialWeights } from '../../../../engine/training/network/parameters.ts';
import type { Objective } from '../../../../engine/training/objectives/objective.ts';
import { segmentationObjective } from '../../../../engine/training/objectives/segmentation.ts';
import { stepScalars } from '../../../../engine/training/optimiser.ts';
import type { Engine } from '../../../../engine/training/tensorflow/backend.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
} from '../../../../engine/training/training-step.ts';
import { NetworkConfig, OptimisationConfig } from '../../../../shared/entities.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { softwareCardOrSkip } from './software-vulkan.ts';

const native = await nativeEngineOrSkip();
const engine = await softwareCardOrSkip();

const sizePx = 16;
const network = NetworkConfig.parse({ depth: 2, base: 4, bottleneck: 2 });
const plain = segmentationObjective({ network, sizePx, classes: 2 });
const told = segmentationObjective({ network, sizePx, classes: 2, objects: { weight: 1 } });
const config = OptimisationConfig.parse({
  ...{ steps: 60, batch: 2, learningRate: 1e-2, schedule: 'constant', evaluateEvery: 10 },
  augment: false,
});

/** A bright disc on a dark ground; the disc is class 1. */
function discTile(imageId: number, centre: number): Tile {
  const inside = Array.from(
    { length: sizePx ** 2 },
    (_, i) => Math.hypot((i % sizePx) - centre, Math.floor(i / sizePx) - centre) < 4,
  );
  return {
    ...{ imageId, name: `disc ${imageId}`, width: sizePx, height: sizePx, channels: 1 },
    data: Float32Array.from(inside, (yes, i) => (yes ? 0.7 : 0.3) + 0.1 * Math.sin(i)),
    labels: Uint8Array.from(inside, (yes) => (yes ? 1 : 0)),
    depths: Uint8Array.from(inside, (yes, i) => (yes ? 40 + (i % 200) : 0)),
    imageClass: 0,
  };
}
const tiles = [discTile(1, 5), discTile(2, 10)];

async function train(
  on: Engine,
  steps: number,
  {
    objective = plain,
    between = () => undefined,
  }: { objective?: Objective; between?: (step: number) => void } = {},
) {
  await tf.setBackend(on.card === null ? 'tensorflow' : 'webgpu');
  const specs = splitSpec(objective.spec, () => false);
  const weights = initialWeights(objective.spec, 3);
  const step = createTrainingStep({
    engine: on,
    objective,
    specs,
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
  });
  const { augment, batch } = config;
  const makeBatch = createBatches({ objective, tiles, sizePx, augment, batch, seed: 0 });
  const losses: number[] = [];
  for (let i = 1; i <= steps; i++) {
    const made: Batch = makeBatch(i);
    losses.push(await step.run(made, stepScalars(config, i)));
    between(i);
  }
  const state = await step.read();
  step.dispose();
  return { losses, state };
}

describe('training steps on a graphics card', () => {
  it.each([
    ['classes', plain, 12],
    ['objects told apart', told, 4],
  ])('follow those of TensorFlow: %s', async (_, objective, steps) => {
    const wanted = await train(native, steps, { objective });
    const found = await train(engine, steps, { objective });
    wanted.losses.forEach((loss, i) =>
      expect(Math.abs((found.losses[i] ?? NaN) - loss), `step ${i + 1}`).toBeLessThan(2e-4),
    );
    expect(found.losses.at(-1)).toBeLessThan(found.losses[0] ?? 0);
  });

  it('repeat their bits, and take no memory once the first is recorded', async () => {
    const created = vi.spyOn(engine.card.device, 'createBuffer');
    const counts: number[] = [];
    const once = await train(engine, 12, {
      between: () => counts.push(created.mock.calls.length),
    });
    // The first records; the second finds the pool's buffers for what it hands out.
    expect(new Set(counts.slice(2)).size).toBe(1);
    const again = await train(engine, 12);
    expect(again).toEqual(once);
    created.mockRestore();
  });
});
