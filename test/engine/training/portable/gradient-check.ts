/**
 * How the portable engine's kernels are checked: against tfjs's cpu backend, and numerically by central differences.
 * Both work on the scalar Σ f(x)·w with fixed weights w, so that no gradient is symmetric by accident.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { startPortableEngine } from '../../../../engine/training/portable/start.ts';
import { createRandom } from '../../../../shared/random.ts';

/**
 * At the top of a file: starts the portable engine. tfjs counts its buffers around every kernel, and throws where a
 * temporary was forgotten; until the end of the file, since layers of other tests keep statistics on purpose.
 */
export function startCheckedEngine(): void {
  beforeAll(async () => {
    tf.env().set('IS_TEST', true);
    await startPortableEngine({ threads: 1 });
  });
  afterAll(() => tf.env().set('IS_TEST', false));
}

export interface Input {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export type TensorFunction = (...inputs: Tensor[]) => Tensor;

/** Standard normal values. */
export function randomInput(shape: readonly number[], ...address: (string | number)[]): Input {
  const random = createRandom(7, 'gradient-check', shape.join('×'), ...address);
  const size = shape.reduce((product, d) => product * d, 1);
  return { shape, values: Float32Array.from({ length: size }, () => random.normal()) };
}

/** All values at least 1 apart, in random order: no difference quotient crosses a change of maximum. */
export function distinctInput(shape: readonly number[]): Input {
  const size = shape.reduce((product, d) => product * d, 1);
  const order = createRandom(3, 'distinct', shape.join('×')).shuffled([...Array(size).keys()]);
  return { shape, values: Float32Array.from(order, (rank) => rank - size / 2) };
}

const tensorOf = ({ shape, values }: Input) => tf.tensor(values, [...shape], 'float32');

function weighted(output: Tensor): Tensor {
  const weights = tf.reshape(tf.sin(tf.range(1, output.size + 1)), output.shape);
  return tf.sum(tf.mul(output, weights));
}

/** f's values under the current backend. */
export function valuesOf(f: TensorFunction, inputs: readonly Input[]): number[] {
  return tf.tidy(() => Array.from(f(...inputs.map(tensorOf)).dataSync()));
}

/** Gradients of Σ f·w in every input, under the current backend. */
export function gradientsOf(f: TensorFunction, inputs: readonly Input[]): number[][] {
  return tf.tidy(() =>
    tf
      .grads((...tensors: Tensor[]) => weighted(f(...tensors)))(inputs.map(tensorOf))
      .map((gradient) => Array.from(gradient.dataSync())),
  );
}

/** The same by central differences, (L(x + h) − L(x − h)) / 2h, with the sum over the outputs in float64. */
function numericGradients(f: TensorFunction, inputs: readonly Input[], step: number): number[][] {
  const loss = (perturbed: readonly Input[]) =>
    valuesOf(f, perturbed).reduce((sum, value, i) => sum + value * Math.sin(i + 1), 0);
  return inputs.map((input, which) =>
    Array.from(input.values, (value, at) => {
      const shifted = (by: number) =>
        inputs.map((other, i) => {
          if (i !== which) return other;
          const values = other.values.slice();
          values[at] = value + by;
          return { shape: other.shape, values };
        });
      return (loss(shifted(step)) - loss(shifted(-step))) / (2 * step);
    }),
  );
}

export async function withBackend<T>(name: 'cpu' | 'wasm', body: () => T | Promise<T>): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend(name);
  try {
    return await body();
  } finally {
    await tf.setBackend(before);
  }
}

/** Largest |a − b| / (1 + |b|). NaN where lengths differ or a value is no number. */
export function distance(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return NaN;
  return actual.reduce((worst, value, i) => {
    const reference = expected[i] ?? NaN;
    return Math.max(worst, Math.abs(value - reference) / (1 + Math.abs(reference)));
  }, 0);
}

/** float32 sums in another order. */
const SAME = 2e-5;

/** Tensors, and buffers of the backend: a kernel that forgets a temporary shows in the second alone. */
export function allocated(): { tensors: number; buffers: number } {
  return { tensors: tf.memory().numTensors, buffers: tf.backend().numDataIds() };
}

/** Value and gradients on wasm equal those of the cpu backend, and nothing stays allocated. */
export async function expectSameAsCpu(f: TensorFunction, inputs: readonly Input[]): Promise<void> {
  const both = () => ({ values: valuesOf(f, inputs), gradients: gradientsOf(f, inputs) });
  const expected = await withBackend('cpu', both);
  const before = allocated();
  const actual = both();
  expect(distance(actual.values, expected.values), 'value').toBeLessThan(SAME);
  for (const [i, gradient] of actual.gradients.entries()) {
    expect(distance(gradient, expected.gradients[i] ?? []), `gradient ${i}`).toBeLessThan(SAME);
  }
  expect(allocated()).toEqual(before);
}

/** Gradients on wasm equal difference quotients. Linear functions take a large step, and are then exact. */
export function expectNumericGradients(
  f: TensorFunction,
  inputs: readonly Input[],
  options: { readonly step: number; readonly tolerance: number },
): void {
  const expected = numericGradients(f, inputs, options.step);
  for (const [i, gradient] of gradientsOf(f, inputs).entries()) {
    expect(distance(gradient, expected[i] ?? []), `gradient ${i}`).toBeLessThan(options.tolerance);
  }
}
