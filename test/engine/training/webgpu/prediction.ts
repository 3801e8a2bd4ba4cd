/** Prediction on a software driver: what a segmenter and a timing of a study say, beside native TensorFlow. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { calibrate } from '../../../../engine/training/calibrate.ts';
import {
  flattenWeights,
  initialWeights,
  joinSpecs,
  type NetworkSpec,
} from '../../../../engine/training/network/parameters.ts';
import { depthSpec } from '../../../../engine/training/objectives/object-depths.ts';
import { segmentationSpec } from '../../../../engine/training/objectives/segmentation.ts';
import { rowsOf } from '../../../../engine/training/images/image-rows.ts';
import { predictionInput, predictLabelMaps } from '../../../../engine/training/scoring/predict.ts';
import {
  createSegmenter,
  disposeWeights,
  inputsAPass,
  toTensors,
} from '../../../../engine/training/scoring/segmenter.ts';
import type { Engine } from '../../../../engine/training/tensorflow/backend.ts';
import { NetworkConfig } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { softwareCardOrSkip } from './software-vulkan.ts';

const native = await nativeEngineOrSkip();
const engine = await softwareCardOrSkip();

const sizePx = 16;
const classes = 3;
const network = NetworkConfig.parse({ depth: 2, base: 2, bottleneck: 4, inputChannels: 1 });
const spec = segmentationSpec(network, classes);
/** With a second head, which says how deep inside its object a pixel lies. */
const told = joinSpecs(spec, depthSpec(network));
const random = createRandom(4, 'prediction');
/** As after a training: neither mean 0 nor variance 1. */
function weightsOf(of: NetworkSpec) {
  const initial = flattenWeights(of, initialWeights(of, 2));
  return {
    theta: initial.theta.map((value) => value + 0.05 * random.normal()),
    statistics: initial.statistics.map((value) => value + 0.2 * Math.abs(random.normal())),
  };
}
const plain = { spec, weights: weightsOf(spec) };
const withObjects = { spec: told, weights: weightsOf(told) };
const noise = (length: number) => Float32Array.from({ length }, () => random.next());

async function on<T>(
  one: Engine,
  work: (
    segmenter: ReturnType<typeof createSegmenter>,
    tensors: ReturnType<typeof toTensors>,
  ) => Promise<T>,
  { spec: of, weights } = plain,
): Promise<T> {
  await tf.setBackend(one.card === null ? 'tensorflow' : 'webgpu');
  const segmenter = createSegmenter({ engine: one, network, sizePx, classes, specs: [of] });
  const tensors = toTensors([weights]);
  try {
    return await work(segmenter, tensors);
  } finally {
    disposeWeights(tensors);
    segmenter.dispose();
  }
}

describe('prediction on a graphics card', () => {
  it('gives the probabilities of TensorFlow, over several passes of which the last is not full', async () => {
    const inputs = Array.from({ length: inputsAPass(sizePx, engine) + 1 }, () =>
      noise(sizePx ** 2),
    );
    const [wanted, found] = [
      await on(native, (segmenter, tensors) => segmenter.probabilities(tensors, inputs)),
      await on(engine, (segmenter, tensors) => segmenter.probabilities(tensors, inputs)),
    ];
    expect(found).toHaveLength(inputs.length);
    wanted.forEach((values, i) => {
      const apart = values.map((value, at) => Math.abs(value - (found[i]?.[at] ?? NaN)));
      expect(Math.max(...apart)).toBeLessThan(2e-6);
    });
  });

  it('tells objects apart as TensorFlow does', async () => {
    const inputs = [noise(sizePx ** 2), noise(sizePx ** 2)];
    const said = (one: Engine) =>
      on(one, (segmenter, tensors) => segmenter.probabilities(tensors, inputs), withObjects);
    const [wanted, found] = [await said(native), await said(engine)];
    wanted.forEach((values, i) => {
      expect(values).toHaveLength(sizePx ** 2 * (classes + 1));
      const apart = values.map((value, at) => Math.abs(value - (found[i]?.[at] ?? NaN)));
      expect(Math.max(...apart)).toBeLessThan(2e-6);
    });
  });

  it('is one recorded row of Graft’s kernels, which makes and takes nothing from batch to batch', async () => {
    await on(engine, async (segmenter, tensors) => {
      const input = noise(sizePx ** 2);
      const { backend, device } = engine.card;
      const shipped = vi.spyOn(backend, 'runWebGPUProgram');
      const [first] = await segmenter.probabilities(tensors, [input]);
      expect(shipped.mock.calls.map(([{ shaderKey }]) => shaderKey)).toEqual([]);
      // The second finds the pool's buffers for what it hands out.
      await segmenter.probabilities(tensors, [input]);
      const doors = (['createBuffer', 'createBindGroup', 'createComputePipeline'] as const).map(
        (door) => vi.spyOn(device, door),
      );
      const [again] = await segmenter.probabilities(tensors, [input]);
      expect(doors.map((door) => door.mock.calls.length)).toEqual([0, 0, 0]);
      expect(again).toEqual(first);
      for (const door of [...doors, shipped]) door.mockRestore();
    });
  });

  it('draws the label maps of TensorFlow, in windows and squeezed', async () => {
    const image = rowsOf({ width: 27, height: 18, channels: 1, data: noise(27 * 18) });
    for (const mode of ['patches', 'resize'] as const) {
      const predicted = async (one: Engine) =>
        on(one, async (segmenter, tensors) => {
          const input = await predictionInput(image, { sizePx, mode });
          const [map] = await predictLabelMaps(segmenter, tensors, [input]);
          if (map === undefined) throw new Error('nothing was predicted');
          return map;
        });
      const [wanted, found] = [await predicted(native), await predicted(engine)];
      expect(found.data).toEqual(wanted.data);
      expect(found.uncertainty).toBeCloseTo(wanted.uncertainty, 5);
    }
  });
});

it('a study is timed on the card, tests included', async () => {
  const timing = await calibrate(engine, {
    ...{ network, sampling: { sizePx, mode: 'resize' }, batch: 2, precision: 'float32', steps: 2 },
    test: { widthPx: 20, heightPx: 20, classes: 2 },
  });
  expect(timing.msPerStep).toBeGreaterThan(0);
  expect(timing.testMs).toBeGreaterThan(0);
});
