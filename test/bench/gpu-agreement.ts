/**
 * Whether a graphics card computes what native TensorFlow computes: losses of a few steps of every pretraining task, and
 * the same bits again. Too slow for `npm test` on a software driver, where a task takes ten seconds and more; one task,
 * fine-tunings, predictions and kernels are tested there (test/engine/training/webgpu).
 *
 * usage: gpu-agreement.ts [--tasks simclr,denoising|none] [--steps 2] [--size 16] [--base 2] [--adapter NAME]
 *   It also tells which kernels of tfjs are left in a task's step, beside Graft's own.
 *   Exit code 1: something does not agree. The last line is JSON: { adapter, rows }.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { type Engine, startEngine } from '../../engine/training/tensorflow/backend.ts';
import { PRETRAINING_TASKS, PretrainingTask } from '../../shared/entities.ts';
import { channelsFor, lossesOf } from '../engine/training/pretrain/few-images.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    tasks: { type: 'string' },
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

const rows: Row[] = [];
let disagree = false;

async function on(engine: Engine, work: () => Promise<number[]>): Promise<number[]> {
  await tf.setBackend(engine.card === null ? 'tensorflow' : 'webgpu');
  return work();
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

report('agreement with native TensorFlow', rows);
console.log(JSON.stringify({ adapter: card.card?.adapter, rows }));
card.card?.close();
process.exit(disagree ? 1 : 0);
