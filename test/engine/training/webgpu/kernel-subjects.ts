/**
 * What kernels of graphics cards are tried with, beside native TensorFlow: layers over generated shapes, odd sizes, 1 to 70
 * channels, batches of 1 to 9.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { attentionMean } from '../../../../engine/training/network/attention-pooling.ts';
import type { Layers } from '../../../../engine/training/network/layers.ts';
import {
  classEntropy,
  countedError,
  meanSquaredError,
} from '../../../../engine/training/objectives/losses.ts';
import { ntXent } from '../../../../engine/training/pretrain/contrastive-loss.ts';
import { chosenImage } from '../../../../engine/training/pretrain/contrastive-reconstruction.ts';
import { createRandom, type Random } from '../../../../shared/random.ts';

interface Input {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface Case {
  readonly inputs: readonly Input[];
  readonly layer: (layers: Layers, inputs: readonly Tensor[]) => Tensor;
}

export interface Subject {
  readonly name: string;
  /** Share of the largest value: sums are made in another order, of some hundred to some thousand terms. */
  readonly tolerance: number;
  readonly cases: number;
  readonly make: (random: Random) => Case;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
export const normal = (
  random: Random,
  shape: readonly number[],
  mean = 0,
  deviation = 1,
): Input => ({
  shape,
  values: Float32Array.from({ length: sizeOf(shape) }, () => mean + deviation * random.normal()),
});
const between = (random: Random, least: number, most: number) =>
  least + random.below(most - least + 1);
const channels = (random: Random) =>
  random.next() < 0.4 ? 4 * between(random, 1, 17) : between(random, 1, 70);
const side = (random: Random) => between(random, 1, 9);
/** Few numbers where batches are large. */
const batch = (random: Random) =>
  random.next() < 0.7 ? between(random, 1, 3) : between(random, 4, 9);

const normOf =
  (norm: 'batchNormRelu' | 'batchNorm'): Case['layer'] =>
  (layers, [x, gamma, beta]) => {
    const { output, mean, variance } = layers[norm](
      x as Tensor4D,
      gamma as Tensor1D,
      beta as Tensor1D,
    );
    tf.dispose([mean, variance]);
    return output;
  };

const normInputs = (random: Random) => {
  const c = channels(random);
  return [
    // Far from zero: sums of squares would lose it.
    normal(random, [batch(random), side(random) + 1, side(random), c], random.uniform(-20, 20), 2),
    normal(random, [c], 1, 0.3),
    normal(random, [c], 0, 0.5),
  ];
};

const convolutionOf =
  (
    kernel: number,
    options: NonNullable<Parameters<Layers['convolution']>[2]>,
    most = 70,
  ): Subject['make'] =>
  (random) => {
    const [inputs, outputs] = [Math.min(most, channels(random)), Math.min(most, channels(random))];
    const even = options.stride === 2 ? 2 : 1;
    return {
      inputs: [
        normal(random, [batch(random), even * side(random), even * side(random), inputs]),
        normal(random, [kernel, kernel, inputs, outputs], 0, 0.2),
      ],
      layer: (layers, [x, k]) => layers.convolution(x as Tensor4D, k as Tensor4D, options),
    };
  };

/** Values of which many are alike, zeros of both signs among them. */
const tied = (random: Random, shape: readonly number[]): Input => ({
  shape,
  values: Float32Array.from({ length: sizeOf(shape) }, () => {
    const value = Math.round(random.normal() * 2) / 2;
    return value === 0 && random.next() < 0.5 ? -0 : value;
  }),
});

export const subjects: readonly Subject[] = [
  { name: 'convolution 3×3', tolerance: 3e-6, cases: 2, make: convolutionOf(3, {}) },
  { name: 'convolution 1×1', tolerance: 3e-6, cases: 2, make: convolutionOf(1, {}) },
  {
    name: 'convolution 3×3 of stride 2',
    tolerance: 3e-6,
    cases: 1,
    make: convolutionOf(3, { stride: 2, padding: 'symmetric' }),
  },
  {
    name: 'convolution 3×3 of stride 2, padded as TensorFlow does',
    tolerance: 3e-6,
    cases: 1,
    make: convolutionOf(3, { stride: 2, padding: 'same' }),
  },
  {
    name: 'convolution 7×7 of stride 2',
    tolerance: 3e-6,
    cases: 1,
    make: convolutionOf(7, { stride: 2, padding: 'symmetric' }, 9),
  },
  {
    name: 'convolution 1×1 of stride 2',
    tolerance: 3e-6,
    cases: 1,
    make: convolutionOf(1, { stride: 2, padding: 'symmetric' }),
  },
  {
    name: 'convolution over a skip and what is upsampled',
    tolerance: 3e-6,
    cases: 1,
    make(random) {
      const [b, h, w] = [batch(random), between(random, 1, 6), between(random, 1, 6)];
      const [skip, below, outputs] = [channels(random), channels(random), channels(random)];
      return {
        inputs: [
          normal(random, [b, 2 * h, 2 * w, skip]),
          normal(random, [b, h, w, below]),
          normal(random, [3, 3, skip + below, outputs], 0, 0.2),
        ],
        layer: (layers, [s, u, k]) =>
          layers.convolution({ skip: s as Tensor4D, below: u as Tensor4D }, k as Tensor4D),
      };
    },
  },
  ...([1, 2] as const).map((stride): Subject => ({
    name: `depthwise convolution of stride ${stride}`,
    tolerance: 2e-6,
    cases: 3,
    make(random) {
      const c = channels(random);
      return {
        inputs: [
          normal(random, [batch(random), stride * side(random), stride * side(random), c]),
          normal(random, [3, 3, c, 1]),
        ],
        layer: (layers, [x, k]) =>
          layers.depthwiseConvolution(x as Tensor4D, k as Tensor4D, { stride }),
      };
    },
  })),
  {
    name: 'batch normalisation and ReLU',
    tolerance: 5e-6,
    cases: 3,
    make: (random) => ({ inputs: normInputs(random), layer: normOf('batchNormRelu') }),
  },
  {
    name: 'batch normalisation',
    tolerance: 5e-6,
    cases: 2,
    make: (random) => ({ inputs: normInputs(random), layer: normOf('batchNorm') }),
  },
  {
    name: 'group normalisation',
    tolerance: 5e-6,
    cases: 3,
    make: (random) => ({
      inputs: normInputs(random),
      layer: (layers, [x, gamma, beta]) =>
        layers.groupNorm(x as Tensor4D, gamma as Tensor1D, beta as Tensor1D),
    }),
  },
  {
    name: 'pooling of 2×2 pixels',
    tolerance: 0,
    cases: 3,
    make: (random) => ({
      inputs: [tied(random, [batch(random), 2 * side(random), 2 * side(random), channels(random)])],
      layer: (layers, [x]) => layers.maxPool2(x as Tensor4D),
    }),
  },
  ...(['symmetric', 'same'] as const).map((padding): Subject => ({
    name: `pooling of 3×3 pixels, padding ${padding}`,
    tolerance: 1e-6,
    cases: 2,
    make(random) {
      const { shape, values } = tied(random, [
        batch(random),
        2 * side(random),
        2 * side(random),
        channels(random),
      ]);
      return {
        inputs: [{ shape, values: values.map(Math.abs) }],
        layer: (layers, [x]) => layers.maxPool3(x as Tensor4D, padding),
      };
    },
  })),
  ...(['relu', 'relu6'] as const).map((kind): Subject => ({
    name: kind,
    tolerance: 0,
    cases: 2,
    make: (random) => {
      const { shape, values } = tied(random, [batch(random), side(random), 5, channels(random)]);
      // Corners at 0, −0 and 6 are among them.
      return {
        inputs: [{ shape, values: values.map((v) => (v === 0 ? v : 3 * v)) }],
        layer: (layers, [x]) => layers.activate(x as Tensor4D, kind),
      };
    },
  })),
  {
    name: 'mean squared error behind a sigmoid',
    tolerance: 2e-6,
    cases: 2,
    make(random) {
      const shape = [batch(random), side(random), 4 * side(random), between(random, 1, 5)] as const;
      const target = normal(random, shape).values;
      return {
        inputs: [normal(random, shape, 0, 3)],
        layer: (layers, [x]) => {
          const image = layers.sigmoid(x as Tensor4D);
          return meanSquaredError(layers, image, tf.tensor4d(target, [...shape]));
        },
      };
    },
  },
  {
    name: 'mean over the pixels of an image, and a dense layer',
    tolerance: 3e-6,
    cases: 2,
    make(random) {
      const [c, outputs] = [channels(random), channels(random)];
      return {
        inputs: [
          normal(random, [batch(random), side(random), side(random), c]),
          normal(random, [c, outputs], 0, 0.2),
          normal(random, [outputs]),
        ],
        layer: (layers, [x, kernel, bias]) =>
          layers.dense(
            layers.globalAveragePool(x as Tensor4D),
            kernel as Tensor2D,
            bias as Tensor1D,
          ),
      };
    },
  },
  {
    name: 'product and mean over attended pixels',
    tolerance: 3e-6,
    cases: 2,
    make(random) {
      const [b, h, w, c] = [batch(random), side(random), side(random), channels(random)];
      const dropped = Float32Array.from({ length: b * h * w * c }, () => 2 * random.below(2));
      return {
        inputs: [
          normal(random, [b, h, w, c]),
          {
            shape: [b, h, w, 1],
            values: normal(random, [b, h, w, 1], 0.5, 0.1).values.map(Math.abs),
          },
        ],
        layer: (layers, [x, attention]) =>
          attentionMean(
            layers,
            tf.mul(x as Tensor4D, tf.tensor4d(dropped, [b, h, w, c])),
            attention as Tensor4D,
          ),
      };
    },
  },
  {
    name: 'choice of a part',
    tolerance: 0,
    cases: 2,
    make(random) {
      const [b, parts] = [batch(random), between(random, 2, 5)];
      const chosen = Array.from({ length: b }, () => random.below(parts));
      return {
        inputs: [normal(random, [b, side(random), side(random), parts * between(random, 1, 3)])],
        layer: (layers, [x]) =>
          chosenImage(layers, x as Tensor4D, [tf.tensor1d(chosen, 'int32'), parts]),
      };
    },
  },
  {
    name: 'mean squared error over what counts',
    tolerance: 2e-6,
    cases: 3,
    make(random) {
      const shape = [batch(random), side(random), 9 * side(random), between(random, 1, 5)] as const;
      const target = normal(random, shape).values;
      // None, in one of them.
      const share = random.below(3) / 2;
      const pixels = [shape[0], shape[1], shape[2]] as const;
      const counted = Float32Array.from({ length: sizeOf(pixels) }, () =>
        random.next() < share ? 1 : 0,
      );
      return {
        inputs: [normal(random, shape, 0, 3)],
        layer: (layers, [x]) =>
          countedError(layers, x as Tensor4D, [
            tf.tensor4d(target, [...shape]),
            tf.tensor3d(counted, [...pixels]),
          ]),
      };
    },
  },
  {
    name: 'cross-entropy of classes',
    tolerance: 3e-6,
    cases: 3,
    make(random) {
      const [rows, classes] = [between(random, 1, 90), between(random, 2, 90)];
      const labels = Array.from({ length: rows }, () => random.below(classes + 1) - 1);
      return {
        inputs: [normal(random, [rows, classes], 0, 4)],
        layer: (layers, [x]) => classEntropy(layers, x as Tensor2D, tf.tensor1d(labels, 'int32')),
      };
    },
  },
  {
    name: 'contrast of views',
    tolerance: 3e-6,
    cases: 3,
    make: (random) => ({
      inputs: [normal(random, [2 * between(random, 1, 40), between(random, 2, 130)], 0, 2)],
      layer: (layers, [x]) => ntXent(layers, x as Tensor2D),
    }),
  },
  {
    name: 'bias',
    tolerance: 3e-6,
    cases: 2,
    make(random) {
      const c = channels(random);
      return {
        inputs: [
          normal(random, [batch(random), side(random), side(random), c]),
          normal(random, [c]),
        ],
        layer: (layers, [x, bias]) => layers.addBias(x as Tensor4D, bias as Tensor1D),
      };
    },
  },
];

/** The output, then the gradient of every input. */
export async function results(layers: Layers, { inputs, layer }: Case, slopes: Float32Array) {
  const tensors = inputs.map(({ values, shape }) => tf.tensor(values, [...shape]));
  const output = layer(layers, tensors);
  const dOutput = tf.tensor(slopes.slice(0, output.size), output.shape);
  const gradients = tf.grads((...x: Tensor[]) => layer(layers, x))(tensors, dOutput);
  const all = [output, ...gradients];
  const values = await Promise.all(
    all.map(async (tensor) => (await tensor.data<'float32'>()).slice()),
  );
  tf.dispose([...tensors, dOutput, ...all]);
  return values;
}

/** NaN where one is a number and the other is not. */
export function distance(found: Float32Array, wanted: Float32Array): number {
  let [most, largest] = [0, 1e-6];
  wanted.forEach((value, i) => {
    const other = found[i] ?? NaN;
    if (Number.isNaN(value) !== Number.isNaN(other)) most = Infinity;
    if (Number.isNaN(value) || Object.is(value, other)) return;
    most = Math.max(most, Math.abs(value - other));
    largest = Math.max(largest, Math.abs(value));
  });
  return found.length === wanted.length ? most / largest : Infinity;
}

const slopesFor = (random: Random) =>
  Float32Array.from({ length: 9 * 26 * 26 * 70 }, () => Math.fround(random.normal()));
export const slopes = slopesFor(createRandom(7, 'slopes'));
