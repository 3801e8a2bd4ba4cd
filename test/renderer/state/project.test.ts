import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import type { SpawnTrainer } from '../../../engine/trainer.ts';
import type { TrainerEvent } from '../../../engine/training/protocol.ts';
import type { Api } from '../../../renderer/api.ts';
import { ProjectState } from '../../../renderer/state/project.svelte.ts';
import type { CallName } from '../../../shared/api.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';

/** Trainers that do what a test tells them. */
function puppets() {
  const running: { readonly runId: number; send(event: TrainerEvent): void; end(): void }[] = [];
  const spawn: SpawnTrainer = (request, send) => {
    let settle: () => void = () => undefined;
    const ended = new Promise<{ orderly: boolean; detail: string }>((resolve) => {
      settle = () => resolve({ orderly: true, detail: '' });
    });
    if (request.type === 'run') running.push({ runId: request.runId, send, end: settle });
    const stop = () => {
      send({ type: 'stopped', step: 1 });
      settle();
    };
    return { pid: 1, ended, stop, kill: settle };
  };
  return { running, spawn };
}

/** A window on an engine of this process: its state, and the names of what it asked for. */
async function windowOn() {
  const { running, spawn } = puppets();
  const engine = createEngine({ spawn });
  onTestFinished(() => engine.close());
  const info = await engine.call('project.create', { path: join(temporaryFolder(), 'p.graft') });
  const { db } = engine.project(info.path);
  const source = addDataset(db, 'source', { count: 4 });
  const target = addDataset(db, 'target', { count: 20, labelled: 18 });
  const asked: CallName[] = [];
  const api: Pick<Api, 'call' | 'origin'> = {
    origin: 'this window',
    call(name, input) {
      asked.push(name);
      return engine.call(name, input, { origin: 'this window' });
    },
  };
  const fail = (error: unknown) => {
    throw error;
  };
  // The state uses nothing else of the api.
  const open = () => new ProjectState(api as Api, info, fail);
  const state = open();
  await state.load();
  const stop = engine.subscribe((event) => {
    if ('project' in event) state.handle(event);
  });
  onTestFinished(() => {
    stop();
    state.close();
  });
  /** What a window sees that is opened now. */
  const fresh = async () => {
    const other = open();
    await other.load();
    return listsOf(other);
  };
  return { engine, db, project: info.path, source, target, running, asked, api, state, fresh };
}

const listsOf = ({ datasets, studies, runs, encoders, held }: ProjectState) => ({
  datasets,
  studies,
  runs,
  encoders,
  held,
});

test('how far a run is, is shown and asks for nothing', async () => {
  const { engine, project, source, target, running, asked, state } = await windowOn();
  const config = smallStudy({ source, target });
  const { id: studyId } = await engine.call('studies.create', { project, config });
  await engine.call('studies.run', { project, studyId });
  await state.caughtUp();
  const [trainer] = running;
  const runId = trainer?.runId ?? 0;
  expect(state.progress.get(studyId)).toMatchObject({ stepsDone: 0, counts: { running: 2 } });

  asked.length = 0;
  for (let step = 1; step <= 9; step++) {
    trainer?.send({ type: 'progress', step, trainedSeconds: step, peakMemoryBytes: 1 });
    const points = [{ step, name: 'loss', value: 1 / step } as const];
    trainer?.send({ type: 'metrics', points });
  }
  await state.caughtUp();
  expect(asked).toEqual([]);
  expect(state.runs?.find(({ id }) => id === runId)).toMatchObject({ step: 9, trainedSeconds: 9 });
  expect(state.progress.get(studyId)).toMatchObject({
    stepsDone: 9,
    running: [{ runId, step: 9 }, {}],
  });
  expect(state.live.get(runId)).toHaveLength(9);
});

test('of runs only those are asked for that have changed', async () => {
  const { engine, project, source, target, running, asked, state } = await windowOn();
  const config = smallStudy({ source, target });
  const { id: studyId } = await engine.call('studies.create', { project, config });
  await engine.call('studies.run', { project, studyId });
  await state.caughtUp();
  asked.length = 0;
  const before = new Map(state.runs?.map((run) => [run.id, run]));
  const [trainer] = running;
  trainer?.send({ type: 'done', kept: null });
  trainer?.end();
  await expect.poll(() => state.encoders?.length).toBe(1);
  await state.caughtUp();
  expect(new Set(asked)).toEqual(new Set(['runs.list', 'encoders.list']));
  const changed = state.runs?.filter((run) => before.get(run.id) !== run) ?? [];
  expect(changed.find(({ id }) => id === trainer?.runId)?.status).toBe('done');
  // What takes the place of the finished run, and nothing else of twenty.
  expect(changed.length).toBeLessThan(5);
});

test('a window that only follows events sees what one sees that is opened now', async () => {
  const { engine, project, source, target, running, state, fresh } = await windowOn();
  const same = async (what: string) => {
    await state.caughtUp();
    expect(listsOf(state), what).toEqual(await fresh());
  };
  const call = engine.call.bind(engine);

  const drawn = { project, name: 'drawn', generator: 'texshapes-source', count: 2, sizePx: 16 };
  const { id: datasetId } = await call('datasets.generate', drawn);
  await same('generate');
  await call('datasets.rename', { project, datasetId, name: 'shapes' });
  await same('rename');
  const [image] = (await call('images.list', { project, datasetId: target })).images.slice(-1);
  const imageId = image?.id ?? 0;
  const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([1, 1]) });
  const labels = { project, imageId, author: 'human', runId: null, base: null, bytes } as const;
  await call('labelMaps.save', labels);
  await same('first labels');
  await call('labelMaps.save', labels);
  await same('second labels');
  const config = smallStudy({ source, target });
  const { id: studyId } = await call('studies.create', { project, config });
  await same('create');
  await call('studies.run', { project, studyId });
  await same('run');
  const [trainer] = running;
  trainer?.send({ type: 'progress', step: 3, trainedSeconds: 2, peakMemoryBytes: 7 });
  await same('progress');
  trainer?.send({ type: 'done', kept: null });
  trainer?.end();
  await expect.poll(() => state.encoders?.length).toBe(1);
  await same('done');
  const encoderId = state.encoders?.[0]?.id ?? 0;
  await call('encoders.update', { project, encoderId, notes: 'good' });
  await same('notes');
  const failed = running.at(-1);
  const error = { code: 'unreadable', message: 'a.png is cut off.', subject: 'a.png' } as const;
  failed?.send({ type: 'failed', error });
  failed?.end();
  const runId = failed?.runId ?? 0;
  await expect.poll(() => state.runs?.find(({ id }) => id === runId)?.status).toBe('failed');
  await same('failed');
  expect(state.runs?.find(({ id }) => id === runId)?.error).toEqual(error);
  await call('studies.pause', { project, studyId });
  await same('pause');
  await call('runs.retry', { project, runId });
  await same('retry');
  await call('studies.cancel', { project, studyId });
  await same('cancel');
  await call('studies.delete', { project, studyId });
  await same('delete a study');
  await call('datasets.delete', { project, datasetId });
  await same('delete a dataset');
});

test('images and splits of the library follow events, and strokes ask for nothing', async () => {
  const { engine, project, target, asked, state } = await windowOn();
  const list = state.imagesOf(target);
  if (list === null) throw new Error('there is no list');
  await list.open();
  const image = list.images?.at(-1);
  const imageId = image?.id ?? 0;
  expect(image?.labelMapId).toBeNull();
  asked.length = 0;
  const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([1, 1]) });
  const labels = { project, imageId, author: 'human', runId: null, base: null, bytes } as const;
  const { id: labelMapId } = await engine.call('labelMaps.save', labels);
  await Promise.all([state.caughtUp(), list.caughtUp()]);
  expect(asked).toEqual([]);
  expect(list.images?.at(-1)?.labelMapId).toBe(labelMapId);
  expect(state.dataset(target)?.labelledCount).toBe(19);

  // Who filters by what is drawn sees it as it is now: that of one image is asked for.
  await list.setFilters({ author: 'human' });
  expect(list.shown.map(({ id }) => id)).toEqual([imageId]);
  asked.length = 0;
  await engine.call('labelMaps.restore', { project, imageId, labelMapId });
  await list.caughtUp();
  expect(asked).toEqual(['images.labels']);

  await engine.call('images.setGroup', { project, imageIds: [imageId], group: 'patient 1' });
  await list.caughtUp();
  expect(list.images?.at(-1)?.groupName).toBe('patient 1');

  const split = await engine.call('splits.create', { project, datasetId: target, name: 'a' });
  await list.caughtUp();
  expect(list.splits?.map(({ name }) => name)).toEqual(['a']);
  expect(list.splitId).toBe(split.id);
  expect(list.parts.size).toBe(20);
  const items = [{ imageId, part: 'test' }] as const;
  await engine.call('splits.save', { project, datasetId: target, name: 'a', items: [...items] });
  await list.caughtUp();
  expect([...list.parts]).toEqual([[imageId, 'test']]);
  await engine.call('splits.delete', { project, splitId: split.id });
  await list.caughtUp();
  expect([list.splits, list.splitId, list.parts.size]).toEqual([[], null, 0]);
});
