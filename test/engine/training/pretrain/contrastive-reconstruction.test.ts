import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createBatches } from '../../../../engine/training/batches/batches.ts';
import {
  createForwardPass,
  tensorWeights,
} from '../../../../engine/training/network/forward-pass.ts';
import { createLayers } from '../../../../engine/training/network/layers.ts';
import type { Objective } from '../../../../engine/training/objectives/objective.ts';
import { flattenWeights, initialWeights } from '../../../../engine/training/network/parameters.ts';
import { pretrainingTasks } from '../../../../engine/training/pretrain/registry.ts';
import type { Tile } from '../../../../engine/training/images/tiles.ts';
import {
  NetworkConfig,
  PretrainingOptions,
  type PretrainingTask,
} from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();
const sizePx = 16;

function objectiveOf(
  task: PretrainingTask,
  channels: number,
  options: Partial<PretrainingOptions> = {},
): Objective {
  return pretrainingTasks[task].objective({
    network: NetworkConfig.parse({ depth: 2, base: 2, bottleneck: 8, inputChannels: channels }),
    sizePx,
    pixelClasses: 2,
    imageClasses: [],
    options: PretrainingOptions.parse(options),
  });
}

function batchOf(objective: Objective) {
  const { inputChannels: channels } = objective.network;
  const tiles = [0, 1, 2].map((imageId): Tile => {
    const random = createRandom(imageId, 'tile');
    const data = Float32Array.from({ length: sizePx ** 2 * channels }, () => random.next());
    const size = { width: sizePx, height: sizePx, channels };
    return { ...size, imageId, name: `${imageId}`, data, labels: null, imageClass: null };
  });
  return createBatches({ objective, tiles, sizePx, augment: true, batch: 3, seed: 5 })(1);
}

/** The loss as a function of the flat weights, on one batch. */
function lossOf(objective: Objective): {
  theta: tf.Tensor1D;
  loss: (theta: tf.Tensor) => tf.Scalar;
} {
  const layers = createLayers(engine);
  const batch = batchOf(objective);
  const flat = flattenWeights(objective.spec, initialWeights(objective.spec, 1));
  return {
    theta: tf.tensor1d(flat.theta),
    loss: (theta) => {
      const statistics = tf.tensor1d(flat.statistics);
      const trained = tensorWeights(objective.spec, theta as tf.Tensor1D, statistics);
      const pass = createForwardPass(layers, { trained, fixed: [] });
      const loss = objective.loss(pass, (name) => {
        const spec = objective.inputs.find((one) => one.name === name);
        const data = batch.inputs.get(name);
        if (spec === undefined || data === undefined) throw new Error(`no input ${name}`);
        return tf.tensor(data, [3, ...spec.shape], spec.dtype);
      });
      pass.updatedStatistics().dispose();
      return loss;
    },
  };
}

const valueOf = (objective: Objective) => {
  const { theta, loss } = lossOf(objective);
  return loss(theta).dataSync()[0] ?? NaN;
};

/** Behind these no ReLU follows: the loss is smooth in them. */
const SMOOTH = {
  simclr: /^head\/projection\/dense2\//,
  conrec: /^head\/(attention\/gate|projection\/dense3|images)\//,
  'multi-conrec': /^head\/(attention\/gate|projection\/dense3|images)\//,
} as const;

describe.each(['simclr', 'conrec', 'multi-conrec'] as const)('%s', (task) => {
  it('has the gradient that central differences find in the layers of its heads', () => {
    const objective = objectiveOf(task, 3);
    const { theta, loss } = lossOf(objective);
    const gradient = tf.grad(loss)(theta).dataSync<'float32'>();
    const values = theta.dataSync<'float32'>();
    let at = 0;
    for (const { name, shape } of objective.spec.parameters) {
      const start = at;
      at += shape.reduce((a, b) => a * b, 1);
      if (!SMOOTH[task].test(name)) continue;
      const random = createRandom(1, 'direction', name);
      const direction = values.map((_, i) => (i >= start && i < at ? random.normal() : 0));
      const moved = (by: number) =>
        loss(tf.tensor1d(values.map((v, i) => v + by * (direction[i] ?? 0)))).dataSync()[0] ?? NaN;
      const step = 5e-3;
      const numeric = (moved(step) - moved(-step)) / (2 * step);
      const exact = gradient.reduce((sum, g, i) => sum + g * (direction[i] ?? 0), 0);
      // float32: a loss of about ten, two digits of the difference are left for small gradients.
      expect(Math.abs(numeric - exact), name).toBeLessThan(0.02 * Math.abs(exact) + 0.004);
    }
  });

  it('shows the network two views of every image', () => {
    const objective = objectiveOf(task, 1);
    const views = batchOf(objective).inputs.get(task === 'simclr' ? 'views' : 'target');
    expect(views?.length).toBe(3 * 2 * sizePx ** 2);
    const length = sizePx ** 2;
    expect(views?.slice(0, length)).not.toEqual(views?.slice(length, 2 * length));
  });
});

describe('ConRec', () => {
  it('weighs reconstruction and contrast as it is told', () => {
    const weights = (reconstructionWeight: number, contrastiveWeight: number) =>
      valueOf(objectiveOf('conrec', 1, { reconstructionWeight, contrastiveWeight }));
    const [error, contrast] = [weights(1, 0), weights(0, 1)];
    expect(error).toBeLessThan(0.5);
    expect(contrast).toBeGreaterThan(1);
    expect(weights(100, 1)).toBeCloseTo(100 * error + contrast, 3);
  });

  it('maps intensities of grey images only', () => {
    const drawn = (channels: number) => {
      const objective = objectiveOf('conrec', channels);
      const seen = new Set<number>();
      for (let seed = 0; seed < 40; seed++) {
        const batch = createBatches({
          objective,
          tiles: [
            {
              width: sizePx,
              height: sizePx,
              channels,
              imageId: 1,
              name: '1',
              labels: null,
              imageClass: null,
              data: new Float32Array(sizePx ** 2 * channels).fill(0.5),
            },
          ],
          sizePx,
          augment: true,
          batch: 1,
          seed,
        })(1);
        batch.inputs.get('corruption')?.forEach((which) => seen.add(which));
      }
      return seen.size;
    };
    expect([drawn(1), drawn(3)]).toEqual([4, 3]);
  });

  it('drops half of what the attention sees, and keeps its mean', () => {
    const kept = [...(batchOf(objectiveOf('conrec', 1)).inputs.get('kept') ?? [])];
    expect(new Set(kept)).toEqual(new Set([0, 2]));
    const mean = kept.reduce((a, b) => a + b, 0) / kept.length;
    expect(mean).toBeGreaterThan(0.85);
    expect(mean).toBeLessThan(1.15);
  });
});

describe('multi-reconstruction ConRec', () => {
  const imageHead = (objective: Objective) =>
    objective.spec.parameters.find((p) => p.name === 'head/images/kernel')?.shape;

  it('has an output layer for each task, or one for all', () => {
    expect(imageHead(objectiveOf('multi-conrec', 3))).toEqual([1, 1, 2, 5 * 3]);
    expect(imageHead(objectiveOf('multi-conrec', 1))).toEqual([1, 1, 2, 4]);
    expect(imageHead(objectiveOf('multi-conrec', 3, { heads: 'shared' }))).toEqual([1, 1, 2, 3]);
  });

  it('trains, of its output layers, only those whose task was drawn', () => {
    const objective = objectiveOf('multi-conrec', 1);
    const drawn = new Set(batchOf(objective).inputs.get('corruption'));
    expect(drawn.size).toBeLessThan(4);
    const { theta, loss } = lossOf(objective);
    const gradient = tf.grad(loss)(theta).dataSync<'float32'>();
    let at = 0;
    for (const { name, shape } of objective.spec.parameters) {
      const size = shape.reduce((a, b) => a * b, 1);
      if (name === 'head/images/bias') {
        const trained = [...gradient.subarray(at, at + size)].map((g) => g !== 0);
        expect(trained).toEqual([0, 1, 2, 3].map((which) => drawn.has(which)));
      }
      at += size;
    }
  });
});
