/**
 * Whether a graphics card computes what native TensorFlow computes: outputs and gradients of every kernel over generated
 * shapes, losses of a few steps of every pretraining task, and of encoders that were brought in as files of other tools
 * with what they predict; and the same bits again. The encoders are too slow for `npm test` on a software driver; the
 * tasks, fine-tunings, predictions and fewer shapes of the kernels are tested there (test/engine/training/webgpu).
 *
 * usage: gpu-agreement.ts [--shapes 8] [--tasks simclr,denoising|none] [--encoders torch-resnet18-zip,mobilenet.h5|none] [--steps 2] [--size 16] [--base 2] [--adapter NAME]
 *   It also tells which kernels of tfjs are left in a task's step, beside Graft's own.
 *   Exit code 1: something does not agree. The last line is JSON: { adapter, kernelRows, rows, encoderRows }.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { createLayers } from '../../engine/training/network/layers.ts';
import { type Engine, startEngine } from '../../engine/training/tensorflow/backend.ts';
import { PRETRAINING_TASKS, PretrainingTask } from '../../shared/entities.ts';
import { createRandom } from '../../shared/random.ts';
import { channelsFor, lossesOf } from '../engine/training/pretrain/few-images.ts';
import { distance, results, slopes, subjects } from '../engine/training/webgpu/kernel-subjects.ts';
import { broughtIn, farthest, trainAndPredict } from '../engine/training/weights/brought-in.ts';
import { report, type Row } from './measure.ts';

/** Of test/engine/training/weights/fixtures: PyTorch's ResNet in both of its formats, Keras' ResNet and MobileNet. */
const ENCODERS = ['torch-resnet18-zip', 'torch-resnet18-stream', 'resnet18.h5', 'mobilenet.keras'];

const { values: flags } = parseArgs({
  options: {
    shapes: { type: 'string', default: '8' },
    tasks: { type: 'string' },
    encoders: { type: 'string', default: ENCODERS.join(',') },
    steps: { type: 'string', default: '2' },
    size: { type: 'string', default: '16' },
    base: { type: 'string', default: '2' },
    adapter: { type: 'string' },
  },
});
const tasks =
  flags.tasks === undefined
    ? PRETRAINING_TASKS
    : flags.tasks === 'none'
      ? []
      : flags.tasks.split(',').map((name) => PretrainingTask.parse(name));

/** Of losses after a few steps: sums are made in another order, and steps carry it on. */
const ALLOWED = 1e-3;

const native = await startEngine({ threads: 1, engine: 'tensorflow' });
const card = await startEngine({
  ...{ threads: 1, engine: 'webgpu', adapter: flags.adapter },
  log: console.error,
});

/** Kernels of tfjs that are queued while a task's first step is recorded, by the parts of their names that say what they do. */
async function shippedKernels(work: () => Promise<unknown>) {
  if (card.card === null) throw new Error('no graphics card');
  const { backend } = card.card;
  const before = backend.runWebGPUProgram.bind(backend);
  const found = new Map<string, number>();
  backend.runWebGPUProgram = (program, ...rest) => {
    const name = program.constructor.name.replace(/Program\d*$/, '');
    found.set(name, (found.get(name) ?? 0) + 1);
    return before(program, ...rest);
  };
  try {
    await work();
  } finally {
    Reflect.deleteProperty(backend, 'runWebGPUProgram');
  }
  return [...found].toSorted(([, a], [, b]) => b - a);
}

/** Each kernel, with shapes that the tests have and others. */
const kernelRows: Row[] = [];
const rows: Row[] = [];
const encoderRows: Row[] = [];
let disagree = false;

async function on(engine: Engine, work: () => Promise<number[]>): Promise<number[]> {
  await tf.setBackend(engine.card === null ? 'tensorflow' : 'webgpu');
  return work();
}

for (const { name, make, tolerance } of Number(flags.shapes) > 0 ? subjects : []) {
  let [output, gradients, repeats] = [0, 0, true];
  for (let number = 0; number < Number(flags.shapes); number++) {
    const test = make(createRandom(number, `webgpu ${name}`));
    await tf.setBackend('tensorflow');
    const wanted = await results(createLayers(native), test, slopes);
    await tf.setBackend('webgpu');
    const found = await results(createLayers(card), test, slopes);
    const [first = NaN, ...rest] = wanted.map((values, i) =>
      distance(found[i] ?? new Float32Array(), values),
    );
    output = Math.max(output, first);
    gradients = Math.max(gradients, ...rest);
    repeats &&= isDeepStrictEqual(await results(createLayers(card), test, slopes), found);
  }
  if (!(Math.max(output, gradients) <= tolerance) || !repeats) disagree = true;
  kernelRows.push({
    kernel: name,
    'output apart': output.toExponential(1),
    'gradients apart': gradients.toExponential(1),
    allowed: tolerance.toExponential(0),
    'same bits': repeats ? 'yes' : 'NO',
  });
}

for (const task of tasks) {
  const [channels = 1] = channelsFor(task);
  const losses = (engine: Engine) =>
    on(engine, () =>
      lossesOf(task, {
        ...{ engine, channels, steps: Number(flags.steps) },
        ...{ base: Number(flags.base), sizePx: Number(flags.size) },
      }),
    );
  const wanted = await losses(native);
  const began = process.cpuUsage();
  const found = await losses(card);
  const { user, system } = process.cpuUsage(began);
  let again: number[] = [];
  const kernels = await shippedKernels(async () => {
    again = await losses(card);
  });
  const apart = Math.max(...wanted.map((loss, i) => Math.abs(loss - (found[i] ?? NaN))));
  const repeats = found.every((loss, i) => Object.is(loss, again[i]));
  if (!(apart <= ALLOWED) || !repeats) disagree = true;
  const row = {
    task,
    'loss apart': apart,
    'same bits': repeats ? 'yes' : 'NO',
    'kernels of tfjs': kernels.reduce((sum, [, count]) => sum + count, 0),
  };
  console.log(
    `${task}: ${apart.toExponential(1)} apart, same bits: ${row['same bits']}; kernels of tfjs: ${kernels.map(([name, count]) => `${count} ${name}`).join(', ')}`,
  );
  rows.push({ ...row, 'CPU s': (user + system) / 1e6 });
}

/** With 32 px five halvings leave one pixel an image, so that rounding is made large by normalisation over two numbers. */
const ENCODER_PX = 64;
/** Of a loss after steps and of a probability after them: what rounding alone does to such a network. */
const ALLOWED_LATER = 2e-2;

const folder = mkdtempSync(join(tmpdir(), 'graft-agreement-'));
for (const name of flags.encoders === 'none' ? [] : flags.encoders.split(',')) {
  const read = await broughtIn(folder, name);
  const settings = { steps: Number(flags.steps), sizePx: ENCODER_PX };
  const wanted = await trainAndPredict(native, read, settings);
  const began = process.cpuUsage();
  const found = await trainAndPredict(card, read, settings);
  const { user, system } = process.cpuUsage(began);
  const again = await trainAndPredict(card, read, settings);
  const apart = {
    'first loss apart': farthest(found.losses.slice(0, 1), wanted.losses.slice(0, 1)),
    'last loss apart': farthest(found.losses.slice(-1), wanted.losses.slice(-1)),
    'prediction apart': farthest(found.before, wanted.before),
    'after training': farthest(found.after, wanted.after),
  };
  const repeats = isDeepStrictEqual(again, found);
  const agrees =
    Math.max(apart['first loss apart'], apart['prediction apart']) <= ALLOWED &&
    Math.max(apart['last loss apart'], apart['after training']) <= ALLOWED_LATER;
  if (!agrees || !repeats) disagree = true;
  encoderRows.push({
    ...{ encoder: name, ...apart },
    ...{ 'same bits': repeats ? 'yes' : 'NO', 'CPU s': (user + system) / 1e6 },
  });
}
rmSync(folder, { recursive: true });

report('encoders that were brought in, beside native TensorFlow', encoderRows);
report('agreement with native TensorFlow', rows);
report('kernels beside native TensorFlow', kernelRows);
console.log(JSON.stringify({ adapter: card.card?.adapter, kernelRows, rows, encoderRows }));
card.card?.close();
process.exit(disagree ? 1 : 0);
