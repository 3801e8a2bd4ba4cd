import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allocated,
  expectNumericGradients,
  expectSameAsCpu,
  randomInput,
  startCheckedEngine,
  valuesOf,
  withBackend,
} from './gradient-check.ts';

startCheckedEngine();

const boxes = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      box: fc.tuple(
        ...shape.map((d) =>
          fc
            .tuple(fc.integer({ min: 0, max: d }), fc.integer({ min: 0, max: d }))
            .map(([a, b]) => ({ begin: Math.min(a, b), size: Math.abs(a - b) })),
        ),
      ),
    }),
  );

describe('slice', () => {
  it('takes any box out of any shape and type as the cpu backend does', async () => {
    await fc.assert(
      fc.asyncProperty(
        boxes,
        fc.constantFrom('float32', 'int32', 'bool'),
        async ({ shape, box }, dtype) => {
          const cut = () =>
            valuesOf(
              (x) => {
                const typed = tf.cast(tf.round(tf.mul(x, 3)), dtype);
                const begin = box.map((side) => side.begin);
                return tf.slice(
                  typed,
                  begin,
                  box.map((side) => side.size),
                );
              },
              [randomInput(shape)],
            );
          expect(cut()).toEqual(await withBackend('cpu', cut));
        },
      ),
      { numRuns: 150, seed: 4 },
    );
  });

  it('copies long runs too', () => {
    const x = randomInput([3, 100, 40]);
    const expected = [...Array(2 * 90 * 40).keys()].map((i) => {
      const [image, rest] = [Math.floor(i / 3600), i % 3600];
      return x.values[(image + 1) * 4000 + 5 * 40 + rest];
    });
    expect(valuesOf((t) => tf.slice(t, [1, 5, 0], [2, 90, 40]), [x])).toEqual(expected);
  });

  it('has the gradient of its difference quotients', () => {
    expectNumericGradients((x) => tf.slice(x, [1, 0, 1], [1, 3, 2]), [randomInput([3, 3, 4])], {
      step: 1,
      tolerance: 1e-4,
    });
  });
});

describe('split', () => {
  it.each([
    { shape: [12], sizes: [5, 1, 6], axis: 0 },
    { shape: [2, 3, 3, 9], sizes: [4, 5], axis: 3 },
    { shape: [2, 3, 3, 9], sizes: [4, 5], axis: -1 },
    { shape: [4, 6], sizes: 2, axis: 1 },
  ])('of $shape along axis $axis equals the cpu backend’s', async ({ shape, sizes, axis }) => {
    await expectSameAsCpu(
      (x) => {
        const parts = tf.split(x, sizes, axis);
        return tf.concat(
          parts.map((part, i) => tf.mul(tf.reshape(part, [-1]), i + 1)),
          0,
        );
      },
      [randomInput(shape)],
    );
  });
});

describe('concat', () => {
  it('has the cpu backend’s gradients along channels', async () => {
    await expectSameAsCpu(
      (a, b) => tf.concat([a, b], 3),
      [randomInput([2, 3, 3, 2]), randomInput([2, 3, 3, 5])],
    );
  });
});

describe('tile', () => {
  it.each([
    { shape: [1, 1, 1, 5], reps: [2, 3, 3, 1] },
    { shape: [1, 4], reps: [7, 1] },
    { shape: [2, 3], reps: [2, 3] },
    { shape: [3], reps: [1] },
    { shape: [1, 1], reps: [3, 5] },
  ])('of $shape times $reps equals the cpu backend’s', async ({ shape, reps }) => {
    await expectSameAsCpu((x) => tf.tile(x, reps), [randomInput(shape)]);
  });

  it('keeps integers and truth values', () => {
    const tiled = tf.tidy(() => [
      tf.tile(tf.tensor2d([1, 2, 3], [1, 3], 'int32'), [2, 1]).arraySync(),
      tf.tile(tf.tensor2d([1, 0], [1, 2], 'bool'), [3, 1]).arraySync(),
    ]);
    expect(tiled).toEqual([
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      [
        [1, 0],
        [1, 0],
        [1, 0],
      ],
    ]);
  });
});

describe('clone and cast', () => {
  it('share the buffer, which lives until the last tensor is disposed of', () => {
    const before = allocated();
    const x = tf.tensor1d([1, 2, 3]);
    const copies = [tf.clone(x), tf.cast(x, 'float32')];
    expect(allocated()).toEqual({ tensors: before.tensors + 3, buffers: before.buffers + 1 });
    x.dispose();
    for (const copy of copies) {
      expect(copy.arraySync()).toEqual([1, 2, 3]);
      copy.dispose();
    }
    expect(allocated()).toEqual(before);
  });

  it('make every number but zero true', () => {
    const truths = tf.tidy(() => [
      tf.cast(tf.tensor1d([0, 0.5, -0.25, 256, NaN, -0]), 'bool').arraySync(),
      tf.cast(tf.tensor1d([0, 256, -1], 'int32'), 'bool').arraySync(),
    ]);
    expect(truths).toEqual([
      [0, 1, 1, 1, 1, 0],
      [0, 1, 1],
    ]);
  });
});

describe('strided slice', () => {
  it('works on numbers, and refuses the types that the wasm backend reads wrongly', () => {
    tf.tidy(() => {
      const x = tf.tensor1d([1, 2, 3, 4, 5]);
      expect(tf.stridedSlice(x, [0], [5], [2]).arraySync()).toEqual([1, 3, 5]);
      expect(() => tf.stridedSlice(tf.cast(x, 'int32'), [0], [5], [2])).toThrow('every n-th');
    });
  });
});

describe('one-hot', () => {
  it.each(['float32', 'int32'] as const)('vectors of %s', (dtype) => {
    const [classes, smoothed] = tf.tidy(() => {
      const labels = tf.tensor2d([0, 2, 1, 5], [2, 2], 'int32');
      return [
        tf.oneHot(labels, 3, 1, 0, dtype).arraySync(),
        tf.oneHot(labels, 3, 9, 2, dtype).arraySync(),
      ];
    });
    const expected = (on: number, off: number) => [
      [
        [on, off, off],
        [off, off, on],
      ],
      [
        [off, on, off],
        [off, off, off],
      ],
    ];
    expect(classes).toEqual(expected(1, 0));
    expect(smoothed).toEqual(expected(9, 2));
  });
});

describe('gather', () => {
  it.each([
    { shape: [4, 3], indices: [2, 0, 2], axis: 0 },
    { shape: [4, 3], indices: [2, 0, 2, 1], axis: 1 },
    { shape: [2, 3, 4], indices: [1, 1], axis: 1 },
    { shape: [5], indices: [4, 4, 4], axis: 0 },
  ])('of $shape along axis $axis has its gradient', async ({ shape, indices, axis }) => {
    const gather = (x: tf.Tensor) => tf.gather(x, tf.tensor1d(indices, 'int32'), axis);
    await expectSameAsCpu(gather, [randomInput(shape)]);
    expectNumericGradients(gather, [randomInput(shape)], { step: 1, tolerance: 1e-4 });
  });
});

describe('segment sums', () => {
  it('leave out ids that are no segment', () => {
    const ids = () => tf.tensor1d([0, -1, 2, 0, 3], 'int32');
    const sums = valuesOf(
      (x) => tf.unsortedSegmentSum(x, ids(), 3),
      [{ shape: [5, 2], values: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) }],
    );
    expect(sums).toEqual([8, 10, 0, 0, 5, 6]);
  });
});
