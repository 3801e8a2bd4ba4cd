/**
 * A small study, the folder that it travels in, and trainers that are fakes: their weights and scores depend on the run
 * and on what it starts from, as real ones' do, so that a test sees where results come from.
 */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import type { Project } from '../../../engine/db/project.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import type { SpawnTrainer } from '../../../engine/trainer.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../engine/training/checkpoint.ts';
import { flatSizes } from '../../../engine/training/network/parameters.ts';
import { segmentationSpec } from '../../../engine/training/objectives/segmentation.ts';
import type { GivenCheckpoint, TrainerEvent } from '../../../engine/training/protocol.ts';
import type { RunOneOptions } from '../../../engine/elsewhere/run-attempt.ts';
import { runOne } from '../../../engine/elsewhere/run-one.ts';
import type { Run } from '../../../shared/entities.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';
import { ENGINE } from '../study/running/fake-trainers.ts';

/** As small as there are: what travels is whole networks. */
const NETWORK = { depth: 1, base: 2, bottleneck: 1 };

/** One number for all weights of a fake network. */
const weight = (run: Run, from: readonly GivenCheckpoint[], salt: number) => {
  const source = from.find(({ runId }) => runId === run.dependsOn);
  const inherited =
    source === undefined ? 0 : (decodeCheckpoint(source.bytes).trained.theta[0] ?? 0);
  return run.id + inherited / 1000 + salt;
};

function checkpoint(run: Run, step: number, value: number): Uint8Array {
  const trained = segmentationSpec(run.config.network, 2);
  const { theta, statistics } = flatSizes(trained);
  const weights = new Float32Array(theta).fill(value);
  return encodeCheckpoint({
    header: {
      objective: run.config.kind === 'pretrain' ? run.config.task : 'finetune',
      network: run.config.network,
      sampling: run.config.sampling,
      classes: 2,
      seed: run.seed,
      step,
      trainedSeconds: step / 10,
      engine: ENGINE,
      layers: [],
      best: null,
      trained,
      frozen: { parameters: [], statistics: [] },
    },
    trained: { theta: weights, statistics: new Float32Array(statistics) },
    frozen: { theta: new Float32Array(), statistics: new Float32Array() },
    moments: { m: weights, v: weights },
    best: null,
  });
}

interface FakeOptions {
  /** Of another computer, whose bits differ. */
  readonly salt?: number;
  /** Where it stops when it is asked to; left out: it ends first. */
  readonly stopAt?: number;
  readonly onStart?: (
    given: readonly GivenCheckpoint[],
    asked: { readonly threads: number; readonly engine: string },
  ) => void;
}

/** What a trainer of this project sends, from its last checkpoint on. */
export function eventsOf(
  project: Project,
  run: Run,
  { from, salt = 0 }: { readonly from: readonly GivenCheckpoint[]; readonly salt?: number },
): TrainerEvent[] {
  const value = weight(run, from, salt);
  const own = from.find(({ runId, kind }) => runId === run.id && kind === 'last');
  const firstStep = own?.step ?? 0;
  const bytes = checkpoint(run, run.steps, value);
  const points = Array.from({ length: run.steps - firstStep }, (_, i) => firstStep + 1 + i).flatMap(
    (step) => [
      { step, name: 'loss' as const, value: 1 / step },
      ...(step % 5 === 0 ? [{ step, name: 'valDice' as const, value: 0.5 + step / 100 }] : []),
    ],
  );
  const tested = project.snapshots
    .items(run.config.snapshotId)
    .filter(({ part }) => run.kind === 'finetune' && part === 'test');
  return [
    { type: 'started', engine: ENGINE, layers: [], firstStep },
    { type: 'metrics', points },
    { type: 'checkpoint', kind: 'best', step: run.steps, bytes },
    { type: 'checkpoint', kind: 'last', step: run.steps, bytes },
    ...tested.flatMap(({ imageId }): TrainerEvent[] =>
      (['best', 'last'] as const).map((kind) => ({
        type: 'result',
        result: {
          ...{ imageId, checkpoint: kind, iou: 0.5, hd95: 1, boundaryF1: 0.5, uncertainty: 0.1 },
          dice: 0.5 + ((run.id * 37 + imageId * 11) % 40) / 100,
          classes: [{ classIndex: 1, predictedPx: 1, truePx: 1, bothPx: 1 }],
        },
        prediction:
          kind === 'best'
            ? encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 1]) })
            : null,
      })),
    ),
    { type: 'log', message: `computed run ${run.id}` },
    { type: 'progress', step: run.steps, trainedSeconds: 1, peakMemoryBytes: 1 },
    { type: 'done', kept: checkpoint(run, run.steps, value) },
  ];
}

function fakeSpawn(project: Project, options: FakeOptions = {}): SpawnTrainer {
  return (request, onEvent) => {
    if (request.type !== 'run') throw new Error(`asked for ${request.type}`);
    const { runId, given = [], threads, engine } = request;
    const run = project.runs.get(runId);
    if (run === undefined) throw new Error(`there is no run ${runId}`);
    options.onStart?.(given, { threads, engine });
    const { promise: asked, resolve: stop } = Promise.withResolvers<null>();
    const { salt = 0, stopAt } = options;
    const ended = (async () => {
      await Promise.resolve();
      if (stopAt !== undefined) {
        await asked;
        const value = weight(run, given, salt);
        onEvent({ type: 'started', engine: ENGINE, layers: [], firstStep: 0 });
        onEvent({ type: 'metrics', points: [{ step: 1, name: 'loss', value: 1 }] });
        onEvent({
          ...{ type: 'checkpoint', kind: 'last', step: stopAt },
          bytes: checkpoint(run, stopAt, value),
          points: [{ step: 2, name: 'loss', value: 0.5 }],
        });
        onEvent({ type: 'stopped', step: stopAt });
        return { orderly: true, detail: '' };
      }
      for (const event of eventsOf(project, run, { from: given, salt })) onEvent(event);
      return { orderly: true, detail: '' };
    })();
    return { pid: 1, stop: () => stop(null), kill: () => stop(null), ended };
  };
}

/** Limits are said, so that nothing is measured. */
const LIMITS = { minutes: 10, memoryMb: 1000, threads: 1 };

export async function bundledStudy(
  changes: Parameters<typeof smallStudy>[1] = {},
  engine = createEngine(),
) {
  onTestFinished(() => engine.close());
  const folder = temporaryFolder();
  const project = join(folder, 'p.graft');
  await engine.call('project.create', { path: project });
  const { db } = engine.project(project);
  const source = addDataset(db, 'source', { count: 4 });
  const target = addDataset(db, 'target', { count: 20 });
  const config = smallStudy(
    { source, target },
    { network: NETWORK, labelCounts: [2], seeds: 2, ...changes },
  );
  const study = createStudy(db, config);
  const dir = join(folder, 'a bundle');
  const bundle = (to = dir) =>
    engine.call('studies.bundle', { project, studyId: study.id, dir: to, ...LIMITS });
  const merge = (from = dir, withFailures = false) =>
    engine.call('studies.merge', { project, dir: from, withFailures });
  const say = () => undefined;
  const computing = (options: FakeOptions & Partial<RunOneOptions> = {}): RunOneOptions => ({
    ...{ engine: 'wasm', signal: new AbortController().signal, say, beatMs: 20 },
    ...{ spawn: fakeSpawn(db, options), room: { tries: 1, everyMs: 1 } },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.spawn === undefined ? {} : { spawn: options.spawn }),
    ...(options.engine === undefined ? {} : { engine: options.engine }),
  });
  const compute = (runId: number, options: FakeOptions & Partial<RunOneOptions> = {}, at = dir) =>
    runOne(at, runId, computing(options));
  const runs = () => db.runs.ofStudy(study.id);
  const computeAll = async (at = dir) => {
    for (const { id } of runs()) await compute(id, {}, at);
  };
  return { engine, folder, project, db, study, dir, bundle, merge, compute, computeAll, runs };
}
