/**
 * Whether a training on a graphics card takes memory from step to step: buffers made, bytes of the recording and of tfjs's
 * pool, tensors, and memory of the process, over many steps of a small U-Net. Exit code 1: buffers were made after the
 * second step, or tensors or bytes of the pool have grown.
 *
 * usage: gpu-soak.ts [--steps 1000] [--precision float32] [--adapter NAME]
 *   The last line is JSON: { adapter, rows }.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { startEngine } from '../../engine/training/tensorflow/backend.ts';
import { internalsOf } from '../../engine/training/webgpu/dispatch.ts';
import { Precision } from '../../shared/entities.ts';
import { discSteps } from '../engine/training/webgpu/disc-steps.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000' },
    precision: { type: 'string', default: 'float32' },
    adapter: { type: 'string' },
  },
});

const engine = await startEngine({
  ...{ threads: 1, engine: 'webgpu', adapter: flags.adapter },
  log: console.error,
});
const { card } = engine;
if (card === null) throw new Error('no graphics card');
const { device, backend } = card;
let made = 0;
const create = device.createBuffer.bind(device);
device.createBuffer = (descriptor) => {
  made++;
  return create(descriptor);
};

const rows: Row[] = [];
const steps = Number(flags.steps);
const began = process.cpuUsage();
const { losses } = await discSteps({ depth: 2, base: 4, bottleneck: 2 }).train(engine, steps, {
  precision: Precision.parse(flags.precision),
  between(step) {
    const isShown = step <= 3 || Number.isInteger(Math.log10(step)) || step === steps;
    if (!isShown) return;
    rows.push({
      step,
      'buffers made': made,
      'pool, bytes': internalsOf(backend).bufferManager.numBytesAllocated,
      tensors: tf.memory().numTensors,
      'process, MB': process.memoryUsage().rss / 1e6,
    });
  },
});
const { user, system } = process.cpuUsage(began);
report(`${flags.precision}, ${steps} steps on ${card.adapter.name}`, rows);
console.log(
  `loss ${(losses[0] ?? NaN).toFixed(4)} → ${(losses.at(-1) ?? NaN).toFixed(4)}, ${((user + system) / 1e6).toFixed(0)} s of CPU`,
);
const [, , third] = rows;
const last = rows.at(-1);
const isConstant = (['buffers made', 'pool, bytes', 'tensors'] as const).every(
  (what) => third?.[what] === last?.[what],
);
console.log(isConstant ? 'Nothing grows.' : 'Something GROWS.');
console.log(JSON.stringify({ adapter: card.adapter.name, rows }));
card.close();
process.exit(isConstant ? 0 : 1);
