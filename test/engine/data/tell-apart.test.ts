import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { objectsOf } from '../../../engine/data/objects-of.ts';
import { createEngine } from '../../../engine/engine.ts';
import type { EngineEvent } from '../../../shared/events.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';

const SIZE = { width: 60, height: 40 };

/** Two discs of class 1 that touch, on background. */
function twoDiscs(): Uint8Array {
  const data = Uint8Array.from({ length: SIZE.width * SIZE.height }, (_, i) => {
    const [x, y] = [i % SIZE.width, Math.floor(i / SIZE.width)];
    return (x - 15) ** 2 + (y - 20) ** 2 <= 144 || (x - 35) ** 2 + (y - 20) ** 2 <= 81 ? 1 : 0;
  });
  return encodeLabelMap({ ...SIZE, data });
}

it('touching objects are split, connected and forgotten, each as a new version with the classes of the one before', async () => {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { db } = engine.project(project);
  const datasetId = addDataset(db, 'cells', { count: 0 });
  const labels = twoDiscs();
  const imageId = db.datasets.addImage({
    ...{ datasetId, name: 'two.png', widthPx: SIZE.width, heightPx: SIZE.height, channels: 1 },
    ...{ bitDepth: 8, hash: 'h', page: 0, groupName: null, imageClass: null },
    source: { bytes: Buffer.from('two') },
  });
  await expect(
    engine.call('objects.tellApart', { project, datasetId, how: 'split' }),
  ).rejects.toThrow('label some first');
  db.labelMaps.add({ imageId, author: 'imported', bytes: labels });
  const events: EngineEvent[] = [];
  engine.subscribe((event) => {
    if (event.type === 'changed' && event.changes.images !== undefined) events.push(event);
  });
  const tell = (how: 'split' | 'components' | 'none', preview = false) =>
    engine.call('objects.tellApart', { project, datasetId, how, preview });
  const now = () => db.datasets.image(imageId)?.labelMapId ?? 0;

  const before = now();
  expect(await tell('split', true)).toMatchObject({
    objectsBefore: 1,
    objectsAfter: 2,
    changed: 1,
  });
  expect([now(), events]).toEqual([before, []]);

  expect(await tell('split')).toMatchObject({ images: 1, changed: 1, objectsAfter: 2 });
  const split = objectsOf(db, now());
  expect([split.from, new Set(split.objects.data)]).toEqual(['stored', new Set([0, 1, 2])]);
  expect(db.labelMaps.get(now())).toMatchObject({
    author: 'imported',
    note: 'touching objects split',
  });
  expect(Buffer.compare(db.labelMaps.bytes(now()) ?? Buffer.alloc(0), labels)).toBe(0);
  expect(events).toMatchObject([{ changes: { images: { datasetId, labelled: [{ imageId }] } } }]);

  // What is split already stays as it is.
  const once = now();
  expect(await tell('split')).toMatchObject({ changed: 0 });
  expect(now()).toBe(once);

  expect(await tell('components')).toMatchObject({ objectsBefore: 2, objectsAfter: 1 });
  expect(objectsOf(db, now()).from).toBe('stored');
  expect(await tell('none')).toMatchObject({ changed: 1 });
  expect(db.labelMaps.hasObjects(now())).toBe(false);

  // Damaged ones can be no ground for others, but others can take their place.
  db.labelMaps.addObjects(now(), Uint8Array.of(1, 2, 3));
  expect(await tell('split')).toMatchObject({
    changed: 0,
    damaged: [expect.stringMatching(/two\.png: .*damaged/)],
  });
  expect(await tell('none')).toMatchObject({ changed: 1, damaged: [] });
  expect(objectsOf(db, now()).from).toBe('components');
});
