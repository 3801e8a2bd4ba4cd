/** Every pretraining task on a software driver, beside native TensorFlow: losses before and after an update. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import type { Engine } from '../../../../engine/training/tensorflow/backend.ts';
import { PRETRAINING_TASKS } from '../../../../shared/entities.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { channelsFor, lossesOf } from '../pretrain/few-images.ts';
import { softwareCardOrSkip } from './software-vulkan.ts';

const native = await nativeEngineOrSkip();
const engine = await softwareCardOrSkip();

describe('a pretraining task on a graphics card', () => {
  it.each(PRETRAINING_TASKS)('gives TensorFlow’s losses, by Graft’s kernels: %s', async (task) => {
    const [channels = 1] = channelsFor(task);
    const losses = async (on: Engine) => {
      await tf.setBackend(on.card === null ? 'tensorflow' : 'webgpu');
      return lossesOf(task, { engine: on, channels, steps: 2, base: 2, sizePx: 16 });
    };
    const wanted = await losses(native);
    const shipped = vi.spyOn(engine.card.backend, 'runWebGPUProgram');
    const found = await losses(engine);
    expect(shipped.mock.calls.map(([program]) => program.shaderKey)).toEqual([]);
    shipped.mockRestore();
    expect(found).toHaveLength(2);
    wanted.forEach((loss, i) =>
      expect(Math.abs((found[i] ?? NaN) - loss), `step ${i + 1}`).toBeLessThan(1e-4),
    );
  });
});
