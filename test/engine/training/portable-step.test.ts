import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { startEngine } from '../../../engine/training/tensorflow/backend.ts';
import { expectTorchAgreement } from './torch-reference.ts';

const engine = await startEngine({ threads: 1, engine: 'wasm' });

it('names itself', () => {
  expect(engine).toMatchObject({ info: { name: 'wasm', threads: 1 }, native: null, traced: false });
});

it('agrees with PyTorch under the portable engine, too, and leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  await expectTorchAgreement(engine);
  expect(tf.memory().numTensors).toBe(before);
});
