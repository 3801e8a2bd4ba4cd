/**
 * Each kernel of Graft for graphics cards against native TensorFlow: outputs and gradients over generated shapes, odd
 * sizes, 1 to 70 channels, batches of 1 to 9. Differences are told as a share of the largest value that TensorFlow finds.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { attentionMean } from '../../../../engine/training/network/attention-pooling.ts';
import { createLayers, type Layers } from '../../../../engine/training/network/layers.ts';
import {
  classEntropy,
  countedError,
  meanSquaredError,
} from '../../../../engine/training/objectives/losses.ts';
import {
  lossOfLogits,
  type SegmentationLoss,
} from '../../../../engine/training/objectives/segmentation.ts';
import { adamW, adamWOnCard } from '../../../../engine/training/optimiser.ts';
import { ntXent } from '../../../../engine/training/pretrain/contrastive-loss.ts';
import { chosenImage } from '../../../../engine/training/pretrain/contrastive-reconstruction.ts';
import { createRandom, type Random } from '../../../../shared/random.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { softwareCardOrSkip } from './software-vulkan.ts';

const native = createLayers(await nativeEngineOrSkip());
const cardEngine = await softwareCardOrSkip();
const card = createLayers(cardEngine);

interface Input {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

interface Case {
  readonly inputs: readonly Input[];
  readonly layer: (layers: Layers, inputs: readonly Tensor[]) => Tensor;
}

interface Subject {
  readonly name: string;
  /** Share of the largest value: sums are made in another order, of some hundred to some thousand terms. */
  readonly tolerance: number;
  readonly cases: number;
  readonly make: (random: Random) => Case;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const normal = (random: Random, shape: readonly number[], mean = 0, deviation = 1): Input => ({
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

const subjects: readonly Subject[] = [
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
async function results(layers: Layers, { inputs, layer }: Case, slopes: Float32Array) {
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
function distance(found: Float32Array, wanted: Float32Array): number {
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
const slopes = slopesFor(createRandom(7, 'slopes'));

async function onBoth(test: Case) {
  await tf.setBackend('tensorflow');
  const wanted = await results(native, test, slopes);
  await tf.setBackend('webgpu');
  return { wanted, found: await results(card, test, slopes) };
}

describe.each(subjects)('$name', ({ name, tolerance, cases, make }) => {
  it('gives what TensorFlow gives, and the same bits each time', async () => {
    for (let number = 0; number < cases; number++) {
      const test = make(createRandom(number, `webgpu ${name}`));
      const { wanted, found } = await onBoth(test);
      const told = test.inputs.map(({ shape }) => shape.join('×')).join(', ');
      const distances = wanted.map((values, i) => distance(found[i] ?? new Float32Array(), values));
      expect(Math.max(...distances), `${told}: ${distances.join(' ')}`).toBeLessThanOrEqual(
        tolerance,
      );
      if (number === 0) expect(await results(card, test, slopes), told).toEqual(found);
    }
  });

  it('spreads a value that is no number as far as TensorFlow does', async () => {
    const test = make(createRandom(99, `webgpu ${name}`));
    const [first, ...rest] = test.inputs;
    const values = first?.values.slice() ?? new Float32Array();
    values[values.length >> 1] = NaN;
    const spoiled = { ...test, inputs: [{ shape: first?.shape ?? [], values }, ...rest] };
    await tf.setBackend('tensorflow');
    const output = async (layers: Layers) => {
      const tensor = tf.tidy(() =>
        spoiled.layer(
          layers,
          spoiled.inputs.map((input) => tf.tensor(input.values, [...input.shape])),
        ),
      );
      const found = [...(await tensor.data())].map(Number.isNaN);
      tensor.dispose();
      return found;
    };
    const wanted = await output(native);
    await tf.setBackend('webgpu');
    const found = await output(card);
    // TensorFlow's pooling hides it, or not, by its place in the window: here it always shows.
    if (name.startsWith('pooling')) expect(found).toContain(true);
    else expect(found).toEqual(wanted);
  });
});

describe('the loss of a segmentation in one piece', () => {
  const numbers = { maxClassWeight: 10, focalGamma: 2, tverskyAlpha: 0.3, tverskyBeta: 0.7 };
  const kinds: readonly (SegmentationLoss | null)[] = [
    null,
    { ...numbers, kind: 'focal+dice', classWeights: null },
    { ...numbers, kind: 'weighted-cross-entropy+dice', classWeights: [0.5, 3, 1] },
    { ...numbers, kind: 'cross-entropy+tversky', classWeights: null },
  ];

  it.each(
    kinds.flatMap((loss) =>
      ([0, 1] as const).map((from) => [loss?.kind ?? 'default', loss, from] as const),
    ),
  )('%s', async (_, loss, from) => {
    const random = createRandom(from, 'loss');
    const [b, h, w, classes] = [2, 13, 21, 3];
    const logits = normal(random, [b, h, w, classes], 0, 3).values;
    // Some are of no class.
    const labels = Int32Array.from({ length: b * h * w }, () => random.below(5)).map((label) =>
      label > 3 ? 255 : label,
    );
    const options = { loss, from };
    const onEngine = async (layers: Layers) => {
      const truth = tf.tensor3d(labels, [b, h, w], 'int32');
      const { value, grad } = tf.valueAndGrad((x: Tensor) =>
        tf.mul(lossOfLogits(layers, [x as Tensor4D, truth], options), 1.5),
      )(tf.tensor4d(logits, [b, h, w, classes]));
      return Promise.all([value, grad].map(async (t) => (await t.data<'float32'>()).slice()));
    };
    await tf.setBackend('tensorflow');
    const wanted = await onEngine(native);
    await tf.setBackend('webgpu');
    const found = await onEngine(card);
    wanted.forEach((values, i) =>
      expect(distance(found[i] ?? new Float32Array(), values)).toBeLessThan(1e-5),
    );
    expect(await onEngine(card)).toEqual(found);
  });
});

it.each([[false], [true]])('one step of AdamW, shares of the rate: %s', async (isShared) => {
  const random = createRandom(3, 'adam');
  // More tensors than one dispatch takes, of one number and of several workgroups.
  const sizes = [1, 5, 700, 3, 64, 2, 9];
  const count = sizes.reduce((a, b) => a + b);
  const vector = (deviation: number) => normal(random, [count], 0, deviation).values;
  const [theta, m, gradient] = [vector(1), vector(0.1), vector(1)];
  const [v, shares] = [vector(0.1).map((x) => x * x), vector(1).map(Math.abs)];
  const onEngine = async (engine: typeof cardEngine.card | null) => {
    const state = [theta, m, v].map((values) => tf.tensor1d(values.slice())) as [
      Tensor1D,
      Tensor1D,
      Tensor1D,
    ];
    const moments = { m: state[1], v: state[2] };
    const [stepSize, epsilon, decay] = [0.02, 1e-7, 0.01].map((x) => tf.scalar(x)) as [
      tf.Scalar,
      tf.Scalar,
      tf.Scalar,
    ];
    const scalars = { stepSize, epsilon, decay };
    const rates = isShared ? tf.tensor1d(shares) : null;
    let at = 0;
    const gradients = sizes.map((size) => tf.tensor1d(gradient.slice(at, (at += size))));
    const next =
      engine === null
        ? adamW(state[0], moments, tf.tensor1d(gradient), scalars, rates)
        : adamWOnCard(engine, state[0], moments, gradients, scalars, rates);
    return Promise.all(
      [next.theta, next.m, next.v].map(async (t) => (await t.data<'float32'>()).slice()),
    );
  };
  await tf.setBackend('tensorflow');
  const wanted = await onEngine(null);
  await tf.setBackend('webgpu');
  const found = await onEngine(cardEngine.card);
  wanted.forEach((values, i) =>
    expect(distance(found[i] ?? new Float32Array(), values)).toBeLessThan(1e-6),
  );
});
