/**
 * Single calls of Graft's own operations against TensorFlow's, at the shapes of the standard networks: in turn, so that
 * other work on the machine meets both alike, the least of all rounds of each.
 *
 * usage: own-calls.ts [--threads 1] [--rounds 15] [--only convolution]
 *   Of a convolution GFLOP count the sum as it is written, so own ones may pass what the processor can do. The last line
 *   is JSON: { rows }.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { createLayers, type Layers } from '../../engine/training/network/layers.ts';
import { startEngine } from '../../engine/training/tensorflow/backend.ts';
import { loadOperations } from '../../engine/training/tensorflow/operations.ts';
import { OwnOperation } from '../../shared/entities.ts';
import { createRandom } from '../../shared/random.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '15' },
    only: { type: 'string', default: '' },
  },
});
const rounds = Number(flags.rounds);

const started = await startEngine({ threads: Number(flags.threads), engine: 'tensorflow' });
if (started.native === null) throw new Error('the native engine was asked for');
const backend = started.native;
loadOperations(OwnOperation.options);
const own = createLayers({ ...started, operations: OwnOperation.options });
const theirs = createLayers({ ...started, operations: [] });

const random = createRandom(1, 'own calls');
const numbers = (length: number) => Float32Array.from({ length }, () => random.uniform(-1, 1));
const vector = (length: number) => tf.tensor1d(numbers(length));
const image = (...shape: [number, number, number, number]) =>
  tf.tensor4d(numbers(shape.reduce((n, size) => n * size, 1)), shape);

/** Images, pixels on a side, channels in and out. */
const SHAPES = [
  [32, 64, 8, 8],
  [32, 32, 8, 16],
  [32, 32, 16, 16],
  [32, 16, 32, 32],
  [32, 8, 64, 64],
  [32, 4, 128, 128],
  [8, 128, 8, 8],
  [8, 128, 16, 16],
  [8, 64, 32, 32],
  [8, 32, 64, 64],
  [8, 16, 128, 128],
  [8, 8, 256, 256],
  [8, 128, 32, 32],
  [8, 64, 32, 64],
  [8, 64, 64, 64],
  [8, 32, 128, 128],
  [8, 16, 256, 256],
  [8, 8, 512, 512],
  [4, 256, 16, 16],
  [8, 64, 24, 24],
  // Of the image itself.
  [32, 64, 3, 8],
  [8, 128, 3, 16],
  [8, 128, 3, 32],
  [8, 128, 1, 16],
] as const;

type Call = (layers: Layers) => Tensor | Tensor[];
interface Calls {
  readonly name: string;
  /** Of these tensors, which are disposed of afterwards. */
  readonly of: (shape: readonly [number, number, number, number]) => {
    readonly flop: number;
    readonly call: Call;
  };
}

/** The gradient of the kernel by itself. */
const kernelGradient = (layers: Layers, x: Tensor4D, kernel: Tensor4D, dy: Tensor4D): Tensor =>
  layers === own
    ? backend.executeSingleOutput('GraftFilterGradient', [], [x, dy])
    : tf.engine().runKernel(
        tf.Conv2DBackpropFilter,
        { x, dy },
        {
          ...{ strides: [1, 1], pad: 'same', dataFormat: 'NHWC' },
          filterShape: kernel.shape,
        },
      );

const CALLS: readonly Calls[] = [
  {
    name: 'convolution',
    of([n, side, c, o]) {
      const [x, kernel] = [image(n, side, side, c), image(3, 3, c, o)];
      return {
        flop: 18 * n * side * side * c * o,
        call: (layers) => layers.conv2d(x, kernel, 1, 'same'),
      };
    },
  },
  {
    name: 'upsampled convolution',
    // What comes from the level below has half the pixels and twice the channels.
    of([n, side, c, o]) {
      const x = image(n, side / 2, side / 2, 2 * c);
      const kernel = image(3, 3, 2 * c, o);
      return {
        flop: 18 * n * side * side * 2 * c * o,
        call: (layers) => layers.upsampledConvolution(x, kernel),
      };
    },
  },
  {
    name: 'upsampled convolution, with gradients',
    of([n, side, c, o]) {
      const x = image(n, side / 2, side / 2, 2 * c);
      const kernel = image(3, 3, 2 * c, o);
      const dy = image(n, side, side, o);
      return {
        flop: 3 * 18 * n * side * side * 2 * c * o,
        call: (layers) =>
          tf.grads((a: Tensor, k: Tensor) =>
            layers.upsampledConvolution(a as Tensor4D, k as Tensor4D),
          )([x, kernel], dy),
      };
    },
  },
  {
    name: 'kernel gradient',
    of([n, side, c, o]) {
      const [x, kernel] = [image(n, side, side, c), image(3, 3, c, o)];
      const dy = image(n, side, side, o);
      return {
        flop: 18 * n * side * side * c * o,
        call: (layers) => kernelGradient(layers, x, kernel, dy),
      };
    },
  },
  {
    name: 'normalisation, ReLU',
    of([n, side, , o]) {
      const x = image(n, side, side, o);
      const [gamma, beta] = [vector(o), vector(o)];
      return {
        flop: NaN,
        call: (layers) => {
          const { output, mean, variance } = layers.batchNormRelu(x, gamma, beta);
          return [output, mean, variance];
        },
      };
    },
  },
  {
    name: 'normalisation, ReLU, with gradient',
    of([n, side, , o]) {
      const x = image(n, side, side, o);
      const dy = image(n, side, side, o);
      const [gamma, beta] = [vector(o), vector(o)];
      return {
        flop: NaN,
        call: (layers) =>
          tf.grads((a: Tensor, g: Tensor, b: Tensor) => {
            const norm = layers.batchNormRelu(a as Tensor4D, g as Tensor1D, b as Tensor1D);
            tf.dispose([norm.mean, norm.variance]);
            return norm.output;
          })([x, gamma, beta], dy),
      };
    },
  },
  {
    name: 'pooling, with gradient',
    of([n, side, , o]) {
      const x = image(n, side, side, o);
      const dy = image(n, side / 2, side / 2, o);
      return {
        flop: NaN,
        call: (layers) => tf.grad((a: Tensor) => layers.maxPool2(a as Tensor4D))(x, dy),
      };
    },
  },
];

function least(calls: readonly (() => Tensor | Tensor[])[]): number[] {
  const best = calls.map(() => Infinity);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, call] of calls.entries()) {
      const start = performance.now();
      const result = call();
      const ms = performance.now() - start;
      tf.dispose(result);
      if (round > 0) best[i] = Math.min(best[i] ?? Infinity, ms);
    }
  }
  return best;
}

const rows: Row[] = [];
for (const { name, of } of CALLS.filter((calls) => calls.name.includes(flags.only))) {
  for (const shape of SHAPES) {
    tf.engine().startScope();
    const { flop, call } = of(shape);
    const [before = NaN, after = NaN] = least([() => call(theirs), () => call(own)]);
    tf.engine().endScope();
    rows.push({
      operation: name,
      'images × pixels × channels': `${shape[0]} × ${shape[1]}² × ${shape[2]} → ${shape[3]}`,
      "TensorFlow's, ms": before,
      "Graft's, ms": after,
      gain: before / after,
      ...(Number.isNaN(flop)
        ? {}
        : { "GFLOP/s, TensorFlow's": flop / before / 1e6, "Graft's": flop / after / 1e6 }),
    });
  }
}
report('single calls', rows);
console.log(JSON.stringify({ threads: started.info.threads, kernels: started.info.kernels, rows }));
