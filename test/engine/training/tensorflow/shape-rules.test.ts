import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLayers } from '../../../../engine/training/network/layers.ts';
import type { OpAttribute } from '../../../../engine/training/tensorflow/native.ts';
import { inferOutputs } from '../../../../engine/training/tensorflow/shape-rules.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();
const { native } = engine;

/** Every operation that ran, with what the rule said and what came out. */
let checked: { op: string; said: unknown; came: unknown }[] = [];

function check(
  op: string,
  attributes: readonly OpAttribute[],
  inputs: readonly TensorInfo[],
  outputs: readonly Tensor[],
) {
  const said = inferOutputs({
    op,
    inputs,
    attribute: (name) => attributes.find((a) => a.name === name)?.value,
    constant: (index) => Array.from(native.readSync(inputs[index]?.dataId ?? {})),
    dataType: (code) => (code === 1 ? 'float32' : code === 3 ? 'int32' : 'bool'),
  });
  const came = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
  // The last outputs of the fused batch normalisation only feed its own gradient.
  const known = op.startsWith('FusedBatchNorm') ? 3 : outputs.length;
  checked.push({ op, said: said?.slice(0, known), came: came.slice(0, known) });
}

beforeEach(() => {
  checked = [];
  const single = native.executeSingleOutput.bind(native);
  const multiple = native.executeMultipleOutputs.bind(native);
  vi.spyOn(native, 'executeSingleOutput').mockImplementation((op, attributes, inputs) => {
    const output = single(op, attributes, inputs);
    check(op, attributes, inputs, [output]);
    return output;
  });
  vi.spyOn(native, 'executeMultipleOutputs').mockImplementation((op, attributes, inputs, count) => {
    const outputs = multiple(op, attributes, inputs, count);
    check(op, attributes, inputs, outputs);
    return outputs;
  });
});
afterEach(() => void vi.restoreAllMocks());

const x = (...shape: number[]) => tf.randomUniform(shape, 0.1, 1, 'float32', 1);
const kernel = (...shape: [number, number, number, number]) =>
  tf.randomUniform<tf.Rank.R4>(shape, 0.1, 1, 'float32', 1);
const whole = (...shape: number[]) => tf.cast(x(...shape), 'int32');

/** Functions of float tensors; their gradients are checked as well. */
const differentiable: Readonly<Record<string, (t: tf.Tensor4D) => Tensor>> = {
  'batch normalisation': (t) => {
    const layers = createLayers(engine);
    const { output, mean, variance } = layers.batchNormRelu(t, tf.ones([3]), tf.zeros([3]));
    tf.dispose([mean, variance]);
    return output;
  },
  bias: (t) => createLayers(engine).addBias(t, tf.tensor1d([1, 2, 3])),
  'convolution, same': (t) => tf.conv2d(t, kernel(3, 3, 3, 5), 1, 'same'),
  'convolution, valid with stride': (t) => tf.conv2d(t, kernel(2, 3, 3, 5), [2, 1], 'valid'),
  'max-pooling': (t) => tf.maxPool(t, 2, 2, 'same'),
  'average pooling': (t) => tf.avgPool(t, 3, 2, 'valid'),
  'broadcast arithmetic': (t) => tf.div(tf.sub(tf.mul(t, x(3)), x(6, 1, 1)), tf.add(t, 2)),
  'functions of entries': (t) =>
    tf.sigmoid(tf.exp(tf.sqrt(tf.square(tf.relu(tf.tanh(tf.neg(tf.log(tf.abs(t))))))))),
  'more functions of entries': (t) => tf.softplus(tf.rsqrt(tf.maximum(tf.minimum(t, 0.9), 0.2))),
  reductions: (t) => tf.add(tf.sum(t, [1, 2]), tf.mean(tf.max(t, -1, true), [1, 2])),
  'softmax and log-softmax': (t) => tf.mul(tf.softmax(t), tf.logSoftmax(t)),
  'slices and joins': (t) => tf.concat([tf.slice(t, [0, 1], [-1, 2]), tf.reverse(t, 1)], 1),
  'splits and stacks': (t) => tf.stack(tf.unstack(tf.split(t, [1, 2], 3)[1] as Tensor, 1), -1),
  'padding, tiling, turning': (t) =>
    tf.transpose(
      tf.tile(
        tf.pad(t, [
          [0, 0],
          [1, 2],
          [0, 1],
          [0, 0],
        ]),
        [1, 2, 1, 1],
      ),
      [3, 0, 2, 1],
    ),
  gathering: (t) => tf.gather(t, tf.tensor1d([1, 0, 1], 'int32'), 1),
  matrices: (t) => tf.matMul(tf.reshape(t, [2, 6, 18]), x(18, 4), false, false),
  'transposed matrices': (t) => tf.matMul(tf.reshape(t, [2, 18, 6]), x(2, 4, 18), true, true),
  selections: (t) => tf.where(tf.greater(x(2, 6, 6, 3), 0.5), t, tf.zerosLike(t)),
  powers: (t) => tf.pow(tf.expandDims(t, 1), 2),
};

const others: Readonly<Record<string, () => Tensor>> = {
  comparisons: () => tf.logicalAnd(tf.equal(whole(2, 3), whole(3)), tf.lessEqual(x(2, 3), x(2, 1))),
  'logical not': () => tf.logicalNot(tf.isNaN(x(2, 3))),
  casts: () => tf.cast(tf.cast(x(2, 3), 'bool'), 'int32'),
  'one-hot': () => tf.oneHot(whole(2, 3), 4),
  'index of the largest': () => tf.argMax(x(2, 3, 4), 1),
  'filled and like': () => tf.add(tf.fill([2, 3], 1.5), tf.onesLike(x(2, 3))),
  'any and all': () => tf.any(tf.all(tf.cast(x(2, 3, 4), 'bool'), 1)),
};

const failures = () =>
  checked.filter(({ said, came }) => JSON.stringify(said) !== JSON.stringify(came));

describe('the shape rules say what TensorFlow returns', () => {
  it.each(Object.entries(differentiable))('for %s, with its gradient', (_, f) => {
    tf.tidy(() => void tf.grad((t) => tf.sum(tf.square(f(t as tf.Tensor4D))))(x(2, 6, 6, 3)));
    expect(checked.length).toBeGreaterThan(2);
    expect(failures()).toEqual([]);
  });

  it.each(Object.entries(others))('for %s', (_, f) => {
    tf.tidy(() => void f());
    expect(checked.length).toBeGreaterThan(0);
    expect(failures()).toEqual([]);
  });
});
