import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { groupCount } from '../../../../engine/training/network/group-norm.ts';
import { createLayers, type Layers } from '../../../../engine/training/network/layers.ts';
import { createRandom } from '../../../../shared/random.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();
// The portable layers are plain tfjs operations, so they run on the native backend as well.
const native = createLayers(engine);
const portable = createLayers({ ...engine, native: null });

const random = createRandom(1, 'layers test');
const tensor = (shape: number[], deviation = 1, mean = 0) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
      return mean + deviation * random.normal();
    }),
    shape,
  );

type Layer = (layers: Layers, inputs: readonly Tensor[]) => Tensor;

interface Case {
  readonly name: string;
  readonly layer: Layer;
  readonly inputs: readonly Tensor[];
}

const batchNormRelu: Layer = (layers, [x, gamma, beta]) => {
  const { output, mean, variance } = layers.batchNormRelu(
    x as Tensor4D,
    gamma as Tensor1D,
    beta as Tensor1D,
  );
  tf.dispose([mean, variance]);
  return output;
};

const cases: readonly Case[] = [
  {
    name: 'batch normalisation and ReLU',
    layer: batchNormRelu,
    inputs: [tensor([3, 4, 4, 5], 2, 1), tensor([5], 0.3, 1), tensor([5], 0.5)],
  },
  {
    name: 'batch normalisation alone',
    layer: (layers, [x, gamma, beta]) => {
      const { output, mean, variance } = layers.batchNorm(
        x as Tensor4D,
        gamma as Tensor1D,
        beta as Tensor1D,
      );
      tf.dispose([mean, variance]);
      return output;
    },
    inputs: [tensor([3, 4, 4, 5], 2, 1), tensor([5], 0.3, 1), tensor([5], 0.5)],
  },
  {
    name: 'group normalisation',
    layer: (layers, [x, gamma, beta]) =>
      layers.groupNorm(x as Tensor4D, gamma as Tensor1D, beta as Tensor1D),
    inputs: [tensor([2, 3, 4, 12], 2, 1), tensor([12], 0.3, 1), tensor([12], 0.5)],
  },
  {
    name: 'ReLU',
    layer: (layers, [x]) => layers.activate(x as Tensor4D, 'relu'),
    inputs: [tensor([2, 3, 3, 4])],
  },
  {
    name: 'ReLU up to 6',
    layer: (layers, [x]) => layers.activate(x as Tensor4D, 'relu6'),
    inputs: [tensor([2, 3, 3, 4], 4, 3)],
  },
  ...(['symmetric', 'same'] as const).flatMap((padding): Case[] => [
    {
      name: `convolution of stride 2, padding ${padding}`,
      layer: (layers, [x, kernel]) =>
        layers.convolution(x as Tensor4D, kernel as Tensor4D, { stride: 2, padding }),
      inputs: [tensor([2, 6, 4, 3]), tensor([3, 3, 3, 2])],
    },
    {
      name: `7×7 convolution of stride 2, padding ${padding}`,
      layer: (layers, [x, kernel]) =>
        layers.convolution(x as Tensor4D, kernel as Tensor4D, { stride: 2, padding }),
      inputs: [tensor([1, 8, 10, 2]), tensor([7, 7, 2, 3], 0.3)],
    },
    {
      name: `1×1 convolution of stride 2, padding ${padding}`,
      layer: (layers, [x, kernel]) =>
        layers.convolution(x as Tensor4D, kernel as Tensor4D, { stride: 2, padding }),
      inputs: [tensor([2, 4, 6, 3]), tensor([1, 1, 3, 2])],
    },
    {
      name: `depthwise convolution of stride 2, padding ${padding}`,
      layer: (layers, [x, kernel]) =>
        layers.depthwiseConvolution(x as Tensor4D, kernel as Tensor4D, { stride: 2, padding }),
      inputs: [tensor([2, 6, 4, 3]), tensor([3, 3, 3, 1])],
    },
    {
      name: `pooling of 3×3 pixels, padding ${padding}`,
      layer: (layers, [x]) => layers.maxPool3(tf.square(x as Tensor4D), padding),
      inputs: [tensor([2, 6, 4, 3])],
    },
  ]),
  {
    name: 'depthwise convolution',
    layer: (layers, [x, kernel]) => layers.depthwiseConvolution(x as Tensor4D, kernel as Tensor4D),
    inputs: [tensor([2, 5, 4, 3]), tensor([3, 3, 3, 1])],
  },
  {
    name: 'bias',
    layer: (layers, [x, bias]) => layers.addBias(x as Tensor4D, bias as Tensor1D),
    inputs: [tensor([2, 3, 3, 4]), tensor([4])],
  },
  {
    name: 'convolution',
    layer: (layers, [x, kernel]) => layers.convolution(x as Tensor4D, kernel as Tensor4D),
    inputs: [tensor([2, 5, 4, 3]), tensor([3, 3, 3, 2])],
  },
  {
    name: 'convolution over what was upsampled',
    layer: (layers, [below, kernel]) =>
      layers.convolution({ skip: null, below: below as Tensor4D }, kernel as Tensor4D),
    inputs: [tensor([2, 3, 5, 4]), tensor([3, 3, 4, 2], 0.5)],
  },
  {
    name: 'convolution over a skip and what was upsampled',
    layer: (layers, [skip, below, kernel]) =>
      layers.convolution({ skip: skip as Tensor4D, below: below as Tensor4D }, kernel as Tensor4D),
    inputs: [tensor([2, 4, 6, 3]), tensor([2, 2, 3, 4]), tensor([3, 3, 7, 2], 0.5)],
  },
  {
    name: 'pooling',
    layer: (layers, [x]) => layers.maxPool2(x as Tensor4D),
    inputs: [tensor([2, 4, 6, 3])],
  },
  {
    name: 'dense layer over pooled features',
    layer: (layers, [x, kernel, bias]) =>
      layers.dense(
        layers.globalAveragePool(x as Tensor4D),
        kernel as tf.Tensor2D,
        bias as Tensor1D,
      ),
    inputs: [tensor([3, 4, 4, 5]), tensor([5, 2]), tensor([2])],
  },
];

/** Σ output·weights: a scalar whose gradient reaches every output with another factor. */
function objective(layers: Layers, { layer }: Case, inputs: readonly Tensor[]): tf.Scalar {
  const output = layer(layers, inputs);
  const factors = tf.cos(tf.range(0, output.size)).reshape(output.shape);
  return tf.sum<tf.Scalar>(tf.mul(output, factors));
}

const gradients = (layers: Layers, test: Case) =>
  tf.grads((...inputs: Tensor[]) => objective(layers, test, inputs))([...test.inputs]);

function largestDifference(a: Tensor, b: Tensor): number {
  return tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] ?? NaN;
}

describe.each(cases)('$name', (test) => {
  it('gives the same output and gradients on both engines', () => {
    const outputs = [native, portable].map((layers) => test.layer(layers, test.inputs));
    expect(largestDifference(outputs[0] as Tensor, outputs[1] as Tensor)).toBeLessThan(1e-5);
    const [own, plain] = [gradients(native, test), gradients(portable, test)];
    own.forEach((gradient, i) => {
      expect(largestDifference(gradient, plain[i] as Tensor)).toBeLessThan(2e-4);
    });
  });

  it.each([
    ['native', native],
    ['portable', portable],
  ])('has the gradient that central differences find (%s)', (_, layers) => {
    const found = gradients(layers, test);
    const step = 2e-3;
    test.inputs.forEach((input, which) => {
      const values = input.dataSync<'float32'>();
      for (let trial = 0; trial < 6; trial++) {
        const at = random.below(values.length);
        const shifted = (by: number) => {
          const moved = values.slice();
          moved[at] = (moved[at] ?? 0) + by;
          const inputs = test.inputs.map((t, i) => (i === which ? tf.tensor(moved, t.shape) : t));
          return objective(layers, test, inputs).dataSync()[0] ?? NaN;
        };
        const numeric = (shifted(step) - shifted(-step)) / (2 * step);
        const exact = found[which]?.dataSync()[at] ?? NaN;
        // float32 has seven digits, of which the difference leaves three or four.
        expect(Math.abs(numeric - exact)).toBeLessThan(0.02 + 0.02 * Math.abs(exact));
      }
    });
  });
});

describe('a 1×1 convolution of stride 2', () => {
  it.each([
    ['even', [2, 8, 6, 3]],
    ['odd', [2, 7, 5, 3]],
    ['one pixel wide', [3, 4, 1, 1]],
  ])('is the strided operation, without being it: sides %s', (_, shape) => {
    const [x, kernel] = [tensor(shape), tensor([1, 1, shape[3] ?? 0, 4])];
    for (const padding of ['symmetric', 'same'] as const) {
      const output = native.convolution(x as Tensor4D, kernel as Tensor4D, { stride: 2, padding });
      const plain = tf.conv2d(x as Tensor4D, kernel as Tensor4D, 2, 'same');
      expect(output.shape).toEqual(plain.shape);
      expect(largestDifference(output, plain)).toBeLessThan(1e-5);
    }
    // oneDNN's kernel for its filter gradient writes outside its memory on some processors.
    const operation = vi.spyOn(engine.native, 'executeSingleOutput');
    tf.grads((input: Tensor, filter: Tensor) =>
      tf.sum(native.convolution(input as Tensor4D, filter as Tensor4D, { stride: 2 })),
    )([x, kernel]);
    const strides = operation.mock.calls.flatMap(([, attributes]) =>
      attributes.filter(({ name }) => name === 'strides').map(({ value }) => value),
    );
    operation.mockRestore();
    expect(new Set(strides.flat())).toEqual(new Set([1]));
  });
});

describe('a convolution over a skip and what was upsampled', () => {
  const [skip, below] = [tensor([2, 8, 6, 3]) as Tensor4D, tensor([2, 4, 3, 5]) as Tensor4D];
  const kernel = tensor([3, 3, 8, 4], 0.3) as Tensor4D;
  const concatenated = () => tf.concat4d([skip, tf.image.resizeNearestNeighbor(below, [8, 6])], 3);

  it.each([
    ['native', native],
    ['portable', portable],
  ])('is the convolution over both concatenated (%s)', (_, layers) => {
    const output = layers.convolution({ skip, below }, kernel);
    const plain = tf.conv2d(concatenated(), kernel, 1, 'same');
    expect(output.shape).toEqual(plain.shape);
    expect(largestDifference(output, plain)).toBeLessThan(2e-5);
  });

  it.each([
    ['native', native],
    ['portable', portable],
  ])('is that in its folded form, too (%s)', (_, layers) => {
    const norm = {
      gamma: tensor([4], 0.3, 1) as Tensor1D,
      beta: tensor([4]) as Tensor1D,
      mean: tensor([4]) as Tensor1D,
      variance: tf.square(tensor([4], 0.5, 1)) as Tensor1D,
    };
    const folded = layers.foldedConvolution({ skip, below }, kernel, norm);
    const plain = layers.foldedConvolution(concatenated(), kernel, norm);
    expect(largestDifference(folded, plain)).toBeLessThan(1e-4);
  });
});

describe('batch normalisation', () => {
  it.each([
    ['native', native],
    ['portable', portable],
  ])('returns mean and unbiased variance of the batch (%s)', (_, layers) => {
    const x = tf.tensor4d([1, 2, 3, 4, 10, 20, 30, 60], [2, 2, 1, 2]);
    const { mean, variance } = layers.batchNormRelu(x, tf.ones([2]), tf.zeros([2]));
    // numpy: a.reshape(4, 2).mean(0), .var(0, ddof=1)
    expect([...mean.dataSync()]).toEqual([11, 21.5]);
    expect(variance.dataSync()[0]).toBeCloseTo(175.3333, 2);
    expect(variance.dataSync()[1]).toBeCloseTo(723.6667, 1);
    tf.dispose([mean, variance]);
  });

  it.each([
    ['native', native],
    ['portable', portable],
  ])('adds the ε that it is given to the variance, in training and folded (%s)', (_, layers) => {
    const x = tf.tensor4d([0.01, 0.03, 0.05, 0.07], [1, 2, 2, 1]);
    const [gamma, beta] = [tf.ones<tf.Rank.R1>([1]), tf.zeros<tf.Rank.R1>([1])];
    const { output, mean, variance } = layers.batchNorm(x, gamma, beta, 1e-3);
    // numpy: (x - .04) / np.sqrt(.0005 + 1e-3)
    const wanted = [-0.774597, -0.258199, 0.258199, 0.774597];
    output.dataSync().forEach((v, i) => expect(v).toBeCloseTo(wanted[i] ?? NaN, 4));
    const identity = tf.ones<tf.Rank.R4>([1, 1, 1, 1]);
    const norm = { gamma, beta, mean, variance: tf.tensor1d([0.0005]), epsilon: 1e-3 };
    const folded = layers.foldedConvolution(x, identity, norm, { activation: 'none' });
    expect(largestDifference(folded, output)).toBeLessThan(1e-5);
    tf.dispose([mean, variance]);
  });

  it.each([
    ['native', native],
    ['portable', portable],
  ])('can be folded into the convolution before it (%s)', (_, layers) => {
    const [x, kernel] = [tensor([2, 6, 6, 3]) as Tensor4D, tensor([3, 3, 3, 4]) as Tensor4D];
    const norm = {
      gamma: tensor([4], 0.3, 1) as Tensor1D,
      beta: tensor([4]) as Tensor1D,
      mean: tensor([4]) as Tensor1D,
      variance: tf.square(tensor([4], 0.5, 1)) as Tensor1D,
    };
    const folded = layers.foldedConvolution(x, kernel, norm);
    const convolved = tf.conv2d(x, kernel, 1, 'same');
    const plain = tf.relu(
      tf.batchNorm4d(convolved, norm.mean, norm.variance, norm.beta, norm.gamma, 1e-5),
    );
    expect(largestDifference(folded, plain)).toBeLessThan(1e-4);
  });
});

describe('strided windows', () => {
  // The sum of what a window sees, over ramps of 4×4 pixels: by hand.
  const ramp = tf.tensor4d(
    Array.from({ length: 16 }, (_, i) => i + 1),
    [1, 4, 4, 1],
  );
  const ones = tf.ones<tf.Rank.R4>([3, 3, 1, 1]);
  it.each([
    ['native', native],
    ['portable', portable],
  ])('lie as in PyTorch, or as in TensorFlow (%s)', (_, layers) => {
    const sums = (padding: 'symmetric' | 'same') => [
      ...layers.convolution(ramp, ones, { stride: 2, padding }).dataSync(),
    ];
    expect(sums('symmetric')).toEqual([14, 30, 57, 99]);
    expect(sums('same')).toEqual([54, 45, 72, 54]);
  });
});

describe('group normalisation', () => {
  it('leaves mean 0 and variance 1 in each group of each image', () => {
    const x = tensor([2, 5, 4, 12], 3, 7) as Tensor4D;
    const y = native.groupNorm(x, tf.ones([12]), tf.zeros([12]));
    // Three groups of four channels.
    const { mean, variance } = tf.moments(tf.reshape(y, [2, 20, 3, 4]), [1, 3]);
    for (const value of mean.dataSync()) expect(value).toBeCloseTo(0, 5);
    for (const value of variance.dataSync()) expect(value).toBeCloseTo(1, 4);
  });

  it('takes groups of at least four channels, 32 at most, of one size', () => {
    expect([2, 4, 8, 12, 30, 64, 128, 320].map(groupCount)).toEqual([1, 1, 2, 3, 6, 16, 32, 32]);
  });
});

it('keeps no tensors but the batch statistics', () => {
  const before = tf.memory().numTensors;
  for (const layers of [native, portable]) {
    for (const test of cases) tf.tidy(() => void gradients(layers, test));
  }
  expect(tf.memory().numTensors).toBe(before);
});
