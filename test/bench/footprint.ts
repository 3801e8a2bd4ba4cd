/**
 * What a study takes of the machine: time to the first step, peak memory of engine and trainers, and a run that is
 * killed with SIGKILL half-way and goes on by itself, beside the same run left alone. The weights of both are compared.
 * This process is the engine.
 *
 * usage: footprint.ts [--size 64] [--base 8] [--batch 8] [--steps 600] [--threads 1]
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Project } from '../../engine/db/project.ts';
import { createEngine, type Engine } from '../../engine/engine.ts';
import { type SpawnTrainer, spawnTrainer } from '../../engine/trainer.ts';
import { decodeCheckpoint } from '../../engine/training/checkpoint.ts';
import { StudyConfig } from '../../shared/entities.ts';
import { finishedStudy, inFolder } from './bench-project.ts';
import { report } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '64' },
    base: { type: 'string', default: '8' },
    batch: { type: 'string', default: '8' },
    steps: { type: 'string', default: '600' },
    threads: { type: 'string', default: '1' },
  },
});
const [sizePx, base, batch, steps, threads] = [
  flags.size,
  flags.base,
  flags.batch,
  flags.steps,
  flags.threads,
].map(Number) as [number, number, number, number, number];

/** Often enough that a run of some seconds has one to go on from. */
const CHECKPOINT_INTERVAL_MS = 1000;
const IMAGES = 40;

/**
 * When the first step was reported, ms; the step from which the trainer is to be killed, once it has left a checkpoint
 * to go on from; where both were then.
 */
const watched = { firstStepAt: NaN, killFrom: Infinity, checkpointAt: NaN, killedAt: NaN };

const spawn: SpawnTrainer = (request, onEvent) => {
  const trainer = spawnTrainer(
    request.type === 'run' ? { ...request, checkpointIntervalMs: CHECKPOINT_INTERVAL_MS } : request,
    (event) => {
      onEvent(event);
      if (event.type === 'metrics' && Number.isNaN(watched.firstStepAt)) {
        watched.firstStepAt = performance.now();
      }
      if (Number.isNaN(watched.killedAt) && watched.killFrom < Infinity) {
        if (event.type === 'checkpoint' && event.kind === 'last') watched.checkpointAt = event.step;
        if (
          event.type === 'progress' &&
          event.step >= watched.killFrom &&
          watched.checkpointAt > 0
        ) {
          watched.killedAt = event.step;
          trainer.kill();
        }
      }
    },
  );
  return trainer;
};

async function runStudy(
  engine: Engine,
  db: Project,
  study: { readonly name: string; readonly datasetId: number; readonly steps: number },
) {
  const of = (count: number) => ({
    ...{ steps: count, batch, schedule: 'cosine', evaluateEvery: count },
  });
  // One pretraining is what is watched; a study cannot do without a fine-tuning, so that takes one step.
  const config = StudyConfig.parse({
    name: study.name,
    sourceDatasetId: study.datasetId,
    targetDatasetId: study.datasetId,
    network: { base, inputChannels: 1 },
    sampling: { sizePx },
    pretrainings: [{ task: 'segmentation', transfers: ['encoder'], optimisation: of(study.steps) }],
    finetuning: of(1),
    labelCounts: [8],
    seeds: 1,
    execution: { threads, parallel: 1 },
  });
  const start = performance.now();
  const runs = await finishedStudy(engine, db, config);
  const seconds = (performance.now() - start) / 1000;
  const run = runs.find(({ kind }) => kind === 'pretrain');
  const stored = run && db.runs.checkpoint(run.id, 'last');
  if (run === undefined || stored === undefined) throw new Error('the run left no checkpoint');
  const { trained } = decodeCheckpoint(stored.bytes);
  const weights = createHash('sha256')
    .update(Buffer.from(trained.theta.buffer))
    .update(Buffer.from(trained.statistics.buffer))
    .digest('hex');
  return { start, seconds, weights, peakMegabytes: (run.peakMemoryBytes ?? NaN) / 2 ** 20 };
}

await inFolder(async (folder) => {
  const engine = createEngine({ engine: 'tensorflow', spawn });
  try {
    const project = join(folder, 'footprint.graft');
    await engine.call('project.create', { path: project });
    const { db } = engine.projects.open(project);
    const { id: datasetId } = await engine.call('datasets.generate', {
      ...{ project, name: 'target', generator: 'texshapes-target', count: IMAGES, sizePx, seed: 1 },
    });
    const one = await runStudy(engine, db, { name: 'one step', datasetId, steps: 1 });
    const firstStep = (watched.firstStepAt - one.start) / 1000;
    const whole = await runStudy(engine, db, { name: 'left alone', datasetId, steps });
    watched.killFrom = steps / 2;
    const killed = await runStudy(engine, db, { name: 'killed', datasetId, steps });
    if (Number.isNaN(watched.killedAt)) throw new Error('too short to be killed: more --steps');
    report('footprint of a study', [
      {
        'size / batch / base': `${sizePx} / ${batch} / ${base}`,
        threads,
        'first step, s': firstStep,
        'engine, peak MB': process.resourceUsage().maxRSS / 1024,
        'trainer, peak MB': whole.peakMegabytes,
        steps,
        'left alone, s': whole.seconds,
        'killed at step': watched.killedAt,
        'goes on from': watched.checkpointAt,
        'killed and resumed, s': killed.seconds,
        'same bits': killed.weights === whole.weights ? 'yes' : 'no',
      },
    ]);
    if (killed.weights !== whole.weights) process.exitCode = 1;
  } finally {
    await engine.close();
  }
});
