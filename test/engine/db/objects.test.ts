/** Objects belong to a revision of a label map: they come, go, travel and are checked with it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { expect, it, onTestFinished } from 'vitest';
import { objectsOf } from '../../../engine/data/objects-of.ts';
import { createProject, openProject } from '../../../engine/db/project.ts';
import { createEngine } from '../../../engine/engine.ts';
import { sha256 } from '../../../engine/sha256.ts';
import { pixelsUrl, saveUrl } from '../../../shared/exchange.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { decodeObjectMap, encodeObjectMap } from '../../../shared/objects/object-map.ts';
import { flip } from '../../fixtures/whole-project.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';
import { serveProject } from '../server/page.ts';

const WIDE = { widthPx: 6, heightPx: 1 };
const classes = (...data: number[]) =>
  encodeLabelMap({ width: data.length, height: 1, data: Uint8Array.from(data) });
const objects = (...data: number[]) =>
  encodeObjectMap({ width: data.length, height: 1, data: Uint32Array.from(data) });

/** A project with one image of 6×1 px, in which two objects touch. */
async function touching() {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { db } = engine.project(project);
  const datasetId = addDataset(db, 'cells', { count: 1 });
  const imageId = db.datasets.addImage({
    ...{ datasetId, name: 'wide.png', ...WIDE, channels: 1, bitDepth: 8, page: 0 },
    hash: sha256(Buffer.from('wide')),
    ...{ groupName: null, imageClass: null, source: { bytes: Buffer.from('wide') } },
  });
  const save = (base: number | null, bytes: Uint8Array, of?: Uint8Array | null) =>
    engine
      .call('labelMaps.save', {
        ...{ project, imageId, author: 'human', runId: null, base, bytes },
        ...(of === undefined ? {} : { objects: of }),
      })
      .then(({ id }) => id);
  const first = await save(null, classes(1, 1, 1, 1, 0, 1), objects(4, 4, 9, 9, 0, 2));
  const told = (id: number) => {
    const found = objectsOf(db, id);
    return [found.from, ...found.objects.data];
  };
  return { engine, project, db, datasetId, imageId, save, first, told };
}

it('a label map without objects has those of what it was made from, less what was painted over', async () => {
  const { db, save, first, told } = await touching();
  expect(told(first)).toEqual(['stored', 4, 4, 9, 9, 0, 2]);
  const second = await save(first, classes(1, 0, 255, 1, 1, 1));
  expect(told(second)).toEqual(['stored', 4, 0, 0, 9, 0, 2]);
  // Erased and painted again: nobody told these objects apart.
  const none = await save(second, classes(0, 0, 0, 0, 0, 0));
  expect(db.labelMaps.hasObjects(none)).toBe(false);
  const third = await save(none, classes(1, 1, 0, 1, 0, 0));
  expect(told(third)).toEqual(['components', 1, 1, 0, 2, 0, 0]);
  const explicit = await save(third, classes(1, 1, 0, 1, 0, 0), objects(0, 7, 0, 0, 0, 0));
  expect(told(explicit)).toEqual(['stored', 0, 7, 0, 0, 0, 0]);
  expect(told(await save(explicit, classes(1, 1, 0, 1, 0, 0), null))[0]).toBe('components');
});

it('objects that break a rule are refused, and nothing is saved', async () => {
  const { db, imageId, save, first } = await touching();
  await expect(save(first, classes(1, 1, 1, 1, 0, 1), objects(1, 1, 1, 1, 1, 1))).rejects.toThrow(
    'object 1 lies on the background. Nothing was saved',
  );
  await expect(save(first, classes(1, 1, 1, 1, 0, 1), new Uint8Array(3))).rejects.toThrow(
    'damaged',
  );
  await expect(save(first, classes(1, 1, 1, 1, 0, 1), objects(1, 1))).rejects.toThrow('2×1');
  expect(db.datasets.image(imageId)?.labelMapId).toBe(first);
});

it('an old revision comes back with its objects, and a revision takes them with it', async () => {
  const { engine, project, db, imageId, first, told } = await touching();
  const other = db.labelMaps.add({ imageId, author: 'model', bytes: classes(1, 1, 1, 1, 1, 1) });
  expect(told(other)[0]).toBe('components');
  const back = await engine.call('labelMaps.restore', { project, imageId, labelMapId: first });
  expect(told(back.id)).toEqual(['stored', 4, 4, 9, 9, 0, 2]);
  db.labelMaps.deleteUnused(first);
  expect(db.labelMaps.hasObjects(first)).toBe(false);
  expect([...db.damage()]).toEqual([]);
  const { labels, history } = db.storage.sizes();
  const sizeOf = (id: number) =>
    (db.labelMaps.bytes(id)?.length ?? 0) + (db.labelMaps.objects(id)?.length ?? 0);
  expect(history.bytes).toBe(sizeOf(other));
  expect(labels.bytes).toBe(sizeOf(back.id) + sizeOf(db.datasets.image(1)?.labelMapId ?? 0));
});

it('images are copied and moved with their objects and pixel size, in the classes of the other dataset', async () => {
  const { engine, project, db, datasetId, imageId, told } = await touching();
  db.pixelSizes.keep(imageId, { size: 0.5, unit: 'um' });
  for (const how of ['copy', 'move'] as const) {
    const toDatasetId = addDataset(db, how, { count: 0 });
    db.datasets.setClasses(toDatasetId, [
      { index: 0, name: 'background', color: '#000000' },
      { index: 3, name: 'cell', color: '#e69f00' },
    ]);
    const { imageIds: there } = await engine.call('images.transfer', {
      ...{ project, imageIds: [imageId], toDatasetId, how },
    });
    const image = db.datasets.image(there[0] ?? 0);
    expect(image?.datasetId).toBe(toDatasetId);
    expect(told(image?.labelMapId ?? 0)).toEqual(['stored', 4, 4, 9, 9, 0, 2]);
    expect(db.pixelSizes.ofDataset(toDatasetId).get(image?.id ?? 0)?.size).toBe(0.5);
  }
  expect(db.datasets.images(datasetId)).toHaveLength(1);
});

it('images whose objects are damaged are copied and restored with their labels, and that is said', async () => {
  const { engine, project, db, imageId, save, told, datasetId } = await touching();
  const bare = await save(null, classes(1, 1, 0, 1, 0, 1), null);
  db.transaction(() => db.labelMaps.addObjects(bare, Uint8Array.of(1, 2, 3)));
  const toDatasetId = addDataset(db, 'copies', { count: 0 });
  db.datasets.setClasses(toDatasetId, db.datasets.get(datasetId)?.classes ?? []);
  const report = await engine.call('images.transfer', {
    ...{ project, imageIds: [imageId], toDatasetId, how: 'copy' },
  });
  expect(report.damagedObjects).toEqual([expect.stringMatching(/damaged|object map/)]);
  const copy = db.datasets.image(report.imageIds[0] ?? 0);
  expect(told(copy?.labelMapId ?? 0)[0]).toBe('components');
  const back = await engine.call('labelMaps.restore', { project, imageId, labelMapId: bare });
  expect(db.labelMaps.hasObjects(back.id)).toBe(false);
  expect(db.labelMaps.get(back.id)?.note).toMatch(/without its objects, which are damaged/);
});

it('class 0 has objects only where it is no background, also if that is said later', async () => {
  const { engine, project, datasetId, save, first, told } = await touching();
  await engine.call('datasets.setBackground', { project, datasetId, hasBackground: false });
  const id = await save(first, classes(0, 0, 1, 1, 1, 1), objects(1, 1, 2, 2, 3, 3));
  await engine.call('datasets.setBackground', { project, datasetId, hasBackground: true });
  expect(told(id)).toEqual(['stored', 0, 0, 2, 2, 3, 3]);
});

it('a flipped bit is noticed by whoever reads it and by check, and is put back from a backup', async () => {
  const path = join(temporaryFolder(), 'p.graft');
  const project = createProject(path);
  addDataset(project, 'cells', { count: 1, labelled: 0 });
  project.transaction(() =>
    project.labelMaps.add({
      ...{ imageId: 1, author: 'human', bytes: classes(0, 1), objects: objects(0, 1) },
    }),
  );
  project.close();
  const engine = createEngine();
  onTestFinished(() => engine.close());
  await engine.call('project.open', { path });
  await engine.call('project.backup', { project: path });
  await engine.call('project.close', { project: path });
  flip(path, { table: 'object_maps', column: 'bytes' });
  const damaged = openProject(path);
  expect(() => damaged.labelMaps.objects(1)).toThrow(/the objects of label map 1 of 0\.png/);
  expect([...damaged.damage()].map(({ what }) => what)).toEqual([
    'the objects of label map 1 of 0.png',
  ]);
  damaged.close();
  await engine.call('project.repair', { project: path });
  const mended = openProject(path);
  onTestFinished(() => mended.close());
  expect([...mended.damage()]).toEqual([]);
  expect(decodeObjectMap(mended.labelMaps.objects(1) ?? new Uint8Array()).data[1]).toBe(1);
});

it('DSB2018 keeps its nuclei apart, where they touch too, and names where they overlap', async () => {
  const folder = temporaryFolder();
  const png = (...values: number[]) =>
    encode({ width: 4, height: 1, data: Uint8Array.from(values), channels: 1 });
  for (const id of ['aa', 'bb']) {
    mkdirSync(join(folder, 'data', id, 'images'), { recursive: true });
    mkdirSync(join(folder, 'data', id, 'masks'));
    writeFileSync(join(folder, 'data', id, 'images', `${id}.png`), png(1, 2, 3, id.charCodeAt(0)));
    writeFileSync(join(folder, 'data', id, 'masks', '1.png'), png(255, 255, 0, 0));
    writeFileSync(
      join(folder, 'data', id, 'masks', '2.png'),
      png(0, id === 'aa' ? 255 : 0, 255, 0),
    );
  }
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', { path: join(folder, 'p.graft') });
  const { issues, datasetId } = await engine.call('datasets.import', {
    ...{ project, name: 'nuclei', path: join(folder, 'data') },
  });
  const { db } = engine.project(project);
  const told = db.datasets
    .images(datasetId)
    .map(({ labelMapId }) => [...objectsOf(db, labelMapId ?? 0).objects.data]);
  expect(told).toEqual([
    [1, 2, 2, 0],
    [1, 1, 2, 0],
  ]);
  expect(issues).toContainEqual({
    path: 'aa/images/aa.png',
    severity: 'change',
    message: '1 px where object masks overlap went to the later one',
  });
});

it('objects travel over HTTP behind their label map, and the label map says that it has some', async () => {
  const { request, engine, project } = await serveProject();
  const { db } = engine.project(project);
  const datasetId = addDataset(db, 'cells', { count: 1 });
  const [image] = db.datasets.images(datasetId);
  const of = { project, image: image?.id ?? 0 };
  const plain = await request(pixelsUrl('label-map', of));
  expect(plain.headers.get('x-objects')).toBeNull();
  const computed = await request(pixelsUrl('objects', of));
  expect(computed.headers.get('x-objects')).toBe('components');
  const [labels, own] = [classes(1, 1), objects(1, 5)];
  const put = (objectsFrom: number | undefined, body: Uint8Array<ArrayBuffer>) =>
    request(saveUrl({ ...of, author: 'human', objectsFrom }), { method: 'PUT', body });
  const both = new Uint8Array([...labels, ...own]);
  expect((await put(labels.length, both)).status).toBe(200);
  expect((await request(pixelsUrl('label-map', of))).headers.get('x-objects')).toBe('stored');
  const stored = await request(pixelsUrl('objects', of));
  expect(stored.headers.get('x-objects')).toBe('stored');
  expect([...decodeObjectMap(new Uint8Array(await stored.arrayBuffer())).data]).toEqual([1, 5]);
  // An end without anything behind it: no objects.
  expect((await put(labels.length, new Uint8Array(labels))).status).toBe(200);
  expect((await request(pixelsUrl('objects', of))).headers.get('x-objects')).toBe('components');
});
