import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { ProjectState } from '../../../renderer/state/project.svelte.ts';
import { startKey, TrainDraft } from '../../../renderer/state/train-draft.svelte.ts';
import { TrainPlan } from '../../../renderer/state/train-plan.svelte.ts';
import type { ModelPlan } from '../../../shared/api.ts';
import { AppError } from '../../../shared/errors.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';
import { windowEngine } from '../window-engine.ts';

/** A project with two datasets, of which the second has labels, as the window sees it. */
async function windowOn() {
  const { engine, api } = await windowEngine();
  const info = await engine.call('project.create', { path: join(temporaryFolder(), 'p.graft') });
  const { db } = engine.project(info.path);
  const bare = addDataset(db, 'bare', { count: 3, labelled: 0 });
  const cells = addDataset(db, 'cells', { count: 10, labelled: 8 });
  const project = new ProjectState(api, info, (error) => {
    throw error;
  });
  await project.load();
  return { engine, api, project, bare, cells, path: info.path };
}

test('a training is asked for of what has labels, from what is recommended', async () => {
  const { api, project, cells, path } = await windowOn();
  const draft = new TrainDraft(api, project);
  expect(draft.dataset?.name).toBe('cells');
  expect(draft.asked).toBeNull();
  await draft.load();
  expect(draft.start).toMatchObject({ from: 'random', isRecommended: true });
  expect(draft.usualName).toBe('cells 1');
  draft.name = ' mine ';
  draft.change({ batch: 4 });
  expect(draft.asked).toEqual({
    project: path,
    datasetId: cells,
    minutes: 10,
    from: 'random',
    settings: { batch: 4 },
    name: 'mine',
  });
});

test('what keeps it from beginning is said, with the remedy', async () => {
  const { api, project, bare, cells } = await windowOn();
  const draft = new TrainDraft(api, project, { datasetId: bare });
  expect(draft.obstacle).toMatch(/No image of "bare" is labelled yet\. Label one/);
  draft.setDataset(cells);
  await draft.load();
  expect(draft.obstacle).toBeNull();
  draft.minutes = null;
  expect(draft.obstacle).toMatch(/how many minutes/);
  expect(draft.planned).toBeNull();
});

test('a model is gone on from, under a name of its own, with the network that it has', async () => {
  const { engine, api, project, cells, path } = await windowOn();
  const { model } = await engine.call('models.train', {
    project: path,
    datasetId: cells,
    steps: 1,
    name: 'cells 1',
  });
  await engine.call('models.stop', { project: path, modelId: model.id, keep: false });
  await project.load();
  const draft = new TrainDraft(api, project, { modelId: model.id });
  expect(draft.dataset?.id).toBe(cells);
  expect(draft.usualName).toBe('cells 2');
  draft.name = 'cells 1';
  expect(draft.obstacle).toMatch(/There is a model named “cells 1” already/);
  draft.change({ base: 16, batch: 4 });
  draft.setStart(startKey({ modelId: model.id }));
  expect(draft.settings).toEqual({ batch: 4 });
});

const plan = (steps: number): ModelPlan => ({
  images: { train: 7, val: 1, test: 2 },
  leftOut: [],
  helped: [],
  settings: {
    network: {} as ModelPlan['settings']['network'],
    sampling: { sizePx: 64, mode: 'resize' },
    batch: 8,
    learningRate: 0.002,
    augment: true,
    precision: 'float32',
    loss: 'cross-entropy+dice',
    objects: false,
  },
  steps,
  seconds: steps === 0 ? null : 600,
  why: [],
  warnings: [],
});

test('a plan is shown at once and timed once it is left alone; of several askings the latest counts', async () => {
  vi.useFakeTimers();
  try {
    const asked: { minutes?: number | undefined; time?: boolean | undefined }[] = [];
    const planning = new TrainPlan({
      call: ((_name: string, input: { minutes?: number; time?: boolean }) => {
        asked.push({ minutes: input.minutes, time: input.time });
        return input.minutes === 13
          ? Promise.reject(new AppError('invalid-input', 'Label more.'))
          : Promise.resolve(plan(input.time === true ? 100 : 0));
      }) as never,
    });
    const first = planning.replan({ project: 'p', datasetId: 1, minutes: 1 });
    const second = planning.replan({ project: 'p', datasetId: 1, minutes: 2 });
    await vi.advanceTimersByTimeAsync(300);
    expect(planning).toMatchObject({ stale: false, timing: true, plan: { seconds: null } });
    await vi.advanceTimersByTimeAsync(1000);
    await Promise.all([first, second]);
    expect(asked).toEqual([
      { minutes: 2, time: false },
      { minutes: 2, time: true },
    ]);
    expect(planning).toMatchObject({ timing: false, trouble: null, plan: { steps: 100 } });

    const third = planning.replan({ project: 'p', datasetId: 1, minutes: 13 });
    await vi.advanceTimersByTimeAsync(300);
    await third;
    expect(planning).toMatchObject({ timing: false, trouble: 'Label more.', plan: { steps: 100 } });
  } finally {
    vi.useRealTimers();
  }
});
