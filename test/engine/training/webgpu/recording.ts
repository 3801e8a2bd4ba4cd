import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { createLayers } from '../../../../engine/training/network/layers.ts';
import { adamW, adamWOnCard } from '../../../../engine/training/optimiser.ts';
import { trace } from '../../../../engine/training/tensorflow/trace.ts';
import { record } from '../../../../engine/training/webgpu/recording.ts';
import { createRandom } from '../../../../shared/random.ts';
import { softwareCardOrSkip } from './software-vulkan.ts';

const engine = await softwareCardOrSkip();
const { card } = engine;
const random = createRandom(5, 'recording');
const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());

const KERNEL = [3, 3, 3, 5] as const;
const SIZE = 3 * 3 * 3 * 5;

/** One step of AdamW on a convolution, normalised: (θ, m, v, image, three scalars) → (loss, θ, m, v). */
function step([theta, m, v, image, ...rates]: readonly Tensor[], isRecorded: boolean): Tensor[] {
  const layers = createLayers(engine);
  const [stepSize, epsilon, decay] = rates as [Scalar, Scalar, Scalar];
  const { value, grads } = tf.valueAndGrads((kernel: Tensor) => {
    const convolved = layers.convolution(
      image as Tensor4D,
      tf.reshape<tf.Rank.R4>(kernel, [...KERNEL]),
    );
    const { output, mean, variance } = layers.batchNormRelu(convolved, tf.ones([5]), tf.zeros([5]));
    tf.dispose([mean, variance]);
    return tf.mean(tf.square(tf.sub(output, 1)));
  })([tf.clone(theta as Tensor)]);
  const moments = { m: m as Tensor1D, v: v as Tensor1D };
  const scalars = { stepSize, epsilon, decay };
  const next = isRecorded
    ? adamWOnCard(card, theta as Tensor1D, moments, grads, scalars)
    : adamW(theta as Tensor1D, moments, tf.reshape(grads[0] as Tensor, [-1]), scalars);
  return [value, next.theta, next.m, next.v];
}

const image = numbers(2 * 6 * 7 * 3);
const first = numbers(SIZE);

/** Losses and weights of some steps. `run` gives the loss and the state. */
async function train(run: (inputs: readonly Tensor[]) => Tensor[], steps: number) {
  let state: Tensor[] = [tf.tensor1d(first), tf.zeros([SIZE]), tf.zeros([SIZE])];
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const rest = [tf.tensor4d(image, [2, 6, 7, 3]), ...[0.01, 1e-8, 1e-4].map((x) => tf.scalar(x))];
    const [loss, ...next] = run([...state, ...rest]) as [Tensor, Tensor, Tensor, Tensor];
    const values = loss.data();
    tf.dispose([...state, ...rest]);
    state = next;
    losses.push((await values)[0] ?? NaN);
    loss.dispose();
  }
  const theta = Array.from(await (state[0] as Tensor).data());
  tf.dispose(state);
  return { losses, theta };
}

describe('a recorded step', () => {
  it('gives step by step what the single operations give', async () => {
    const traced = trace(engine, 'test step', (inputs) => step(inputs, true));
    const recorded = await train((inputs) => traced.run(inputs), 6);
    const eager = await train((inputs) => tf.tidy(() => step(inputs, false)), 6);
    recorded.losses.forEach((loss, i) => expect(loss).toBeCloseTo(eager.losses[i] ?? NaN, 5));
    recorded.theta.forEach((value, i) => expect(value).toBeCloseTo(eager.theta[i] ?? NaN, 5));
    expect(recorded.losses.at(-1)).toBeLessThan(recorded.losses[0] ?? 0);
    expect(traced.graphCount).toBe(1);
    traced.dispose();
  });

  it('repeats its bits, and takes no memory and makes nothing once it is recorded', async () => {
    const traced = trace(engine, 'test step', (inputs) => step(inputs, true));
    const once = await train((inputs) => traced.run(inputs), 5);
    const tensors = tf.memory().numTensors;
    const created = vi.spyOn(card.device, 'createBuffer');
    const bound = vi.spyOn(card.device, 'createBindGroup');
    const again = await train((inputs) => traced.run(inputs), 20);
    expect(again.losses.slice(0, 5)).toEqual(once.losses);
    expect([created.mock.calls.length, bound.mock.calls.length]).toEqual([0, 0]);
    expect(tf.memory().numTensors).toBe(tensors);
    created.mockRestore();
    bound.mockRestore();
    traced.dispose();
  });

  it('brings an input again that it has updated in place meanwhile', async () => {
    const traced = trace(engine, 'test step', (inputs) => step(inputs, true));
    const state = [tf.tensor1d(first), tf.zeros([SIZE]), tf.zeros([SIZE])];
    const rest = [tf.tensor4d(image, [2, 6, 7, 3]), ...[0.1, 1e-8, 1e-4].map((x) => tf.scalar(x))];
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const outputs = traced.run([...state, ...rest]);
      losses.push((await (outputs[0] as Tensor).data<'float32'>())[0] ?? NaN);
      tf.dispose(outputs);
    }
    expect(losses).toEqual([losses[0], losses[0], losses[0]]);
    tf.dispose([...state, ...rest]);
    traced.dispose();
  });

  it('gives its commands one by one until it is known how long they take together', () => {
    const x = tf.ones([4]);
    const { recording, outputs } = record(
      card.backend,
      'test pieces',
      ([from]) => {
        let value = from as Tensor;
        for (let i = 0; i < 16; i++) value = tf.sin(value);
        return [value];
      },
      [x],
    );
    tf.dispose(outputs);
    const submitted = vi.spyOn(card.backend.queue, 'submit');
    tf.dispose(recording.run([x]));
    expect(recording.kernels).toHaveLength(16);
    expect(submitted.mock.calls.length).toBeGreaterThanOrEqual(16);
    submitted.mockRestore();
    x.dispose();
    recording.dispose();
  });

  it('keeps what a function makes from numbers, and records each shape of its inputs', async () => {
    const traced = trace(engine, 'test sum', ([x]) => [
      tf.add(tf.mul(x as Tensor, tf.tensor1d([1, 2, 3])), tf.tensor1d([10, 20, 30])),
      tf.scalar(7),
    ]);
    for (const value of [1, 2, 5]) {
      const x = tf.fill([2, 3], value);
      const [sum, seven] = traced.run([x]) as [Tensor, Tensor];
      const row = [10 + value, 20 + 2 * value, 30 + 3 * value];
      expect([...(await sum.data())]).toEqual([...row, ...row]);
      expect([...(await seven.data())]).toEqual([7]);
      tf.dispose([x, sum, seven]);
    }
    traced.run([tf.ones([4, 3])]);
    expect(traced.graphCount).toBe(2);
    traced.dispose();
  });

  it('refuses a function that reads values or draws random numbers, and leaves the card as it was', async () => {
    const reads = trace(engine, 'test reading', ([x]) => {
      tf.square(x as Tensor).dataSync();
      return [];
    });
    expect(() => reads.run([tf.ones([2])])).toThrow('it reads values of a tensor');
    const draws = trace(engine, 'test chance', ([x]) => [
      tf.add(x as Tensor, tf.randomNormal([2])),
    ]);
    expect(() => draws.run([tf.ones([2])])).toThrow('it draws random numbers');
    const [value] = await tf.square(tf.scalar(3)).data();
    expect(value).toBe(9);
  });
});
