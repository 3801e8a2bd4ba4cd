/**
 * Graft's training step, prediction and memory against PyTorch and Keras on this machine: the same network, loss and
 * optimiser (train.ts, peers/train_torch.py, peers/train_keras.py), each in a process of its own, all in turn,
 * `--rounds` times. Prints medians and their ratios. CPU time counts all threads, waiting in a loop included: with one
 * thread it is the figure that other work on the machine spoils least.
 *
 * usage: peers.ts [--size 128 --batch 8 --base 16] [--threads 1] [--precision bfloat16] [--rounds 3] [--steps 15]
 *   [--instructions avx2] [--python PYTHON]
 * Without --size the four standard sizes; without --threads one and two threads. PYTHON has the peers; without it an environment
 * with them is made. --instructions avx2 holds all of them to AVX2 (peers/instructions.ts).
 * The last line is JSON: { precision, instructions, rows: [{ size, batch, base, threads, graft, torch, keras }] } with medians of
 * { ms_step, cpu_ms_step, infer_img_s, cpu_ms_infer, peak_memory_mb }.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { peerInterpreter } from './peers/environment.ts';
import { environmentFor } from './peers/instructions.ts';

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string' },
    batch: { type: 'string', default: '8' },
    base: { type: 'string', default: '16' },
    threads: { type: 'string' },
    precision: { type: 'string', default: 'float32' },
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '15' },
    instructions: { type: 'string' },
    python: { type: 'string' },
  },
});

const STANDARD_SIZES = [
  { size: 64, batch: 32, base: 8 },
  { size: 128, batch: 8, base: 16 },
  { size: 128, batch: 8, base: 32 },
  { size: 256, batch: 4, base: 16 },
] as const;

const sizes =
  flags.size === undefined
    ? STANDARD_SIZES
    : [{ size: Number(flags.size), batch: Number(flags.batch), base: Number(flags.base) }];
const threadCounts = flags.threads === undefined ? [1, 2] : [Number(flags.threads)];

const Measured = z.object({
  version: z.string(),
  ms_step: z.number(),
  cpu_ms_step: z.number(),
  infer_img_s: z.number(),
  cpu_ms_infer: z.number(),
  peak_memory_mb: z.number(),
});
type Measured = z.infer<typeof Measured>;
type Figures = Omit<Measured, 'version'>;
const FIGURES = [
  'ms_step',
  'cpu_ms_step',
  'infer_img_s',
  'cpu_ms_infer',
  'peak_memory_mb',
] as const;

const python = flags.python ?? peerInterpreter();
const environment = environmentFor(flags.instructions);
const contenders = {
  graft: [process.execPath, join(import.meta.dirname, 'train.ts')],
  torch: [python, join(import.meta.dirname, 'peers', 'train_torch.py')],
  keras: [python, join(import.meta.dirname, 'peers', 'train_keras.py')],
} as const satisfies Readonly<Record<string, readonly [program: string, script: string]>>;
type Contender = keyof typeof contenders;
const NAMES = ['graft', 'torch', 'keras'] as const satisfies readonly Contender[];

const versions = new Map<Contender, string>();

function measure(who: Contender, setting: Readonly<Record<string, number>>): Measured {
  const [program, script] = contenders[who];
  const named = { ...setting, steps: Number(flags.steps) };
  const numbers = Object.entries(named).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const output = execFileSync(program, [script, ...numbers, '--precision', flags.precision], {
    encoding: 'utf8',
    // Keras's users know the variable, so it gets the kernels that Graft takes by itself.
    env: who === 'keras' ? { TF_ENABLE_ONEDNN_OPTS: '1', ...environment } : environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const measured = Measured.parse(JSON.parse(output.trimEnd().split('\n').at(-1) ?? ''));
  versions.set(who, measured.version);
  return measured;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [
    sorted[Math.ceil(sorted.length / 2) - 1],
    sorted[Math.floor(sorted.length / 2)],
  ];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

function medians(runs: readonly Measured[]): Figures {
  const [ms_step, cpu_ms_step, infer_img_s, cpu_ms_infer, peak_memory_mb] = FIGURES.map((name) =>
    median(runs.map((run) => run[name])),
  ) as [number, number, number, number, number];
  return { ms_step, cpu_ms_step, infer_img_s, cpu_ms_infer, peak_memory_mb };
}

function compare(setting: Readonly<Record<string, number>>): Record<Contender, Figures> {
  const runs: Record<Contender, Measured[]> = { graft: [], torch: [], keras: [] };
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const who of NAMES) runs[who].push(measure(who, setting));
  }
  return { graft: medians(runs.graft), torch: medians(runs.torch), keras: medians(runs.keras) };
}

const ratio = (value: number) => value.toFixed(2).padStart(6);

/** Of every figure the three values, and Graft's advantage over the better peer; of memory over PyTorch alone. */
function tableRow(
  { size, batch, base, threads }: Readonly<Record<'size' | 'batch' | 'base' | 'threads', number>>,
  { graft, torch, keras }: Record<Contender, Figures>,
): string {
  const values = (name: keyof Figures, digits: number) =>
    [graft, torch, keras].map((one) => one[name].toFixed(digits).padStart(7)).join('');
  const shorter = (name: 'ms_step' | 'cpu_ms_step' | 'cpu_ms_infer') =>
    ratio(Math.min(torch[name], keras[name]) / graft[name]);
  const predicts = ratio(graft.infer_img_s / Math.max(torch.infer_img_s, keras.infer_img_s));
  const held = ratio(graft.peak_memory_mb / torch.peak_memory_mb);
  return [
    `${`${size}/${batch}/${base}`.padEnd(10)}${threads} `,
    `${values('ms_step', 1)}${shorter('ms_step')} `,
    `${values('cpu_ms_step', 0)}${shorter('cpu_ms_step')} `,
    `${values('infer_img_s', 0)}${predicts} `,
    `${values('cpu_ms_infer', 0)}${shorter('cpu_ms_infer')} `,
    `${values('peak_memory_mb', 0)}${held}`,
  ].join('|');
}

console.log(
  'Each column: Graft, PyTorch, Keras, ratio (faster peer ÷ Graft; memory: Graft ÷ PyTorch).',
);
console.log(
  'size/batch/base, threads | ms a step | CPU ms a step | images/s predicted | CPU ms a prediction | peak MB',
);
const rows = sizes.flatMap((size) =>
  threadCounts.map((threads) => {
    const setting = { ...size, threads };
    const figures = compare(setting);
    console.log(tableRow(setting, figures));
    return { ...setting, ...figures };
  }),
);
console.log([...versions].map(([who, version]) => `${who} ${version}`).join(', '));
const { precision, instructions } = flags;
console.log(JSON.stringify({ precision, instructions, rows }));
