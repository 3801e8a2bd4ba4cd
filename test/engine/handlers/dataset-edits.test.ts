/** What the library changes: names, classes, groups and splits, on a real project file. */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { fakeTrainers } from '../study/running/fake-trainers.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { NetworkConfig, OptimisationConfig, SamplingConfig } from '../../../shared/entities.ts';
import type { EngineEvent } from '../../../shared/events.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';

async function library() {
  const engine = createEngine({ spawn: fakeTrainers().spawn });
  onTestFinished(() => engine.close());
  const path = join(temporaryFolder(), 'p.graft');
  await engine.call('project.create', { path });
  const { db } = engine.project(path);
  const cells = addDataset(db, 'cells', { count: 6 });
  const others = addDataset(db, 'others', { count: 20 });
  const idsOf = (datasetId: number) => db.datasets.images(datasetId).map(({ id }) => id);
  return { engine, project: path, db, cells, others, idsOf };
}

it('datasets.rename gives a new name, and refuses one that is taken', async () => {
  const { engine, project, cells } = await library();
  const rename = (datasetId: number, name: string) =>
    engine.call('datasets.rename', { project, datasetId, name });
  expect(await rename(cells, 'nuclei')).toMatchObject({ id: cells, name: 'nuclei', imageCount: 6 });
  const names = async () => (await engine.call('datasets.list', { project })).map((d) => d.name);
  expect(await names()).toEqual(['nuclei', 'others']);
  await expect(rename(cells, 'others')).rejects.toMatchObject({
    code: 'conflict',
    message: 'There is a dataset "others" already. Choose another name.',
  });
  // Its own name is nobody else's.
  expect(await rename(cells, 'nuclei')).toMatchObject({ name: 'nuclei' });
  await expect(rename(99, 'x')).rejects.toMatchObject({ code: 'not-found' });
  await expect(rename(cells, '')).rejects.toMatchObject({ code: 'invalid-input' });
  expect(await names()).toEqual(['nuclei', 'others']);
});

it('datasets.delete takes images, labels and splits along, but nothing that runs rest on', async () => {
  const { engine, project, db, cells, others, idsOf } = await library();
  const [image = 0] = idsOf(cells);
  await engine.call('splits.create', { project, datasetId: cells, name: 'halves' });
  const { id: studyId } = createStudy(db, smallStudy({ source: others, target: others }));
  const remove = (datasetId: number) => engine.call('datasets.delete', { project, datasetId });

  await expect(remove(others)).rejects.toMatchObject({ code: 'conflict', subject: 'others' });
  expect(idsOf(others)).toHaveLength(20);
  expect(await remove(cells)).toBeNull();
  expect((await engine.call('datasets.list', { project })).map(({ id }) => id)).toEqual([others]);
  expect(await engine.call('images.get', { project, imageIds: [image] })).toEqual([]);
  expect(await engine.call('labelMaps.history', { project, imageId: image })).toEqual([]);
  expect(await engine.call('splits.list', { project, datasetId: cells })).toEqual([]);
  await expect(remove(cells)).rejects.toMatchObject({ code: 'not-found' });

  await engine.call('studies.delete', { project, studyId });
  expect(await remove(others)).toBeNull();
  expect(await engine.call('datasets.list', { project })).toEqual([]);
});

it('datasets.delete names what keeps it, and goes once single pretrainings are gone as well', async () => {
  const { engine, project, db, cells } = await library();
  const pretrain = () =>
    engine.call('encoders.pretrain', {
      project,
      datasetId: cells,
      task: 'autoencoder',
      network: NetworkConfig.parse({}),
      sampling: SamplingConfig.parse({}),
      optimisation: OptimisationConfig.parse({
        ...{ steps: 10, batch: 2, schedule: 'constant', evaluateEvery: 5 },
      }),
    });
  const [done, failed] = [await pretrain(), await pretrain()];
  db.runs.ended(done.id, 'done');
  db.runs.ended(failed.id, 'failed');
  const encoderId = db.encoders.add({
    ...{ runId: done.id, name: 'mine', task: 'autoencoder', network: NetworkConfig.parse({}) },
  });
  const remove = engine.call('datasets.delete', { project, datasetId: cells });
  await expect(remove).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(
      /^"cells" is what the encoder "mine" was .* Delete it first/,
    ) as string,
  });
  const events: EngineEvent[] = [];
  engine.subscribe((event) => events.push(event));
  await engine.call('encoders.delete', { project, encoderId });
  expect(db.runs.list().map(({ id }) => id)).toEqual([failed.id]);
  await engine.call('datasets.delete', { project, datasetId: cells });
  expect([db.runs.list(), db.encoders.list(), db.datasets.get(cells)]).toEqual([[], [], undefined]);
  expect(events.map((event) => (event.type === 'changed' ? event.changes : event))).toEqual([
    { encoders: { removed: [encoderId] }, runs: { removed: [done.id] } },
    { datasets: { removed: [cells] }, runs: { removed: [failed.id] } },
  ]);
});

it('datasets.setClasses renames, recolours and adds, and drops none', async () => {
  const { engine, project, cells } = await library();
  const setClasses = (classes: { index: number; name: string; color: string }[]) =>
    engine.call('datasets.setClasses', { project, datasetId: cells, classes });
  const background = { index: 0, name: 'outside', color: '#000000' };
  const cell = { index: 1, name: 'nucleus', color: '#123456' };
  const rim = { index: 7, name: 'rim', color: '#abcdef' };
  expect((await setClasses([background, cell, rim])).classes).toEqual([background, cell, rim]);
  await expect(setClasses([background, rim])).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('label maps may hold them: nucleus.') as string,
  });
  await expect(setClasses([background, cell, { ...rim, index: 1 }])).rejects.toMatchObject({
    code: 'invalid-input',
    message: 'Two classes have the same number. Give each its own.',
  });
  await expect(setClasses([background, cell, { ...rim, color: 'red' }])).rejects.toMatchObject({
    code: 'invalid-input',
  });
  const [dataset] = await engine.call('datasets.list', { project });
  expect(dataset?.classes).toEqual([background, cell, rim]);
});

it('images.setGroup keeps a patient together in the splits made after it, and can be undone', async () => {
  const { engine, project, cells, idsOf } = await library();
  const imageIds = idsOf(cells).slice(0, 3);
  const groups = async () =>
    (await engine.call('images.list', { project, datasetId: cells })).images.map(
      ({ groupName }) => groupName,
    );
  expect(await engine.call('images.setGroup', { project, imageIds, group: 'p1' })).toBeNull();
  expect(await groups()).toEqual(['p1', 'p1', 'p1', null, null, null]);
  for (const seed of [0, 1, 2, 3]) {
    const name = `split ${seed}`;
    const { id } = await engine.call('splits.create', { project, datasetId: cells, name, seed });
    const items = await engine.call('splits.items', { project, splitId: id });
    const parts = items.filter(({ imageId }) => imageIds.includes(imageId)).map(({ part }) => part);
    expect(new Set(parts).size).toBe(1);
  }
  await engine.call('images.setGroup', { project, imageIds: imageIds.slice(0, 1), group: null });
  expect(await groups()).toEqual([null, 'p1', 'p1', null, null, null]);
  await expect(
    engine.call('images.setGroup', { project, imageIds: [...imageIds, 999], group: 'p2' }),
  ).rejects.toMatchObject({ code: 'not-found' });
  expect(await groups()).toEqual([null, 'p1', 'p1', null, null, null]);
});

it('splits.save writes a split as given, replaces the one of its name, and takes only own images', async () => {
  const { engine, project, cells, others, idsOf } = await library();
  const [a = 0, b = 0, c = 0] = idsOf(cells);
  const save = (items: { imageId: number; part: 'train' | 'val' | 'test' }[]) =>
    engine.call('splits.save', { project, datasetId: cells, name: 'mine', items });
  const made = await save([
    { imageId: a, part: 'train' },
    { imageId: b, part: 'test' },
  ]);
  expect(made).toMatchObject({ name: 'mine', counts: { train: 1, val: 0, test: 1 } });
  const changed = await save([
    { imageId: a, part: 'val' },
    { imageId: c, part: 'train' },
  ]);
  expect(changed).toMatchObject({ id: made.id, counts: { train: 1, val: 1, test: 0 } });
  const [foreign = 0] = idsOf(others);
  await expect(save([{ imageId: foreign, part: 'train' }])).rejects.toMatchObject({
    code: 'invalid-input',
    message: 'The split holds images that "cells" does not have. Make it anew.',
  });
  await expect(
    save([
      { imageId: a, part: 'train' },
      { imageId: a, part: 'test' },
    ]),
  ).rejects.toThrow('names an image twice');
  const items = await engine.call('splits.items', { project, splitId: made.id });
  expect(new Map(items.map(({ imageId, part }) => [imageId, part]))).toEqual(
    new Map([
      [a, 'val'],
      [c, 'train'],
    ]),
  );
  expect(await engine.call('splits.list', { project, datasetId: cells })).toHaveLength(1);
});
