/**
 * What a run waits for beside its steps: the time until its first step, and the seconds that it stands still because
 * data are not there yet; with batches prepared in a thread of their own and on the training thread, for one run on all
 * cores and for one run a core. Real trainer processes on made-up images.
 * usage: pipeline.ts [--size 128] [--batch 8] [--base 16] [--steps 40] [--images 16] [--image-px 512]
 * The last line is JSON: { size, batch, base, steps, rows: [{ prepare, threads, parallel, ms_step, … }] }.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { spawnTrainer } from '../../engine/trainer.ts';
import { NetworkConfig, OptimisationConfig, PretrainingOptions } from '../../shared/entities.ts';
import { discsProject, inFolder } from './bench-project.ts';
import { snapshotItem } from '../../engine/db/splits.ts';

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '128' },
    batch: { type: 'string', default: '8' },
    base: { type: 'string', default: '16' },
    steps: { type: 'string', default: '40' },
    images: { type: 'string', default: '16' },
    'image-px': { type: 'string', default: '512' },
  },
});
const sizePx = Number(flags.size);
const steps = Number(flags.steps);
const images = Number(flags.images);

interface Measured {
  readonly firstStepMs: number;
  readonly msStep: number;
  readonly wait: string;
  readonly wallMs: number;
  readonly peakMb: number;
}

/** One run from the start of its process to the end of it. */
async function measure(
  projectPath: string,
  run: { readonly runId: number; readonly threads: number; readonly prepare: 'thread' | 'inline' },
): Promise<Measured> {
  const start = performance.now();
  let firstStepMs = 0;
  let trainedMs = 0;
  let peakMb = 0;
  let wait = '';
  let failure = '';
  const trainer = spawnTrainer(
    { type: 'run', engine: 'tensorflow', projectPath, checkpointIntervalMs: 1e9, ...run },
    (event) => {
      if (event.type === 'progress') {
        trainedMs = event.trainedSeconds * 1000;
        peakMb = event.peakMemoryBytes / 2 ** 20;
        if (firstStepMs === 0) firstStepMs = performance.now() - start - trainedMs;
      }
      if (event.type === 'log') wait = event.message;
      if (event.type === 'failed') failure = event.error.message;
    },
  );
  const { orderly, detail } = await trainer.ended;
  if (!orderly || failure !== '') throw new Error(failure || detail);
  const wallMs = performance.now() - start;
  return { firstStepMs, msStep: trainedMs / steps, wait, wallMs, peakMb };
}

const cores = availableParallelism();
const layouts = [
  { threads: cores, parallel: 1 },
  { threads: 1, parallel: cores },
];
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

const rows = await inFolder(async (folder) => {
  const path = join(folder, 'bench.graft');
  const { project, datasetId } = discsProject(path, { images, sizePx: Number(flags['image-px']) });
  const snapshotId = project.snapshots.take(
    datasetId,
    project.datasets.images(datasetId).map((image) => snapshotItem(image, 'train')),
  );
  const newRun = () =>
    project.runs.create({
      studyId: null,
      config: {
        kind: 'pretrain',
        task: 'segmentation',
        options: PretrainingOptions.parse({}),
        network: NetworkConfig.parse({ base: Number(flags.base), inputChannels: 3 }),
        sampling: { sizePx, mode: 'resize' },
        optimisation: OptimisationConfig.parse({
          steps,
          batch: Number(flags.batch),
          learningRate: 1e-3,
          schedule: 'constant',
          evaluateEvery: steps,
        }),
        seed: 0,
        snapshotId,
      },
      pretraining: null,
      labels: null,
      dependsOn: null,
    });
  const found = [];
  for (const layout of layouts) {
    for (const prepare of ['inline', 'thread'] as const) {
      const { threads, parallel } = layout;
      const all = await Promise.all(
        Array.from({ length: parallel }, () =>
          measure(path, { runId: newRun(), threads, prepare }),
        ),
      );
      const row = {
        prepare,
        threads,
        parallel,
        first_step_ms: Math.round(mean(all.map((m) => m.firstStepMs))),
        ms_step: Number(mean(all.map((m) => m.msStep)).toFixed(1)),
        wall_ms: Math.round(mean(all.map((m) => m.wallMs))),
        peak_mb: Math.round(mean(all.map((m) => m.peakMb))),
        wait: all[0]?.wait ?? '',
      };
      console.log(
        `${prepare.padEnd(6)} ${parallel} run(s) × ${threads} thread(s)  first step after ${row.first_step_ms} ms  ${row.ms_step} ms a step  ${row.wall_ms} ms in all  ${row.peak_mb} MB\n       ${row.wait}`,
      );
      found.push(row);
    }
  }
  project.close();
  return found;
});
console.log(
  JSON.stringify({
    size: sizePx,
    batch: Number(flags.batch),
    base: Number(flags.base),
    steps,
    images,
    rows,
  }),
);
