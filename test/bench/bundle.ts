/**
 * Time and size of a bundle and of merging, by the number of runs, with generated results (a network of some 120,000
 * weights, 20 test images): node build/run.mjs test/bench/bundle.ts [--runs 100,300,1000]. And what a run costs beside
 * its training, against the same run here: --overhead.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { openBundle, resultPath } from '../../engine/elsewhere/bundle.ts';
import { runOne } from '../../engine/elsewhere/run-one.ts';
import { encodeRunFile } from '../../engine/elsewhere/run-file.ts';
import { Journal } from '../../engine/elsewhere/journal.ts';
import { createEngine } from '../../engine/engine.ts';
import { writeWholeSync } from '../../engine/data/write-file.ts';
import { sourceHash } from '../../engine/elsewhere/run-attempt.ts';
import { encodeCheckpoint } from '../../engine/training/checkpoint.ts';
import { flatSizes } from '../../engine/training/network/parameters.ts';
import { segmentationSpec } from '../../engine/training/objectives/segmentation.ts';
import type { GivenCheckpoint, TrainerEvent } from '../../engine/training/protocol.ts';
import { type Run, StudyConfig } from '../../shared/entities.ts';
import { encodeLabelMap } from '../../shared/label-map.ts';
import { createRandom } from '../../shared/random.ts';
import { partFile } from '../../engine/parts.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100,300,1000' },
    overhead: { type: 'boolean', default: false },
  },
});

const CLI = partFile('cli');
const run = promisify(execFile);
const ENGINE = { name: 'wasm', version: '1', threads: 1, node: 'v24', graft: '0' } as const;
const SIZE_PX = 64;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const tell = (line: string) => process.stdout.write(`${line}\n`);

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const start = performance.now();
  const value = await work();
  return { seconds: (performance.now() - start) / 1000, value };
}

const bytesBeneath = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

function checkpoint(run: Run): Uint8Array {
  const random = createRandom(run.id, 'bench');
  const trained = segmentationSpec(run.config.network, 2);
  const sizes = flatSizes(trained);
  const theta = Float32Array.from({ length: sizes.theta }, () => random.below(1000) / 1000);
  return encodeCheckpoint({
    header: {
      objective: run.config.kind === 'pretrain' ? run.config.task : 'finetune',
      ...{ network: run.config.network, sampling: run.config.sampling, classes: 2 },
      ...{ seed: run.seed, step: run.steps, trainedSeconds: 1, engine: ENGINE, layers: [] },
      best: null,
      trained,
      frozen: { parameters: [], statistics: [] },
    },
    trained: { theta, statistics: new Float32Array(sizes.statistics) },
    frozen: { theta: new Float32Array(), statistics: new Float32Array() },
    ...{ moments: null, best: null },
  });
}

async function project(folder: string, seeds: number, steps: number) {
  const engine = createEngine();
  const path = join(folder, `p${seeds}.graft`);
  await engine.call('project.create', { path });
  const generate = (name: string, generator: string, count: number) =>
    engine.call('datasets.generate', {
      ...{ project: path, name, generator, count, sizePx: SIZE_PX, seed: 1 },
    });
  const source = await generate('source', 'texshapes-source', 24);
  const target = await generate('target', 'texshapes-target', 100);
  const optimisation = { steps, batch: 4, schedule: 'constant', evaluateEvery: steps } as const;
  const study = await engine.call('studies.create', {
    project: path,
    config: StudyConfig.parse({
      ...{ name: 'bench', sourceDatasetId: source.id, targetDatasetId: target.id },
      ...{ network: { depth: 4, base: 4 }, sampling: { sizePx: 32 } },
      pretrainings: [
        {
          task: 'segmentation',
          transfers: ['encoder', 'encoder+decoder', 'decoder'],
          optimisation,
        },
      ],
      ...{ finetuning: optimisation, labelCounts: [4, 8, 16], seeds },
      execution: { threads: 1, parallel: 1 },
    }),
  });
  return { engine, path, study };
}

const folder = mkdtempSync(join(tmpdir(), 'graft-bench-'));
try {
  for (const wanted of values.overhead ? [] : values.runs.split(',').map(Number)) {
    const { engine, path, study } = await project(
      folder,
      Math.min(100, Math.ceil(wanted / 13)),
      100,
    );
    const { db } = engine.project(path);
    const dir = join(folder, `b${wanted}`);
    const made = await timed(() =>
      engine.call('studies.bundle', {
        ...{ project: path, studyId: study.id, dir, minutes: 10, memoryMb: 1000 },
      }),
    );
    const bundle = openBundle(dir);
    const pretrained = new Map<number, GivenCheckpoint[]>();
    for (const run of db.runs.ofStudy(study.id)) {
      const kept = checkpoint(run);
      const at = { runId: run.id, step: run.steps, bytes: kept };
      pretrained.set(run.id, [{ ...at, kind: 'last' }]);
      const tested = db.snapshots
        .items(run.config.snapshotId)
        .filter(({ part }) => part === 'test' && run.kind === 'finetune');
      const events: TrainerEvent[] = [
        { type: 'started', engine: ENGINE, layers: [], firstStep: 0 },
        {
          type: 'metrics',
          points: Array.from({ length: run.steps }, (_, i) => ({
            ...{ step: i + 1, name: 'loss' as const, value: 1 / (i + 1) },
          })),
        },
        ...(run.kind === 'finetune'
          ? [{ type: 'checkpoint' as const, kind: 'best' as const, step: run.steps, bytes: kept }]
          : []),
        ...tested.flatMap(({ imageId }) =>
          (['best', 'last'] as const).map((kind) => ({
            type: 'result' as const,
            result: {
              ...{ imageId, checkpoint: kind, dice: 0.5, iou: 0.4, hd95: 3, boundaryF1: 0.5 },
              ...{ uncertainty: 0.1, classes: [] },
            },
            prediction:
              kind === 'last'
                ? null
                : encodeLabelMap({
                    ...{ width: SIZE_PX, height: SIZE_PX },
                    data: new Uint8Array(SIZE_PX ** 2).fill(1, 100, 900),
                  }),
          })),
        ),
        { type: 'done', kept },
      ];
      const journal = new Journal();
      for (const event of events) journal.add(event);
      const startedFrom =
        run.dependsOn === null ? null : sourceHash(pretrained.get(run.dependsOn) ?? []);
      const planned = bundle.manifest.runs.find(({ id }) => id === run.id)?.planned ?? '';
      const file = journal.file({ runId: run.id, planned, startedFrom });
      writeWholeSync(resultPath(bundle, run.id), encodeRunFile(file));
    }
    const results = bytesBeneath(join(dir, 'results'));
    const merged = await timed(() => engine.call('studies.merge', { project: path, dir }));
    const again = await timed(() => engine.call('studies.merge', { project: path, dir }));
    const looked = await timed(() => engine.call('studies.bundleProgress', { dir }));
    tell(
      `${made.value.runs} runs: bundle ${made.seconds.toFixed(1)} s, ${megabytes(made.value.bytes)}; results ${megabytes(results)}; merge ${merged.seconds.toFixed(1)} s (${merged.value.merged.length} merged), again ${again.seconds.toFixed(1)} s; status ${(1000 * looked.seconds).toFixed(0)} ms; project ${megabytes(statSync(path).size)}`,
    );
    await engine.close();
  }
  if (values.overhead) {
    const { engine, path, study } = await project(folder, 1, 20);
    const dir = join(folder, 'overhead');
    const limits = { minutes: 10, memoryMb: 1000 };
    await engine.call('studies.bundle', { project: path, studyId: study.id, dir, ...limits });
    const runs = engine.project(path).db.runs.ofStudy(study.id);
    const there = await timed(async () => {
      for (const { id } of runs) {
        await runOne(dir, id, {
          ...{ engine: 'auto', signal: new AbortController().signal, say: tell },
        });
      }
    });
    // What is there already costs the start of graft, and a look at the folder.
    const [first] = runs;
    const started = await timed(async () => {
      await run(process.execPath, [CLI, 'run-one', dir, String(first?.id)]);
    });
    const here = await timed(async () => {
      await engine.call('studies.run', { project: path, studyId: study.id });
      for (;;) {
        const { study: now } = await engine.call('studies.status', {
          ...{ project: path, studyId: study.id },
        });
        if (now.status !== 'running') return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    const each = (seconds: number) => (seconds / runs.length).toFixed(2);
    tell(
      `a run of 20 steps: ${each(there.seconds)} s from a bundle and ${started.seconds.toFixed(2)} s for the start of graft, ${each(here.seconds)} s here, where one process serves many`,
    );
    await engine.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
