import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { allImages } from '../../../renderer/state/all-images.ts';
import type { Changes, EngineEvent } from '../../../shared/events.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';

async function openProject() {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const events: EngineEvent[] = [];
  engine.subscribe((event) => events.push(event));
  return { engine, events, project: path, db: engine.project(path).db };
}

test('a call tells what it changed, with ids and who asked; one that fails or only reads tells nothing', async () => {
  const { engine, events, project, db } = await openProject();
  const datasetId = addDataset(db, 'cells', { count: 3 });
  const [first, second] = db.datasets.images(datasetId).map(({ id }) => id);
  const imageIds = [first ?? 0, second ?? 0];
  const origin = 'the window at the left';
  await engine.call('images.setGroup', { project, imageIds, group: 'a' }, { origin });
  const halves = { project, datasetId, name: 'a', val: 0 };
  await engine.call('splits.create', halves);
  expect(events).toEqual([
    { type: 'changed', project, origin, changes: { images: { datasetId, updated: imageIds } } },
    { type: 'changed', project, origin: null, changes: { splits: { datasetId, added: [1] } } },
  ]);
  events.length = 0;
  await engine.call('datasets.list', { project });
  await engine.call('images.list', { project, datasetId });
  await expect(engine.call('splits.create', halves)).rejects.toMatchObject({ code: 'conflict' });
  const foreign = { project, imageIds: [first ?? 0, 99], group: 'b' };
  await expect(engine.call('images.setGroup', foreign)).rejects.toMatchObject({
    code: 'not-found',
  });
  const nobody = { project, encoderId: 7, notes: 'good' };
  await expect(engine.call('encoders.update', nobody)).rejects.toMatchObject({ code: 'not-found' });
  expect(events).toEqual([]);
  expect(db.datasets.image(first ?? 0)?.groupName).toBe('a');
});

test('images of several datasets have no common group', async () => {
  const { engine, project, db } = await openProject();
  const imageIds = ['a', 'b'].map(
    (name) => db.datasets.images(addDataset(db, name, { count: 1 }))[0]?.id ?? 0,
  );
  await expect(
    engine.call('images.setGroup', { project, imageIds, group: 'p' }),
  ).rejects.toMatchObject({ code: 'invalid-input' });
});

test('labels are saved by a call that checks them as every other', async () => {
  const { engine, project, db } = await openProject();
  const [image] = db.datasets.images(addDataset(db, 'cells', { count: 1, labelled: 0 }));
  const imageId = image?.id ?? 0;
  const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 1]) });
  const labels = { project, imageId, author: 'human', runId: null, base: null } as const;
  const wrong = (input: unknown) =>
    expect(engine.callUntrusted('labelMaps.save', input)).rejects.toMatchObject({
      code: 'invalid-input',
    });
  await wrong({ ...labels, bytes: [...bytes] });
  await wrong({ ...labels, bytes, author: 'model' });
  const { id } = await engine.call('labelMaps.save', { ...labels, bytes });
  expect(db.datasets.image(imageId)?.labelMapId).toBe(id);
});

test('a list of 100,001 images is complete', async () => {
  const { engine, project, db } = await openProject();
  const datasetId = addDataset(db, 'many', { count: 0 });
  await engine.call('project.close', { project });
  const file = new Database(project);
  file
    .prepare(
      `WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < 100000)
       INSERT INTO images (dataset_id, name, width_px, height_px, channels, bit_depth, hash, page, link_path, created_at)
       SELECT ?, i || '.png', 2, 1, 1, 8, i, 0, '/' || i || '.png', '2026-01-01' FROM numbers`,
    )
    .run(datasetId);
  file.close();
  await engine.call('project.open', { path: project });
  const images = await allImages(engine, { project, datasetId });
  expect(images).toHaveLength(100_001);
  expect(images.at(-1)?.name).toBe('100000.png');
  expect(new Set(images.map(({ id }) => id)).size).toBe(100_001);
  // A page is as large as it may be, and who asks for more is told.
  await expect(
    engine.call('images.list', { project, datasetId, limit: 100_001 }),
  ).rejects.toMatchObject({ code: 'invalid-input' });
});

test('settings and the list of projects are told of like everything else', async () => {
  const { engine, events, project } = await openProject();
  events.length = 0;
  const origin = 'a window';
  const settings = await engine.call('settings.update', { theme: 'dark' }, { origin });
  await engine.call('project.open', { path: project });
  await engine.call('project.close', { project }, { origin });
  await engine.call('project.forget', { path: project });
  const told = (changes: Changes, by: string | null = null) => ({
    ...{ type: 'changed', project: null, origin: by, changes },
  });
  expect(events).toEqual([
    told({ settings }, origin),
    told({ projects: { opened: [project] } }),
    told({ projects: { closed: [project] } }, origin),
    told({ projects: { forgotten: [project] } }),
  ]);
  expect(settings.theme).toBe('dark');
});
