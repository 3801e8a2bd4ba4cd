import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expectNumericGradients,
  expectSameAsCpu,
  randomInput,
  startCheckedEngine,
} from './gradient-check.ts';

startCheckedEngine();

type Pad = Parameters<typeof tf.depthwiseConv2d>[3];

interface Layer {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly strides: number | [number, number];
  readonly pad: Pad;
}

const convolutions: Record<string, Layer> = {
  '3×3 on an odd size': { x: [2, 5, 7, 3], filter: [3, 3, 3, 4], strides: 1, pad: 'same' },
  '3×3, stride 2, even size': { x: [2, 6, 6, 3], filter: [3, 3, 3, 4], strides: 2, pad: 'same' },
  '3×3, stride 2, odd size': { x: [2, 7, 5, 2], filter: [3, 3, 2, 3], strides: 2, pad: 'same' },
  '3×3, no padding': { x: [2, 6, 5, 2], filter: [3, 3, 2, 3], strides: 1, pad: 'valid' },
  '3×3, stride 2, rows left over': {
    x: [1, 8, 6, 2],
    filter: [3, 3, 2, 3],
    strides: 2,
    pad: 'valid',
  },
  '1×1': { x: [2, 5, 4, 3], filter: [1, 1, 3, 4], strides: 1, pad: 'same' },
  '1×1, stride 2': { x: [2, 5, 6, 3], filter: [1, 1, 3, 4], strides: 2, pad: 'same' },
  '1×1, stride 3, columns left over': {
    x: [1, 9, 7, 2],
    filter: [1, 1, 2, 2],
    strides: 3,
    pad: 'valid',
  },
  '1×1 with padding': { x: [1, 3, 4, 2], filter: [1, 1, 2, 3], strides: 1, pad: 1 },
  'batch 1, one channel to one': {
    x: [1, 5, 5, 1],
    filter: [3, 3, 1, 1],
    strides: 1,
    pad: 'same',
  },
  'one channel in, stride 2': { x: [3, 4, 4, 1], filter: [3, 3, 1, 5], strides: 2, pad: 'same' },
  'one channel out': { x: [2, 4, 4, 5], filter: [1, 1, 5, 1], strides: 1, pad: 'same' },
  '2×2, stride 2': { x: [2, 6, 4, 3], filter: [2, 2, 3, 4], strides: 2, pad: 'valid' },
  '2×2 on an odd size': { x: [1, 5, 5, 2], filter: [2, 2, 2, 2], strides: 1, pad: 'same' },
  '5×3 with strides 2 and 1': {
    x: [1, 9, 6, 2],
    filter: [5, 3, 2, 3],
    strides: [2, 1],
    pad: 'same',
  },
  'explicit padding': {
    x: [2, 5, 6, 2],
    filter: [3, 3, 2, 3],
    strides: 2,
    pad: [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ],
  },
  'a single pixel': { x: [2, 1, 1, 3], filter: [3, 3, 3, 2], strides: 1, pad: 'same' },
  'a filter as large as the image': {
    x: [2, 4, 4, 3],
    filter: [4, 4, 3, 2],
    strides: 1,
    pad: 'valid',
  },
};

const plain =
  ({ strides, pad }: Layer) =>
  (...[x, filter]: tf.Tensor[]) =>
    tf.conv2d(x as Tensor4D, filter as Tensor4D, strides, pad);

describe.each(Object.entries(convolutions))('convolution %s', (_, layer) => {
  const inputs = [randomInput(layer.x), randomInput(layer.filter)];

  it('has the cpu backend’s value and gradients', async () => {
    await expectSameAsCpu(plain(layer), inputs);
  });

  it('has the gradients of its difference quotients', () => {
    expectNumericGradients(plain(layer), inputs, { step: 0.5, tolerance: 1e-4 });
  });
});

describe('convolutions of any geometry', () => {
  it('have the cpu backend’s gradients', async () => {
    const geometry = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      height: fc.integer({ min: 3, max: 9 }),
      width: fc.integer({ min: 3, max: 9 }),
      channels: fc.integer({ min: 1, max: 5 }),
      outputs: fc.integer({ min: 1, max: 5 }),
      side: fc.integer({ min: 1, max: 3 }),
      strides: fc.integer({ min: 1, max: 3 }),
      pad: fc.constantFrom('same' as const, 'valid' as const),
    });
    await fc.assert(
      fc.asyncProperty(geometry, async (g) => {
        // A 'same' stride wider than its filter shifts the wasm backend's forward pass; no network here has one.
        fc.pre(g.side === 1 || g.strides <= g.side);
        const layer: Layer = {
          x: [g.batch, g.height, g.width, g.channels],
          filter: [g.side, g.side, g.channels, g.outputs],
          strides: g.strides,
          pad: g.pad,
        };
        const inputs = [randomInput(layer.x), randomInput(layer.filter)];
        await expectSameAsCpu(plain(layer), inputs);
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});

const depthwise =
  ({ strides, pad }: Layer) =>
  (...[x, filter]: tf.Tensor[]) =>
    tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, strides, pad);

const depthwiseLayers: Record<string, Layer> = {
  '3×3': { x: [2, 5, 6, 3], filter: [3, 3, 3, 1], strides: 1, pad: 'same' },
  '3×3, stride 2, even size': { x: [2, 6, 6, 4], filter: [3, 3, 4, 1], strides: 2, pad: 'same' },
  '3×3, stride 2, odd size': { x: [1, 7, 5, 3], filter: [3, 3, 3, 1], strides: 2, pad: 'same' },
  'no padding, stride 2': { x: [2, 8, 7, 2], filter: [3, 3, 2, 1], strides: 2, pad: 'valid' },
  'two outputs a channel': { x: [2, 5, 5, 3], filter: [3, 3, 3, 2], strides: 1, pad: 'same' },
  'three outputs a channel, stride 2': {
    x: [1, 6, 5, 2],
    filter: [3, 3, 2, 3],
    strides: 2,
    pad: 'same',
  },
  'one channel, batch 1': { x: [1, 5, 5, 1], filter: [3, 3, 1, 1], strides: 1, pad: 'same' },
  '1×1': { x: [2, 4, 3, 3], filter: [1, 1, 3, 1], strides: 1, pad: 'same' },
  '5×5': { x: [1, 7, 7, 2], filter: [5, 5, 2, 1], strides: 1, pad: 'same' },
};

describe.each(Object.entries(depthwiseLayers))('depthwise convolution %s', (_, layer) => {
  const inputs = [randomInput(layer.x), randomInput(layer.filter)];

  it('has the cpu backend’s value and gradients', async () => {
    await expectSameAsCpu(depthwise(layer), inputs);
  });

  it('has the gradients of its difference quotients', () => {
    expectNumericGradients(depthwise(layer), inputs, { step: 0.5, tolerance: 1e-4 });
  });
});

describe('depthwise convolution with padding wider than its filter', () => {
  it('refuses its input gradient instead of computing a wrong one', () => {
    const layer: Layer = { x: [1, 3, 3, 2], filter: [1, 1, 2, 1], strides: 1, pad: 1 };
    const inputs = [randomInput(layer.x), randomInput(layer.filter)];
    expect(() => {
      expectNumericGradients(depthwise(layer), inputs, { step: 0.5, tolerance: 1e-4 });
    }).toThrow('padding wider');
  });
});

describe('transposed convolution', () => {
  it.each([2, 3])('with a filter of side %i has the cpu backend’s gradients', async (side) => {
    await expectSameAsCpu(
      (x, filter) => tf.conv2dTranspose(x as Tensor4D, filter as Tensor4D, [2, 6, 8, 3], 2, 'same'),
      [randomInput([2, 3, 4, 2]), randomInput([side, side, 3, 2])],
    );
  });
});
