/** The queue of suggestions and the labelling clock of a sitting, on an engine of this process. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AnnotateNext } from '../../../renderer/state/annotate-next.svelte.ts';
import { LabellingClock } from '../../../renderer/state/labelling-clock.svelte.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';
import { windowEngine } from '../window-engine.ts';

async function dataset() {
  const { engine, api } = await windowEngine();
  const project = join(temporaryFolder(), 'p.graft');
  await engine.call('project.create', { path: project });
  const { db } = engine.project(project);
  const datasetId = addDataset(db, 'cells', { count: 6, labelled: 1 });
  const images = db.datasets.images(datasetId);
  for (const [i, { id }] of images.entries()) {
    db.labelling.saveFeatures(id, { kind: 'picture' }, new Float32Array([i]));
  }
  const ids = images.map(({ id }) => id);
  return { engine, api, project, db, datasetId, images, ids };
}

it('walks through the suggestions in their order, and on where one is put off', async () => {
  const { api, project, datasetId, images, ids } = await dataset();
  let open = ids[0] ?? 0;
  const next = new AnnotateNext(api, {
    project,
    datasetId: () => datasetId,
    imageId: () => open,
    images: () => images,
  });
  const stop = api.subscribe((event) => {
    if (event.type === 'changed') next.handle(event);
  });
  const go = async () => {
    const found = await next.next();
    open = found?.imageId ?? 0;
    return found?.name;
  };
  expect([await go(), await go(), await go()]).toEqual(['5.png', '2.png', '1.png']);
  await next.skip(open);
  // Nobody looks: what is no longer true is forgotten, and asked for when it is wanted.
  expect(next.queue).toBeNull();
  expect(await go()).toBe('5.png');
  expect(next.queue?.putOff.map(({ name }) => name)).toEqual(['1.png']);
  stop();
  next.stop();
});

it('drops what was labelled elsewhere, and keeps the order', async () => {
  const { engine, api, project, db, datasetId, images, ids } = await dataset();
  const next = new AnnotateNext(api, {
    project,
    datasetId: () => datasetId,
    imageId: () => null,
    images: () => images,
  });
  const unsubscribe = engine.subscribe((event) => {
    if (event.type === 'changed') next.handle(event);
  });
  const unwatch = next.watch();
  await expect.poll(() => next.queue?.images.length).toBe(5);
  const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 1]) });
  db.labelMaps.add({ imageId: ids[5] ?? 0, author: 'human', bytes });
  await engine.call('labelling.skip', { project, imageId: ids[2] ?? 0 });
  await expect
    .poll(() => next.queue?.images.map(({ name }) => name))
    .toEqual(['3.png', '1.png', '4.png']);
  unwatch();
  unsubscribe();
  next.stop();
});

it('counts the time between movements, no pause longer than a minute, and tells the engine', async () => {
  const { engine, api, project, datasetId, ids } = await dataset();
  let now = 0;
  const errors: string[] = [];
  const clock = new LabellingClock({
    ...{ api, project, now: () => now, onError: (message) => errors.push(message) },
  });
  const at = (ms: number) => {
    now = ms;
    clock.touch();
  };
  clock.open({ datasetId, imageId: ids[1] ?? 0 });
  for (const ms of [0, 4000, 10_000, 100_000, 105_000]) at(ms);
  expect([clock.here, clock.total]).toEqual([15, 15]);
  clock.open({ datasetId, imageId: ids[2] ?? 0 });
  at(107_000);
  clock.pause();
  // What comes after another window is no work.
  at(110_000);
  expect([clock.here, clock.total]).toEqual([2, 17]);
  const time = () => engine.call('labelling.time', { project, datasetId });
  await expect.poll(async () => (await time()).seconds).toBe(17);
  const later = new LabellingClock({ api, project, onError: (message) => errors.push(message) });
  later.open({ datasetId, imageId: ids[1] ?? 0 });
  await later.load(datasetId);
  expect([later.here, later.total, errors]).toEqual([15, 17, []]);
});
