import { describe, expect, it } from 'vitest';
import {
  checkpointWeights,
  decodeCheckpoint,
  encodeCheckpoint,
  type TrainingCheckpoint,
} from '../../../engine/training/checkpoint.ts';
import { flattenWeights, initialWeights } from '../../../engine/training/network/parameters.ts';
import { segmentationSpec } from '../../../engine/training/objectives/segmentation.ts';
import { freshState, splitSpec } from '../../../engine/training/training-step.ts';
import { AppError } from '../../../shared/errors.ts';
import { NetworkConfig } from '../../../shared/entities.ts';

const network = NetworkConfig.parse({ depth: 1, base: 4, bottleneck: 2 });
const spec = segmentationSpec(network, 2);
const specs = splitSpec(spec, (group) => group === 'encoder');
const weights = initialWeights(spec, 1);
const trained = flattenWeights(specs.trained, weights);

const checkpoint: TrainingCheckpoint = {
  header: {
    objective: 'finetune',
    network,
    sampling: { sizePx: 32, mode: 'resize' },
    classes: 2,
    seed: 5,
    step: 40,
    trainedSeconds: 1.5,
    engine: { name: 'tensorflow', version: '2.21.0', threads: 1, node: '24', graft: '0.1.0' },
    layers: [
      { layer: 'encoder/level1/conv1', group: 'encoder', shape: [3, 3, 1, 4], state: 'frozen' },
    ],
    best: { step: 30, score: 0.75 },
    trained: specs.trained,
    frozen: specs.frozen,
  },
  trained,
  frozen: flattenWeights(specs.frozen, weights),
  moments: freshState(trained),
  best: { theta: trained.theta.map((v) => v + 1), statistics: trained.statistics },
};

const codeOf = (action: () => unknown) => {
  try {
    action();
    return 'none';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};

describe('a checkpoint', () => {
  it('comes back as it was, also from the middle of a larger buffer', () => {
    const bytes = encodeCheckpoint(checkpoint);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const back = decodeCheckpoint(shifted.subarray(3));
    expect(back.trained).toEqual(checkpoint.trained);
    expect(back.frozen).toEqual(checkpoint.frozen);
    expect(back.best).toEqual(checkpoint.best);
    expect(back.moments).toEqual({ m: freshState(trained).m, v: freshState(trained).v });
    expect(back.header).toEqual({ formatVersion: 1, ...checkpoint.header });
  });

  it('gives frozen and trained weights by name', () => {
    const back = checkpointWeights(decodeCheckpoint(encodeCheckpoint(checkpoint)));
    expect(back.weights.parameters).toEqual(
      new Map(
        [...specs.trained.parameters, ...specs.frozen.parameters].map(({ name }) => [
          name,
          weights.parameters.get(name),
        ]),
      ),
    );
    expect(back.spec.statistics.length).toBe(spec.statistics.length);
  });

  it('is refused where any byte changed or is missing', () => {
    const bytes = encodeCheckpoint(checkpoint);
    for (const at of [0, 9, 40, bytes.length - 200, bytes.length - 1]) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(codeOf(() => decodeCheckpoint(damaged))).toBe('corrupt');
    }
    for (const length of [0, 10, 500, bytes.length - 1]) {
      expect(codeOf(() => decodeCheckpoint(bytes.subarray(0, length)))).toBe('corrupt');
    }
  });
});
