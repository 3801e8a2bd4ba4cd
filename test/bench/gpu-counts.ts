/**
 * What a training step asks of a graphics card at the four standard sizes (docs/graphics-card.md): floating-point
 * operations, bytes and kernels from the network's description alone ("on paper"), the same as counted in the recorded
 * step, which must agree, in the step of tfjs's own kernels, and in the one in float16; how long cards may take for it; and
 * how long the longest kernel of a step and of a prediction is estimated to take, since a card draws the screen between
 * submissions.
 *
 * usage: gpu-counts.ts [--size 128 --batch 8 --base 16] [--time STEPS]
 *   Without --size the four standard sizes, and a step of every pretraining task at the second of them. --time: also times
 *   that many steps of both at 32 px, 2 images, base 8, which on a software driver says how much work they are, and nothing
 *   about cards. The last line is JSON; exit code 1: a pretraining task has other kernels or bytes than on paper.
 *   Needs a Vulkan driver; a software one will do (VK_ICD_FILENAMES).
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { segmentationObjective } from '../../engine/training/objectives/segmentation.ts';
import { pretrainingTasks } from '../../engine/training/pretrain/registry.ts';
import { startEngine } from '../../engine/training/tensorflow/backend.ts';
import { createSubmissions, estimatedMs } from '../../engine/training/webgpu/submissions.ts';
import type { Recording } from '../../engine/training/webgpu/recording.ts';
import {
  registerCardKernels,
  restoreShippedKernels,
} from '../../engine/training/webgpu/training-kernels.ts';
import { NetworkConfig, PRETRAINING_TASKS, PretrainingOptions } from '../../shared/entities.ts';
import { makeDraft } from '../engine/training/webgpu/draft-device.ts';
import { recordedPrediction } from '../engine/training/webgpu/recorded-prediction.ts';
import {
  recordedStep,
  stepInputs,
  type StepKind,
} from '../engine/training/webgpu/recorded-step.ts';
import { paperOf } from './gpu-paper.ts';
import { taskPaper } from './gpu-paper-tasks.ts';
import { report } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string' },
    batch: { type: 'string', default: '8' },
    base: { type: 'string', default: '16' },
    time: { type: 'string' },
  },
});
const STANDARD_SIZES = [
  { size: 64, batch: 32, base: 8 },
  { size: 128, batch: 8, base: 16 },
  { size: 128, batch: 8, base: 32 },
  { size: 256, batch: 4, base: 16 },
];
interface Size {
  readonly size: number;
  readonly batch: number;
  readonly base: number;
}
const sizes: readonly Size[] =
  flags.size === undefined
    ? STANDARD_SIZES
    : [{ size: Number(flags.size), batch: Number(flags.batch), base: Number(flags.base) }];
const CLASSES = 2;

/** TFLOPS and GB/s by their makers; the shares are assumed. */
const CARDS = [
  { name: 'Iris Xe', flops: 2e12, bytes: 60e9 },
  { name: 'M1', flops: 2.6e12, bytes: 68e9 },
  { name: 'RTX 3060', flops: 12.7e12, bytes: 360e9 },
];
const SHARE_OF_FLOPS = 0.3;
const SHARE_OF_BYTES = 0.7;
const KERNEL_MS = 0.008;

const engine = await startEngine({ threads: 1, engine: 'webgpu', log: console.error });
const { card } = engine;
if (card === null) throw new Error('no graphics card');
const { device } = card;
const cardEngine = { ...engine, card };
console.error(`${card.adapter.name}, ${card.adapter.driver}`);

const networkOf = (base: number) =>
  NetworkConfig.parse({ base, skips: 'concat', inputChannels: 3 });
const objectiveOf = ({ size, base }: Size) =>
  segmentationObjective({ network: networkOf(base), sizePx: size, classes: CLASSES });
function recorded(size: Size, kind: StepKind): Recording {
  if (kind === 'shipped') restoreShippedKernels();
  else registerCardKernels();
  return recordedStep(cardEngine, { objective: objectiveOf(size), batch: size.batch, kind });
}

/** By the estimate that cuts a row into submissions: its longest kernel, all of it, and into how many it is cut. */
function estimateOf({ kernels }: Recording) {
  const each = kernels.map(estimatedMs);
  const all = each.reduce((sum, ms) => sum + ms, 0);
  const submissions = createSubmissions(kernels);
  submissions.took(all);
  return { longest: Math.max(...each), all, submissions: submissions.ends().length };
}

function counted({ kernels, copied, bytes }: Recording) {
  const byName = new Map<string, { kernels: number; bytes: number }>();
  for (const kernel of kernels) {
    const sum = byName.get(kernel.name) ?? { kernels: 0, bytes: 0 };
    byName.set(kernel.name, { kernels: sum.kernels + 1, bytes: sum.bytes + kernel.bytes });
  }
  const isOwn = ({ name }: { readonly name: string }) => name.startsWith('graft');
  const total = (list: typeof kernels) => list.reduce((sum, kernel) => sum + kernel.bytes, 0);
  return {
    kernels: kernels.length,
    /** Copies read and write. */
    moved: total(kernels) + 2 * copied,
    copied,
    own: { kernels: kernels.filter(isOwn).length, moved: total(kernels.filter(isOwn)) },
    held: bytes,
    /** tfjs's slices are bound to all that they are cut from. */
    slices: total(kernels.filter(({ name }) => name === 'SliceProgram')),
    byName,
  };
}

const mega = (value: number) => (value / 1e6).toFixed(1);

const times: Record<string, number> = {};
if (flags.time !== undefined) {
  for (const kind of ['own', 'shipped'] as const) {
    const size = { size: 32, batch: 2, base: 8 };
    const recording = recorded(size, kind);
    const inputs = stepInputs({ objective: objectiveOf(size), batch: size.batch });
    const runs: number[] = [];
    for (let i = 0; i < Number(flags.time); i++) {
      await device.queue.onSubmittedWorkDone();
      const before = process.cpuUsage();
      const outputs = recording.run(inputs);
      await outputs[0]?.data();
      const { user, system } = process.cpuUsage(before);
      runs.push((user + system) / 1000);
      tf.dispose(outputs);
    }
    times[kind] = runs.toSorted((a, b) => a - b)[runs.length >> 1] ?? NaN;
    console.log(`  32 px, 2 images, base 8: ${kind} ${times[kind].toFixed(0)} ms of CPU a step`);
    recording.dispose();
  }
}
makeDraft({ card });
const rows = [];
for (const size of sizes) {
  const { network, spec } = objectiveOf(size);
  const paper = paperOf({ network, spec, ...size, classes: CLASSES });
  const own = recorded(size, 'own');
  const found = counted(own);
  const stepEstimate = estimateOf(own);
  own.dispose();
  registerCardKernels();
  const prediction = recordedPrediction(cardEngine, {
    sizePx: size.size,
    base: size.base,
    classes: CLASSES,
  });
  const predictionEstimate = estimateOf(prediction);
  const predicted = counted(prediction);
  prediction.dispose();
  const half = recorded(size, 'half');
  const halved = counted(half);
  half.dispose();
  const shipped = recorded(size, 'shipped');
  const theirs = counted(shipped);
  shipped.dispose();
  const expected = CARDS.map((one) => {
    const flops = (paper.flops / one.flops / SHARE_OF_FLOPS) * 1000;
    const bytes = (found.moved / one.bytes / SHARE_OF_BYTES) * 1000;
    return `${one.name} ${(Math.max(flops, bytes) + found.kernels * KERNEL_MS).toFixed(1)} ms`;
  });
  console.log(`${size.size} px, ${size.batch} images, base ${size.base}`);
  console.log(
    `  on paper   ${(paper.flops / 1e9).toFixed(2)} GFLOP, own kernels ${paper.kernels}, ${mega(paper.bytes)} MB`,
  );
  console.log(
    `  recorded   own kernels ${found.own.kernels}, ${mega(found.own.moved)} MB; all ${found.kernels}, ${mega(found.moved)} MB, of which copies ${mega(2 * found.copied)}; buffers ${mega(found.held)} MB`,
  );
  console.log(
    `  tfjs's own ${theirs.kernels} kernels, ${mega(theirs.moved)} MB, ${mega(theirs.slices)} of them what slices are cut from; buffers ${mega(theirs.held)} MB`,
  );
  console.log(
    `  float16    ${halved.kernels} kernels, ${mega(halved.moved)} MB; buffers ${mega(halved.held)} MB`,
  );
  console.log(
    `  prediction ${predicted.kernels} kernels, ${mega(predicted.moved)} MB; buffers ${mega(predicted.held)} MB`,
  );
  for (const [what, { longest, all, submissions }] of Object.entries({
    step: stepEstimate,
    prediction: predictionEstimate,
  })) {
    console.log(
      `  ${what}, as estimated: ${all.toFixed(0)} ms in ${submissions} submissions, the longest kernel ${longest.toFixed(1)} ms`,
    );
  }
  console.log(`  expected   ${expected.join(', ')}`);
  for (const [name, sum] of [...found.byName].toSorted(([, a], [, b]) => b.bytes - a.bytes)) {
    console.log(`    ${String(sum.kernels).padStart(4)} × ${name}, ${mega(sum.bytes)} MB`);
  }
  rows.push({
    ...size,
    paper,
    recorded: found.own,
    all: found.kernels,
    moved: found.moved,
    stepEstimate,
    predictionEstimate,
    half: { kernels: halved.kernels, moved: halved.moved, held: halved.held },
    tfjs: { kernels: theirs.kernels, moved: theirs.moved, slices: theirs.slices },
  });
}

/** A step of each pretraining task: kernels and bytes on paper and as recorded, which must agree. */
const taskRows = PRETRAINING_TASKS.map((task) => {
  const [size = STANDARD_SIZES[1]] = flags.size === undefined ? [] : sizes;
  if (size === undefined) throw new Error('there is no size');
  registerCardKernels();
  const definition = pretrainingTasks[task];
  const network = definition.network(networkOf(size.base));
  const objective = definition.objective({
    ...{ network, sizePx: size.size, pixelClasses: CLASSES },
    imageClasses: Array.from({ length: CLASSES }, (_, i) => `class ${i}`),
    options: PretrainingOptions.parse({}),
  });
  const recording = recordedStep(cardEngine, { objective, batch: size.batch });
  const found = counted(recording);
  recording.dispose();
  const paper = taskPaper(task, { network, spec: objective.spec, ...size, classes: CLASSES });
  return {
    task,
    'kernels on paper': paper.kernels,
    'as recorded': found.own.kernels,
    'of tfjs': found.kernels - found.own.kernels,
    'MB on paper': Number(mega(paper.bytes)),
    'MB as recorded': Number(mega(found.own.moved)),
  };
});
report('a step of each pretraining task', taskRows);
const disagrees = taskRows.some(
  (row) =>
    row['kernels on paper'] !== row['as recorded'] ||
    row['of tfjs'] > 0 ||
    Math.abs(row['MB on paper'] / row['MB as recorded'] - 1) > 1e-3,
);
console.log(JSON.stringify({ adapter: card.adapter.name, rows, taskRows, times }));
card.close();
process.exit(disagrees ? 1 : 0);
