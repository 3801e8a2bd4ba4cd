/**
 * Whether any kernel that a network can reach writes outside its memory: `npm run -s bench:kernels`. Every layer at small
 * and odd shapes with its gradients, then training and prediction of every encoder, each under glibc's checks of the heap
 * (libc_malloc_debug.so, MALLOC_CHECK_=3) with Eigen's and with oneDNN's kernels, and once more with Graft's own operations
 * for AVX2 where the processor has others (GRAFT_INSTRUCTIONS). Linux alone has these checks.
 * What aborts is named with its shape; the exit code is 1 then. As a control one convolution is tried that is known to
 * abort with oneDNN's kernels on AVX2, and that layers.ts keeps away from them: where it passes, nothing is wrong.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { createLayers } from '../../engine/training/network/layers.ts';
import { flattenWeights, initialWeights } from '../../engine/training/network/parameters.ts';
import { segmentationObjective } from '../../engine/training/objectives/segmentation.ts';
import { stepScalars } from '../../engine/training/optimiser.ts';
import { createSegmenter, toTensors } from '../../engine/training/scoring/segmenter.ts';
import { type Engine, startEngine } from '../../engine/training/tensorflow/backend.ts';
import { createTrainingStep, freshState, splitSpec } from '../../engine/training/training-step.ts';
import { NetworkConfig, OptimisationConfig } from '../../shared/entities.ts';

interface Trial {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

const CHANNELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 33];
const SIDES = [1, 2, 3, 5, 8, 17];

const random = (...shape: number[]) => tf.randomNormal(shape, 0, 1, 'float32', 1);

/** Output and gradients of all inputs. */
const differentiate = (layer: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]) =>
  tf.dispose(
    tf
      .grads((...given: Tensor[]) => tf.sum(tf.square(layer(...given))))(inputs)
      .map((gradient) => gradient.dataSync()),
  );

function layerTrials(engine: Engine): Trial[] {
  const layers = createLayers(engine);
  const trial = (name: string, inputs: number[][], layer: (...inputs: Tensor[]) => Tensor) => ({
    name: `${name} of ${inputs.map((shape) => shape.join('×')).join(', ')}`,
    run: () =>
      differentiate(
        layer,
        inputs.map((shape) => random(...shape)),
      ),
  });
  const windows = ([1, 2] as const).flatMap((stride) =>
    (['symmetric', 'same'] as const)
      .filter((padding) => stride === 2 || padding === 'same')
      .map((padding) => ({ stride, padding })),
  );
  return SIDES.flatMap((height) =>
    CHANNELS.flatMap((channels) => {
      const shape = [2, height, Math.max(1, height - 1), channels];
      const even = [2, 2 * height, 2 * height, channels];
      const strided = windows.flatMap((options) =>
        [1, 3, 7].flatMap((side) => [
          ...(side === 3 ? [1, 3, 8, 16, 17, 32] : [1, 3, 8, 17]).map((outputs) =>
            trial(
              `convolution, ${JSON.stringify(options)}`,
              [options.stride === 2 ? even : shape, [side, side, channels, outputs]],
              (x, kernel) => layers.convolution(x as Tensor4D, kernel as Tensor4D, options),
            ),
          ),
        ]),
      );
      const depthwise = windows.map((options) =>
        trial(
          `depthwise convolution, ${JSON.stringify(options)}`,
          [options.stride === 2 ? even : shape, [3, 3, channels, 1]],
          (x, kernel) => layers.depthwiseConvolution(x as Tensor4D, kernel as Tensor4D, options),
        ),
      );
      const vectors = [[channels], [channels]];
      return [
        ...strided,
        ...depthwise,
        ...[3, 8, 16, 32].map((outputs) =>
          trial('upsampled', [shape, [3, 3, channels, outputs]], (below, kernel) =>
            layers.convolution({ skip: null, below: below as Tensor4D }, kernel as Tensor4D),
          ),
        ),
        trial('batch normalisation', [shape, ...vectors], (x, gamma, beta) => {
          const normal = layers.batchNormRelu(x as Tensor4D, gamma as Tensor1D, beta as Tensor1D);
          tf.dispose([normal.mean, normal.variance]);
          return normal.output;
        }),
        trial('group normalisation', [shape, ...vectors], (x, gamma, beta) =>
          layers.groupNorm(x as Tensor4D, gamma as Tensor1D, beta as Tensor1D),
        ),
        trial('bias', [shape, [channels]], (x, bias) =>
          layers.addBias(x as Tensor4D, bias as Tensor1D),
        ),
        trial('ReLU up to 6', [shape], (x) => layers.relu6(x as Tensor4D)),
        trial('pooling of 2×2', [even], (x) => layers.maxPool2(x as Tensor4D)),
        trial('pooling of 3×3', [even], (x) => layers.maxPool3(tf.square(x as Tensor4D), 'same')),
        trial('global pooling', [shape], (x) => layers.globalAveragePool(x as Tensor4D)),
      ];
    }),
  );
}

/** Three steps and a prediction. */
async function trainAndPredict(
  engine: Engine,
  network: NetworkConfig,
  sizePx: number,
): Promise<void> {
  const classes = 3;
  const objective = segmentationObjective({ network, sizePx, classes });
  const specs = splitSpec(objective.spec, () => false);
  const weights = initialWeights(objective.spec, 1);
  const trained = flattenWeights(specs.trained, weights);
  const frozen = flattenWeights(specs.frozen, weights);
  const step = createTrainingStep({
    engine,
    objective,
    specs,
    initial: freshState(trained),
    frozen,
  });
  const config = OptimisationConfig.parse({
    steps: 3,
    batch: 3,
    schedule: 'constant',
    evaluateEvery: 3,
  });
  const pixels = config.batch * sizePx * sizePx;
  const image = Float32Array.from(
    { length: pixels * network.inputChannels },
    (_, i) => (i % 97) / 97,
  );
  const labels = Int32Array.from({ length: pixels }, (_, i) => (i >> 3) % classes);
  const inputs = new Map<string, Float32Array | Int32Array>([
    ['image', image],
    ['labels', labels],
  ]);
  for (let at = 1; at <= config.steps; at++) {
    await step.run({ size: config.batch, inputs }, stepScalars(config, at));
  }
  step.dispose();
  const segmenter = createSegmenter({ engine, network, sizePx, classes, specs: [specs.trained] });
  await segmenter.probabilities(toTensors([trained]), [
    image.subarray(0, sizePx * sizePx * network.inputChannels),
  ]);
  segmenter.dispose();
}

function networkTrials(engine: Engine): Trial[] {
  const kinds = [
    ...[2, 3, 8].flatMap((base) =>
      [1, 3].map((depth) => ({ encoder: 'plain', base, depth, encoderWidth: 1 })),
    ),
    ...['resnet18', 'resnet34', 'mobilenetv2'].flatMap((encoder) =>
      [0.05, 0.0625, 0.1].map((encoderWidth) => ({ encoder, encoderWidth, base: 2, depth: 5 })),
    ),
  ];
  return kinds.flatMap((kind) =>
    (['batch', 'group'] as const).flatMap((norm, i) =>
      [1, 3].map((inputChannels, j) => {
        const skips = ['conv', 'concat', 'none'][(i + 2 * j) % 3];
        const padding = j === 0 ? 'symmetric' : 'same';
        const network = NetworkConfig.parse({ ...kind, norm, inputChannels, skips, padding });
        const sizePx = kind.encoder === 'plain' ? 24 : 32;
        const name = `network ${JSON.stringify({ ...kind, norm, inputChannels, skips, padding })}`;
        return { name, run: () => trainAndPredict(engine, network, sizePx) };
      }),
    ),
  );
}

const control: Trial = {
  name: 'control',
  run() {
    for (let i = 0; i < 40; i++) {
      differentiate(
        (x, kernel) => tf.conv2d(x as Tensor4D, kernel as Tensor4D, 2, 'valid'),
        [random(2, 16, 16, 4), random(1, 1, 4, 8)],
      );
    }
  },
};

const PARTS = ['control', 'networks', 'layers'] as const;

async function runPart(part: string, currentPath: string): Promise<never> {
  const engine = await startEngine({ threads: 1, engine: 'tensorflow' });
  const trials =
    part === 'control'
      ? [control]
      : part === 'layers'
        ? layerTrials(engine)
        : networkTrials(engine);
  for (const { name, run } of trials) {
    writeFileSync(currentPath, name);
    tf.engine().startScope();
    await run();
    tf.engine().endScope();
  }
  process.stdout.write(`${trials.length}`);
  process.exit(0);
}

const DEBUG_LIBRARIES = ['/lib/x86_64-linux-gnu', '/lib64', '/usr/lib64', '/usr/lib'].map(
  (folder) => join(folder, 'libc_malloc_debug.so.0'),
);

function main(): void {
  const library = DEBUG_LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) {
    console.log(
      'glibc’s debug library is not here (libc_malloc_debug.so.0, glibc 2.34 and later).',
    );
    process.exitCode = 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'graft-kernels-'));
  const currentPath = join(folder, 'current');
  const settings = [
    { kernels: 'onednn', instructions: '' },
    { kernels: 'eigen', instructions: '' },
    { kernels: 'onednn', instructions: 'avx2' },
  ] as const;
  const rows = settings.flatMap(({ kernels, instructions }) =>
    PARTS.map((part) => {
      const { status, signal, stdout } = spawnSync(
        process.execPath,
        [import.meta.filename, part, currentPath],
        {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'inherit'],
          env: {
            ...process.env,
            LD_PRELOAD: library,
            MALLOC_CHECK_: '3',
            TF_ENABLE_ONEDNN_OPTS: kernels === 'onednn' ? '1' : '0',
            GRAFT_INSTRUCTIONS: instructions,
          },
        },
      );
      const ok = status === 0;
      const end = signal ?? `exit code ${String(status)}`;
      const at = ok ? `${stdout} tried` : `${readFileSync(currentPath, 'utf8')}: ${end}`;
      const setting = `${kernels} ${instructions}`.padEnd(12);
      console.log(`${setting}${part.padEnd(9)} ${ok ? 'ok' : 'ABORTED'}  ${at}`);
      return { kernels, instructions, part, ok, at };
    }),
  );
  rmSync(folder, { recursive: true });
  console.log(JSON.stringify({ subject: 'kernel safety', rows }));
  if (rows.some(({ ok, part }) => !ok && part !== 'control')) process.exitCode = 1;
}

const [part, currentPath] = process.argv.slice(2);
if (part === undefined || currentPath === undefined) main();
else await runPart(part, currentPath);
