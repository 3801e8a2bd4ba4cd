/**
 * The graphics card beside the processor: which adapter it is, whether losses agree, a training step, a prediction and the
 * memory at the four standard sizes, each in a process of its own; and PyTorch on the same card, where there is one with
 * CUDA or MPS. Where only a software driver is found its figures say nothing of cards, and are marked so.
 *
 * usage: gpu.ts [--quick | --size 64 --batch 32 --base 8] [--steps 15] [--threads N] [--adapter NAME]
 *   --quick: one small size, few steps and one task, which end on a software driver in a minute or two; that driver gets
 *   no more unless --size asks for it.
 * The last line is JSON: { adapter, agrees, rows }.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { findAdapters } from '../../engine/training/webgpu/adapters.ts';
import { adapterInText } from '../../shared/engine-words.ts';
import { report, type Row } from './measure.ts';
import { interpretersHere } from './peers/environment.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    size: { type: 'string' },
    batch: { type: 'string', default: '8' },
    base: { type: 'string', default: '16' },
    steps: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    adapter: { type: 'string' },
  },
});

const STANDARD_SIZES = [
  { size: 64, batch: 32, base: 8 },
  { size: 128, batch: 8, base: 16 },
  { size: 128, batch: 8, base: 32 },
  { size: 256, batch: 4, base: 16 },
] as const;
const QUICK = { size: 16, batch: 2, base: 4 } as const;

const environment = {
  ...process.env,
  ...(flags.adapter === undefined ? {} : { GRAFT_ADAPTER: flags.adapter }),
};

const Measured = z.object({
  ms_step: z.number(),
  infer_img_s: z.number(),
  peak_memory_mb: z.number(),
  card_memory_mb: z.number().optional(),
  first_loss: z.number().optional(),
});
type Measured = z.infer<typeof Measured>;

function run(command: string, args: readonly string[]): Measured | null {
  try {
    const output = execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: environment,
    });
    return Measured.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
  } catch (error) {
    console.log(`${args.join(' ')}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

/** "cuda" or "mps", where that Python has PyTorch, which finds a card; null: it has not, does not, or is not there. */
function torchDevice(python: string): string | null {
  const ask =
    'import torch; print("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "")';
  try {
    const device = execFileSync(python, ['-c', ask], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return device === '' ? null : device;
  } catch {
    return null;
  }
}

const { adapters, dawn, why } = await findAdapters({ memory: null, again: true });
const adapter =
  flags.adapter === undefined
    ? (adapters.find(({ isSoftware }) => !isSoftware) ?? adapters[0])
    : adapters.find(({ name }) => name === flags.adapter);
if (adapter === undefined) {
  console.log(why ?? `There is no adapter "${flags.adapter ?? ''}" here.`);
  process.exit(2);
}
console.log(`${adapterInText(adapter)}, Dawn ${dawn ?? 'unknown'}, ${adapter.features.join(', ')}`);
if (adapter.isSoftware) {
  console.log('No card: a driver that computes on the processor. Its times say nothing of cards.');
}
const isQuick = flags.quick || (adapter.isSoftware && flags.size === undefined);
const steps = flags.steps ?? (isQuick ? '2' : '15');
const asked = { size: Number(flags.size), batch: Number(flags.batch), base: Number(flags.base) };
const sizes = isQuick ? [QUICK] : flags.size === undefined ? STANDARD_SIZES : [asked];

// What is there already: whoever measures a card is not made to download PyTorch first, nor to have Python.
const torch = interpretersHere()
  .map((python) => ({ python, device: torchDevice(python) }))
  .find(({ device }) => device !== null);
console.log(
  torch === undefined
    ? 'No PyTorch that finds a card is here, so none is measured beside it.'
    : `PyTorch computes on ${torch.device ?? ''} (${torch.python}).`,
);

const { status } = spawnSync(
  process.execPath,
  [
    join(import.meta.dirname, 'gpu-agreement.ts'),
    ...(isQuick ? ['--tasks', 'in-painting'] : []),
    ...(flags.adapter === undefined ? [] : ['--adapter', flags.adapter]),
  ],
  { stdio: ['ignore', 'inherit', 'inherit'], env: environment },
);
const agrees = status === 0;
console.log(agrees ? 'It agrees with TensorFlow.' : 'It does NOT agree with TensorFlow.');

const rows: Row[] = sizes.map(({ size, batch, base }) => {
  const what = ['--size', size, '--batch', batch, '--base', base, '--steps', steps].map(String);
  const ours = (engine: string, threads: string) =>
    run(process.execPath, [
      ...[join(import.meta.dirname, 'train.ts'), ...what],
      ...['--engine', engine, '--threads', threads],
    ]);
  const card = ours('webgpu', '1');
  const processor = ours('tensorflow', flags.threads);
  const script = join(import.meta.dirname, 'peers', 'train_torch.py');
  const peer =
    torch?.device == null
      ? null
      : run(torch.python, [script, ...what, '--threads', '1', '--device', torch.device]);
  const ms = (one: Measured | null) => one?.ms_step ?? NaN;
  return {
    'size / batch / base': `${size} / ${batch} / ${base}`,
    'card, ms a step': ms(card),
    [`TensorFlow on ${flags.threads} threads`]: ms(processor),
    'PyTorch on the card': ms(peer),
    'times faster than the processor': ms(processor) / ms(card),
    'of PyTorch’s speed': ms(peer) / ms(card),
    'card, images/s predicted': card?.infer_img_s ?? NaN,
    'processor, images/s': processor?.infer_img_s ?? NaN,
    'card, MB held': card?.card_memory_mb ?? NaN,
    'loss apart': Math.abs((card?.first_loss ?? NaN) - (processor?.first_loss ?? NaN)),
  };
});
report(`training on ${adapterInText(adapter)}`, rows);
console.log(JSON.stringify({ adapter, agrees, rows }));
