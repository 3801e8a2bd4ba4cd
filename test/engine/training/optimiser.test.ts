import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { adamW, learningRateAt, stepScalars } from '../../../engine/training/optimiser.ts';
import { OptimisationConfig } from '../../../shared/entities.ts';
import { nativeEngineOrSkip } from './native-engine.ts';

await nativeEngineOrSkip();

const config = OptimisationConfig.parse({
  steps: 100,
  batch: 1,
  learningRate: 0.1,
  weightDecay: 0.5,
  warmup: 0,
  schedule: 'constant',
  evaluateEvery: 1,
});

it('takes the steps that AdamW takes in PyTorch', () => {
  // torch 2.13, float64: AdamW([1, -2, 3], lr=.1, weight_decay=.5), gradients as below
  const gradients = [
    [1, 0.5, -2],
    [0.3, -1, 0],
    [1e-4, 2, 1],
  ];
  const expected = [
    [0.850000001, -1.999999998, 2.9499999995],
    [0.7219302838, -1.8633896459, 2.8695058245],
    [0.6196820062, -1.8121857251, 2.7437572529],
  ];
  const zeros = () => tf.zeros<tf.Rank.R1>([3]);
  let state = { theta: tf.tensor1d([1, -2, 3]), m: zeros(), v: zeros() };
  gradients.forEach((gradient, i) => {
    const { stepSize, epsilon, decay } = stepScalars(config, i + 1);
    state = adamW(state.theta, state, tf.tensor1d(gradient), {
      stepSize: tf.scalar(stepSize),
      epsilon: tf.scalar(epsilon),
      decay: tf.scalar(decay),
    });
    state.theta.dataSync().forEach((value, j) => {
      expect(value).toBeCloseTo(expected[i]?.[j] ?? NaN, 5);
    });
  });
});

it('takes smaller steps, decay included, where a parameter has a share of the rate', () => {
  const start = () => ({ m: tf.zeros<tf.Rank.R1>([2]), v: tf.zeros<tf.Rank.R1>([2]) });
  const numbers = stepScalars(config, 1);
  const scalars = {
    stepSize: tf.scalar(numbers.stepSize),
    epsilon: tf.scalar(numbers.epsilon),
    decay: tf.scalar(numbers.decay),
  };
  const theta = tf.tensor1d([1, 1]);
  const gradient = tf.tensor1d([2, 2]);
  const full = adamW(theta, start(), gradient, scalars).theta.dataSync()[0] ?? NaN;
  const [tenth = NaN, none = NaN] = adamW(
    theta,
    start(),
    gradient,
    scalars,
    tf.tensor1d([0.1, 0]),
  ).theta.dataSync();
  expect(1 - tenth).toBeCloseTo((1 - full) / 10, 6);
  expect(none).toBe(1);
});

it('warms up linearly, then stays, or falls along a half cosine to zero', () => {
  const rates = (schedule: 'constant' | 'cosine') =>
    [1, 5, 10, 55, 100].map((step) => learningRateAt({ ...config, warmup: 0.1, schedule }, step));
  const rounded = (values: number[]) => values.map((v) => Math.round(v * 1e6) / 1e6);
  expect(rounded(rates('constant'))).toEqual([0.01, 0.05, 0.1, 0.1, 0.1]);
  expect(rounded(rates('cosine'))).toEqual([0.01, 0.05, 0.1, 0.05, 0]);
});

it('starts at the full rate without a warm-up', () => {
  expect(learningRateAt(config, 1)).toBe(0.1);
});
