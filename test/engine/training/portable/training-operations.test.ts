/** Everything else that a training step is made of: shipped kernels that this project relies on, checked once each. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  distance,
  expectSameAsCpu,
  type Input,
  randomInput,
  startCheckedEngine,
  type TensorFunction,
  valuesOf,
  withBackend,
} from './gradient-check.ts';

startCheckedEngine();

const positive = (input: Input): Input => ({
  shape: input.shape,
  values: input.values.map((value) => 0.1 + Math.abs(value)),
});

const labels = () => tf.tensor1d([0, 2, 1, 2], 'int32');

const differentiable: Record<string, { f: TensorFunction; inputs: Input[] }> = {
  'add, broadcast': {
    f: (a, b) => tf.add(a, b),
    inputs: [randomInput([2, 3, 4]), randomInput([4])],
  },
  'subtract, broadcast both ways': {
    f: (a, b) => tf.sub(a, b),
    inputs: [randomInput([2, 3, 1]), randomInput([3, 4])],
  },
  'multiply, rank 5': {
    f: (a, b) => tf.mul(a, b),
    inputs: [randomInput([2, 3, 2, 2, 3]), randomInput([2, 1, 1, 2, 3])],
  },
  divide: {
    f: (a, b) => tf.div(a, b),
    inputs: [randomInput([4, 3]), positive(randomInput([3]))],
  },
  maximum: { f: (a, b) => tf.maximum(a, b), inputs: [randomInput([9], 1), randomInput([9], 2)] },
  minimum: { f: (a, b) => tf.minimum(a, b), inputs: [randomInput([9], 1), randomInput([9], 2)] },
  power: { f: (a) => tf.pow(a, 3), inputs: [positive(randomInput([7]))] },
  clip: { f: (a) => tf.clipByValue(a, -0.3, 0.4), inputs: [randomInput([30])] },
  abs: { f: (a) => tf.abs(a), inputs: [randomInput([9])] },
  exp: { f: (a) => tf.exp(a), inputs: [randomInput([9])] },
  log: { f: (a) => tf.log(a), inputs: [positive(randomInput([9]))] },
  log1p: { f: (a) => tf.log1p(a), inputs: [positive(randomInput([9]))] },
  sqrt: { f: (a) => tf.sqrt(a), inputs: [positive(randomInput([9]))] },
  rsqrt: { f: (a) => tf.rsqrt(a), inputs: [positive(randomInput([9]))] },
  square: { f: (a) => tf.square(a), inputs: [randomInput([9])] },
  negate: { f: (a) => tf.neg(a), inputs: [randomInput([9])] },
  sigmoid: { f: (a) => tf.sigmoid(tf.mul(a, 60)), inputs: [randomInput([30])] },
  tanh: { f: (a) => tf.tanh(a), inputs: [randomInput([9])] },
  softplus: { f: (a) => tf.softplus(tf.mul(a, 30)), inputs: [randomInput([30])] },
  relu: { f: (a) => tf.relu(a), inputs: [randomInput([2, 3, 3, 4])] },
  relu6: { f: (a) => tf.relu6(tf.mul(a, 6)), inputs: [randomInput([30])] },
  softmax: { f: (a) => tf.softmax(tf.mul(a, 20)), inputs: [randomInput([2, 3, 3, 4])] },
  'log-softmax': { f: (a) => tf.logSoftmax(tf.mul(a, 20)), inputs: [randomInput([2, 3, 3, 4])] },
  'max along an axis': { f: (a) => tf.max(a, -1), inputs: [randomInput([3, 5])] },
  'min along an axis': { f: (a) => tf.min(a, 0), inputs: [randomInput([3, 5])] },
  'log-sum-exp': { f: (a) => tf.logSumExp(a, -1), inputs: [randomInput([3, 5])] },
  'transpose, rank 4': {
    f: (a) => tf.transpose(a, [3, 1, 2, 0]),
    inputs: [randomInput([2, 3, 4, 5])],
  },
  'transpose, rank 6': {
    f: (a) => tf.transpose(a, [0, 3, 1, 4, 2, 5]),
    inputs: [randomInput([2, 3, 2, 3, 2, 2])],
  },
  'pad with zeros': {
    f: (a) =>
      tf.pad(a, [
        [0, 0],
        [1, 2],
        [2, 0],
        [0, 0],
      ]),
    inputs: [randomInput([2, 3, 3, 2])],
  },
  'pad by reflection': {
    f: (a) =>
      tf.mirrorPad(
        a,
        [
          [1, 1],
          [2, 1],
        ],
        'reflect',
      ),
    inputs: [randomInput([3, 4])],
  },
  reverse: { f: (a) => tf.reverse(a, [0, 2]), inputs: [randomInput([2, 3, 4])] },
  stack: { f: (a, b) => tf.stack([a, b], 1), inputs: [randomInput([3], 1), randomInput([3], 2)] },
  unstack: {
    f: (a) => tf.addN(tf.unstack(a).map((row, i) => tf.mul(row, i + 1))),
    inputs: [randomInput([3, 4])],
  },
  'select by condition': {
    f: (a, b) => tf.where(tf.tensor1d([1, 0, 1, 0], 'bool'), a, b),
    inputs: [randomInput([4], 1), randomInput([4], 2)],
  },
  'broadcast to a shape': { f: (a) => tf.broadcastTo(a, [3, 4]), inputs: [randomInput([1, 4])] },
  moments: {
    f: (a) => {
      const { mean, variance } = tf.moments(a, [0, 1, 2]);
      return tf.concat([mean, variance]);
    },
    inputs: [randomInput([2, 3, 4, 5])],
  },
  'group normalisation': {
    f: (x, gamma) => {
      const groups = tf.reshape(x, [2, 4, 4, 2, 3]);
      const centred = tf.sub(groups, tf.mean(groups, [1, 2, 4], true));
      const variance = tf.mean(tf.square(centred), [1, 2, 4], true);
      const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5)));
      return tf.mul(tf.reshape(normal, [2, 4, 4, 6]), gamma);
    },
    inputs: [randomInput([2, 4, 4, 6]), randomInput([6])],
  },
  'sigmoid cross-entropy': {
    f: (logits) => tf.losses.sigmoidCrossEntropy(tf.oneHot(labels(), 3, 1, 0, 'float32'), logits),
    inputs: [randomInput([4, 3])],
  },
  'softmax cross-entropy': {
    f: (logits) => {
      const truth = tf.oneHot(labels(), 3, 1, 0, 'float32');
      return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), truth), -1)));
    },
    inputs: [randomInput([4, 3])],
  },
  'soft Dice': {
    f: (logits, truth) => {
      const p = tf.softmax(logits);
      const both = tf.sum(tf.mul(p, truth), [0, 1, 2]);
      const either = tf.add(tf.sum(p, [0, 1, 2]), tf.sum(truth, [0, 1, 2]));
      return tf.div(tf.add(tf.mul(both, 2), 1), tf.add(either, 1));
    },
    inputs: [randomInput([2, 3, 4, 3]), positive(randomInput([2, 3, 4, 3]))],
  },
  'contrastive similarity': {
    f: (z) => {
      const norm = tf.sqrt(tf.add(tf.sum(tf.square(z), -1, true), 1e-12));
      const unit = tf.div(z, norm);
      return tf.logSoftmax(tf.div(tf.matMul(unit, unit, false, true), 0.5));
    },
    inputs: [randomInput([6, 5])],
  },
};

describe.each(Object.entries(differentiable))('%s', (_, { f, inputs }) => {
  it('has the cpu backend’s value and gradients', async () => {
    await expectSameAsCpu(f, inputs);
  });
});

const forwardOnly: Record<string, { f: TensorFunction; inputs: Input[] }> = {
  comparisons: {
    f: (a, b) =>
      tf.stack(
        [tf.less(a, b), tf.greaterEqual(a, b), tf.equal(a, a), tf.notEqual(a, b)].map((truth) =>
          tf.cast(truth, 'float32'),
        ),
      ),
    inputs: [randomInput([2, 9], 1), randomInput([9], 2)],
  },
  logic: {
    f: (a, b) =>
      tf.cast(tf.logicalOr(tf.logicalAnd(tf.greater(a, 0), tf.less(b, 0)), tf.isNaN(a)), 'float32'),
    inputs: [randomInput([9], 1), randomInput([9], 2)],
  },
  'arg-max': {
    f: (a) => tf.cast(tf.argMax(a, -1), 'float32'),
    inputs: [randomInput([2, 3, 3, 4])],
  },
  'integer arithmetic': {
    f: (a) => {
      const i = tf.cast(tf.mul(a, 9), 'int32');
      return tf.cast(tf.add(tf.mul(i, i), tf.sub(i, tf.onesLike(i))), 'float32');
    },
    inputs: [randomInput([3, 4])],
  },
  'integer gather, transpose and concat': {
    f: (a) => {
      const i = tf.cast(tf.mul(a, 9), 'int32');
      const rows = tf.gather(i, tf.tensor1d([1, 0, 1], 'int32'));
      return tf.cast(tf.concat([tf.transpose(rows), tf.transpose(rows)]), 'float32');
    },
    inputs: [randomInput([3, 4])],
  },
  'convolution fused with bias and ReLU': {
    f: (x, filter, bias) =>
      tf.fused.conv2d({
        x: x as Tensor4D,
        filter: filter as Tensor4D,
        strides: 1,
        pad: 'same',
        bias,
        activation: 'relu',
      }),
    inputs: [randomInput([2, 5, 6, 3]), randomInput([3, 3, 3, 4]), randomInput([4])],
  },
};

describe.each(Object.entries(forwardOnly))('%s', (_, { f, inputs }) => {
  it('has the cpu backend’s values', async () => {
    const expected = await withBackend('cpu', () => valuesOf(f, inputs));
    expect(distance(valuesOf(f, inputs), expected)).toBeLessThan(2e-5);
  });
});
