import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { trace } from '../../../../engine/training/tensorflow/trace.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();

const values = (tensors: readonly tf.Tensor[]) => tensors.map((t) => [...t.dataSync()]);

/** A small step with a convolution, a reduction, a cast, a slice and tfjs's own gradients. */
function step([kernel, image]: readonly tf.Tensor[]): tf.Tensor[] {
  const { value, grads } = tf.valueAndGrads((k: tf.Tensor) => {
    const y = tf.relu(tf.conv2d(image as tf.Tensor4D, k as tf.Tensor4D, 1, 'same'));
    const dark = tf.cast(tf.less(image as tf.Tensor4D, 0.3), 'float32');
    const part = tf.slice(tf.mul(y, dark), [0, 1, 1, 0], [-1, 3, 3, -1]);
    return tf.mean<tf.Scalar>(tf.square(part));
  })([kernel as tf.Tensor]);
  return [value, tf.sub(kernel as tf.Tensor, tf.mul(grads[0] as tf.Tensor, 0.1))];
}

const inputs = (seed: number, size = 6) => [
  tf.randomNormal([3, 3, 2, 2], 0, 1, 'float32', seed),
  tf.randomUniform([2, size, size, 2], 0, 1, 'float32', seed + 1),
];

describe('a traced function', () => {
  it('gives the eager results to the last bit, on data it was not recorded with', () => {
    const traced = trace(engine, 'step', step);
    traced.run(inputs(1));
    const fresh = inputs(7);
    expect(values(traced.run(fresh))).toEqual(values(step(fresh)));
    traced.dispose();
  });

  it('is recorded once for each combination of shapes', () => {
    let runs = 0;
    const traced = trace(engine, 'step', (xs) => {
      runs++;
      return step(xs);
    });
    for (const size of [6, 6, 8, 6, 8]) traced.run(inputs(size, size));
    expect({ runs, graphs: traced.graphCount }).toEqual({ runs: 2, graphs: 2 });
    traced.dispose();
  });

  it('is loaded once in a process, whoever traces the same graph, and forgotten when others came', () => {
    const load = vi.spyOn(engine.native, 'loadSavedModelMetaGraph');
    const forget = vi.spyOn(engine.native, 'deleteSavedModel');
    const scaled = (factor: number) =>
      trace(engine, 'scaled', ([x]) => [tf.mul(x as tf.Tensor, factor)]);
    const first = scaled(1001);
    const [a] = values(first.run([tf.tensor1d([1, 2])]));
    first.dispose();
    const [again, beside] = [scaled(1001), scaled(1001)];
    expect(values(again.run([tf.tensor1d([1, 2])]))).toEqual([a]);
    again.dispose();
    expect(values(beside.run([tf.tensor1d([3, 4])]))).toEqual([[3003, 4004]]);
    expect(load).toHaveBeenCalledTimes(1);
    for (let factor = 1002; factor < 1010; factor++) {
      const other = scaled(factor);
      other.run([tf.tensor1d([1, 2])]);
      other.dispose();
    }
    // Still in use, so it was not let go of, unlike those that nobody uses.
    expect(forget.mock.calls.length).toBeGreaterThanOrEqual(4);
    expect(values(beside.run([tf.tensor1d([5, 6])]))).toEqual([[5005, 6006]]);
    beside.dispose();
    load.mockRestore();
    forget.mockRestore();
  });

  it('keeps tensors made from numbers, and tensors from outside, as constants', () => {
    const outside = tf.tensor1d([10, 20]);
    const traced = trace(engine, 'constants', ([x]) => [
      tf.add(tf.mul(x as tf.Tensor, 3), outside),
      tf.zerosLike(x as tf.Tensor),
      tf.expandDims(x as tf.Tensor, 0),
    ]);
    traced.run([tf.tensor1d([1, 2])]);
    outside.dispose();
    expect(values(traced.run([tf.tensor1d([3, 4])]))).toEqual([
      [19, 32],
      [0, 0],
      [3, 4],
    ]);
    traced.dispose();
  });

  it('may return an input or a constant, and what it returns belongs to the caller', () => {
    const traced = trace(engine, 'identity', ([x]) => [x as tf.Tensor, tf.scalar(5)]);
    const first = tf.tensor1d([1]);
    tf.dispose(traced.run([first]));
    expect(first.isDisposed).toBe(false);
    expect(values(traced.run([tf.tensor1d([2])]))).toEqual([[2], [5]]);
    traced.dispose();
  });

  it('leaves no tensor, no file and no session behind', () => {
    const before = { tensors: tf.memory().numTensors, files: graphFolders() };
    const traced = trace(engine, 'step', step);
    for (let i = 0; i < 20; i++) {
      const xs = inputs(i);
      tf.dispose([...traced.run(xs), ...xs]);
    }
    traced.dispose();
    expect({ tensors: tf.memory().numTensors, files: graphFolders() }).toEqual(before);
    expect(traced.graphCount).toBe(0);
  });

  it.each([
    [
      'values that are read inside',
      (x: tf.Tensor) => [tf.mul(x, x.dataSync()[0] ?? 0)],
      /reads values/,
    ],
    ['random numbers drawn inside', (x: tf.Tensor) => [tf.add(x, tf.randomNormal([2]))], /random/],
    [
      'tensors of other types',
      (x: tf.Tensor) => [tf.add(x, 1), tf.tensor(['text'])],
      /type string/,
    ],
  ])('refuses %s, and eager work goes on afterwards', (_, body, message) => {
    const traced = trace(engine, 'bad step', ([x]) => body(x as tf.Tensor));
    expect(() => traced.run([tf.tensor1d([1, 2])])).toThrow(message);
    expect(values([tf.square(tf.tensor1d([3]))])).toEqual([[9]]);
  });

  it('refuses one tensor as two inputs, which later calls could not tell apart', () => {
    const x = tf.tensor1d([1]);
    const traced = trace(engine, 'sum', ([a, b]) => [tf.add(a as tf.Tensor, b as tf.Tensor)]);
    expect(() => traced.run([x, tf.clone(x)])).toThrow(/two of its inputs are one tensor/);
  });
});

const graphFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('graft-graph-'));
