import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createEngine, type Engine } from '../../../engine/engine.ts';
import type { Project } from '../../../engine/db/project.ts';
import { LabelSet } from '../../../engine/training/live/label-set.ts';
import type { CallInput, RestoreChoice } from '../../../shared/api.ts';
import type { EngineEvent } from '../../../shared/events.ts';
import { labelValues } from '../../../shared/label-map.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';

let engine: Engine;
let project: string;
let db: Project;
let datasetId: number;
let ids: readonly number[];
let events: EngineEvent[];

beforeEach(async () => {
  engine = createEngine();
  onTestFinished(() => engine.close());
  const info = await engine.call('project.create', { path: join(temporaryFolder(), 'p.graft') });
  project = info.path;
  ({ db } = engine.project(project));
  datasetId = addDataset(db, 'cells', { count: 20, group: (i) => `group ${i % 10}` });
  ids = db.datasets.images(datasetId).map(({ id }) => id);
  events = [];
  engine.subscribe((event) => events.push(event));
});

const at = (place: number): number => ids[place] ?? 0;
const dataset = () => db.datasets.get(datasetId);
const names = () => db.datasets.images(datasetId).map(({ name }) => name);
const exclude = (places: readonly number[]) =>
  engine.call('images.exclude', { project, imageIds: places.map(at), reason: 'out of focus' });
const remove = (places: readonly number[]) =>
  engine.call('images.delete', { project, imageIds: places.map(at) });

/** Plans a study on all images, and returns what its target pins. */
async function pinned(changes: Partial<CallInput<'studies.create'>['config']> = {}) {
  const config = smallStudy({ source: datasetId, target: datasetId }, changes);
  const study = await engine.call('studies.create', { project, config });
  return db.snapshots.items(study.targetSnapshotId).map(({ imageId }) => imageId);
}

describe('an excluded image', () => {
  it('is shown with its reason and is in no split, plan, live training, suggestion or alike pair', async () => {
    db.alike.putSignature(at(0), 1, new Uint8Array(4));
    db.alike.putPairs([at(0)], [{ imageId: at(0), otherId: at(1), similarity: 0.9 }]);
    await exclude([0, 1]);
    expect(dataset()).toMatchObject({ imageCount: 20, excludedCount: 2, labelledCount: 18 });
    expect(db.datasets.image(at(0))?.excluded).toBe('out of focus');
    expect(db.alike.pairs(datasetId)).toEqual([]);

    const split = await engine.call('splits.create', { project, datasetId, name: 'default' });
    const parts = db.splits.items(split.id).map(({ imageId }) => imageId);
    expect(parts).toEqual(ids.slice(2));
    const live = new LabelSet(db, datasetId);
    live.look({ dataset: { hasBackground: true }, openImageId: null, unreadable: new Set() });
    const members = [...live.trained, ...live.heldOut].map(({ imageId }) => imageId);
    expect(members.toSorted((a, b) => a - b)).toEqual(ids.slice(2));
    expect(db.labelling.states(datasetId).map(({ imageId }) => imageId)).toEqual(ids.slice(2));

    const taken = await pinned();
    expect(taken).toEqual(ids.slice(2));
    await engine.call('images.include', { project, imageIds: [at(0), at(1)] });
    expect(dataset()).toMatchObject({ excludedCount: 0, labelledCount: 20 });
    expect(db.alike.pairs(datasetId)).toHaveLength(1);
  });

  it('keeps its part of a split, is not counted in it, and leaves what was planned with it as it was', async () => {
    const split = await engine.call('splits.create', { project, datasetId, name: 'default' });
    const config = smallStudy({ source: datasetId, target: datasetId });
    const study = await engine.call('studies.create', { project, config });
    const before = db.snapshots.items(study.targetSnapshotId);
    const { train, val, test } = split.counts;
    await exclude([0, 1, 2]);
    expect(db.snapshots.items(study.targetSnapshotId)).toEqual(before);
    const { counts } = db.splits.get(split.id) ?? split;
    expect(counts.train + counts.val + counts.test).toBe(train + val + test - 3);
    expect(db.splits.items(split.id)).toHaveLength(20);
    expect(events.at(-1)).toMatchObject({
      changes: {
        datasets: { counted: [datasetId] },
        images: { datasetId, updated: [at(0), at(1), at(2)] },
        splits: { datasetId, updated: [split.id] },
      },
    });
  });
});

describe('the bin', () => {
  it('holds what is deleted: no list has it, its name is free, and it comes back with labels and part', async () => {
    const split = await engine.call('splits.create', { project, datasetId, name: 'default' });
    const items = db.splits.items(split.id);
    const { labelMapId } = db.datasets.image(at(3)) ?? {};
    expect(await remove([3, 4])).toEqual({ held: [] });
    expect(dataset()).toMatchObject({ imageCount: 18, binnedCount: 2, labelledCount: 18 });
    expect(names()).not.toContain('3.png');
    expect(db.splits.items(split.id)).toHaveLength(18);
    expect([...db.labelMaps.latestOf(datasetId)]).toHaveLength(18);
    expect(events.at(-1)).toMatchObject({ changes: { images: { removed: [at(3), at(4)] } } });
    // Who saves the split meanwhile does not take their parts from them.
    const shown = db.splits.items(split.id);
    await engine.call('splits.save', { project, datasetId, name: 'default', items: shown });

    await engine.call('images.rename', { project, imageId: at(5), name: '3.png' });
    expect(
      await engine.call('images.restore', { project, imageIds: [at(3), at(4)] }),
    ).toMatchObject({
      renamed: [{ name: '3.png', now: '3 (2).png' }],
    });
    expect(names()).toEqual(expect.arrayContaining(['3.png', '3 (2).png', '4.png']));
    // What is called so already is counted on.
    await engine.call('images.delete', { project, imageIds: [at(3)] });
    await engine.call('images.rename', { project, imageId: at(6), name: '3 (2).png' });
    expect(await engine.call('images.restore', { project, imageIds: [at(3)] })).toMatchObject({
      renamed: [{ name: '3 (2).png', now: '3 (3).png' }],
    });
    expect(db.datasets.image(at(3))?.labelMapId).toBe(labelMapId);
    expect(db.splits.items(split.id)).toEqual(items);
  });

  it('gives the pages of a file back under one name, apart from another file that has theirs', async () => {
    const add = (content: string, page: number) =>
      db.datasets.addImage({
        ...{
          datasetId,
          name: 'stack.tif',
          page,
          widthPx: 2,
          heightPx: 1,
          channels: 1,
          bitDepth: 8,
        },
        ...{ hash: content.repeat(64), groupName: null, imageClass: null },
        source: { bytes: Buffer.from(content) },
      });
    const gone = [0, 1, 2].map((page) => add('a', page));
    await engine.call('images.delete', { project, imageIds: gone });
    add('b', 0);
    await engine.call('images.restore', { project, imageIds: gone });
    const called = () => new Set(gone.map((id) => db.datasets.image(id)?.name));
    expect([...called()]).toEqual(['stack (2).tif']);
    await engine.call('images.rename', { project, imageId: gone[1] ?? 0, name: 'Stack (2).tif' });
    expect([...called()]).toEqual(['Stack (2).tif']);
  });

  it('does not make a copy without a word of what was added again: it asks, and does what is said', async () => {
    const again = () => {
      const { name, widthPx, heightPx, channels, bitDepth, hash } = db.datasets.image(at(3)) ?? {};
      if (name === undefined || hash === undefined) throw new Error('there is no such image');
      const size = { widthPx: widthPx ?? 0, heightPx: heightPx ?? 0, channels: channels ?? 0 };
      return db.datasets.addImage({
        ...{ datasetId, name, ...size, bitDepth: bitDepth ?? 8, hash, page: 0 },
        ...{ groupName: null, imageClass: null, source: { bytes: Buffer.from('3') } },
      });
    };
    await remove([3, 4]);
    const fresh = again();
    const imageIds = [at(3), at(4)];
    const preview = await engine.call('images.previewRestore', { project, imageIds });
    const there = { imageId: fresh, name: '3.png', isLabelled: false };
    const one = { imageId: at(3), name: '3.png', isLabelled: true, there };
    expect(preview).toEqual({ images: 2, again: [one] });
    const restore = (same?: RestoreChoice) =>
      engine.call('images.restore', { project, imageIds, ...(same && { same }) });
    await expect(restore()).rejects.toMatchObject({ code: 'conflict' });
    expect(db.imageEdits.binned(datasetId)).toHaveLength(2);
    expect(await restore('leave')).toMatchObject({ imageIds: [at(4)], left: [at(3)] });

    expect(await restore('replace')).toMatchObject({ imageIds: [at(3)], replaced: [there] });
    expect(db.imageEdits.binned(datasetId).map(({ id }) => id)).toEqual([fresh]);
    // The other way round: both at once show the same.
    const both = { project, imageIds: [fresh] };
    const renamed = [{ name: '3.png', now: '3 (2).png' }];
    expect(await engine.call('images.restore', { ...both, same: 'both' })).toMatchObject({
      renamed,
    });
    await engine.call('images.delete', { project, imageIds: [at(3), fresh] });
    const twins = { project, imageIds: [at(3), fresh], same: 'replace' as const };
    expect(await engine.call('images.restore', twins)).toMatchObject({
      ...{ imageIds: [at(3)], left: [fresh], replaced: [] },
    });
  });

  it('is emptied on purpose, says what that frees, and keeps what a study is made of', async () => {
    await engine.call('splits.create', { project, datasetId, name: 'default' });
    const original = db.datasets.imageBytes(at(0));
    expect(original?.length).toBeGreaterThan(0);
    const free = addDataset(db, 'others', { count: 2 });
    const [first] = db.datasets.images(free);
    const file = db.datasets.imageBytes(first?.id ?? 0);
    await engine.call('images.delete', { project, imageIds: [first?.id ?? 0] });
    const [entry] = await engine.call('bin.list', { project, datasetId: free });
    expect(entry).toMatchObject({ image: { name: '0.png' }, heldBy: [] });
    expect(entry?.bytes).toBeGreaterThan(file?.length ?? Infinity);
    const emptied = await engine.call('bin.empty', { project, datasetId: free });
    expect(emptied).toEqual({ deleted: 1, bytes: entry?.bytes, held: [] });
    expect(db.datasets.image(first?.id ?? 0)).toBeUndefined();

    const config = smallStudy({ source: datasetId, target: datasetId });
    const study = await engine.call('studies.create', { project, config });
    const held = [{ imageId: at(0), name: '0.png', by: ['the study "small"'] }];
    expect(await remove([0])).toEqual({ held });
    expect(await engine.call('bin.empty', { project, datasetId })).toEqual({
      ...{ deleted: 0, bytes: 0, held },
    });
    const pin = db.snapshots.items(study.targetSnapshotId).find(({ imageId }) => imageId === at(0));
    expect(db.labelMaps.bytes(pin?.labelMapId ?? 0)).toBeDefined();
    expect(db.datasets.imageBytes(at(0))).toEqual(original);

    await engine.call('studies.delete', { project, studyId: study.id });
    expect(await engine.call('bin.empty', { project, datasetId })).toMatchObject({ deleted: 1 });
    expect(dataset()).toMatchObject({ imageCount: 19, binnedCount: 0 });
  });
});

describe('renaming', () => {
  it('refuses a name that is taken, another ending and folders, with words, and changes the record alone', async () => {
    const rename = (name: string) =>
      engine.call('images.rename', { project, imageId: at(0), name });
    const original = db.datasets.imageBytes(at(0));
    await expect(rename('1.PNG')).rejects.toMatchObject({ code: 'conflict' });
    await expect(rename('a.jpg')).rejects.toThrow(/does not end in \.png/);
    await expect(rename('a/b.png')).rejects.toThrow(/slash/);
    await expect(rename('../b.png')).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await rename('mouse 7.png')).toMatchObject({ name: 'mouse 7.png' });
    expect(original?.length).toBeGreaterThan(0);
    expect(db.datasets.imageBytes(at(0))).toEqual(original);
    expect(names()[0]).toBe('mouse 7.png');
  });
});

describe('moving and copying', () => {
  const transfer = (places: readonly number[], choice: Partial<CallInput<'images.transfer'>>) =>
    engine.call('images.transfer', {
      ...{ project, imageIds: places.map(at), toDatasetId: 0, how: 'move' },
      ...choice,
    });
  /** A dataset whose class 1 is another, and which has "cell" as 2 unless `without`. */
  function others(without = false): number {
    const id = addDataset(db, 'others', { count: 2 });
    db.datasets.setClasses(id, [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'vessel', color: '#0000ff' },
      ...(without ? [] : [{ index: 2, name: 'Cell', color: '#ff0000' }]),
    ]);
    return id;
  }
  const values = (imageId: number) => {
    const { labelMapId } = db.datasets.image(imageId) ?? {};
    return labelValues(db.labelMaps.bytes(labelMapId ?? 0) ?? new Uint8Array());
  };

  it('shows first what would come of it, and writes nothing', async () => {
    const toDatasetId = others(true);
    const preview = await engine.call('images.previewTransfer', {
      ...{ project, imageIds: [at(0), at(5)], toDatasetId, how: 'move' },
    });
    expect(preview).toMatchObject({
      images: 1,
      clashes: [{ name: '0.png', free: '0 (2).png' }],
      newClasses: [{ index: 2, name: 'cell' }],
      held: 0,
    });
    await expect(transfer([0], { toDatasetId })).rejects.toThrow(/0\.png is the name of another/);
    await expect(transfer([5], { toDatasetId })).rejects.toThrow(/"others" has no class "cell"\./);
    expect(dataset()?.imageCount).toBe(20);
    expect(events).toEqual([]);
  });

  it('takes labels along by the names of their classes, keeps groups, and is in no part there', async () => {
    const toDatasetId = others();
    await engine.call('splits.create', { project, datasetId, name: 'default' });
    const history = db.labelMaps.history(at(5));
    const report = await transfer([0, 5], { toDatasetId, clash: 'rename' });
    expect(report).toMatchObject({
      images: 2,
      imageIds: [at(0), at(5)],
      goneIds: [at(0), at(5)],
      renamed: [{ name: '0.png', now: '0 (2).png' }],
    });
    expect(db.datasets.image(at(5))).toMatchObject({
      ...{ datasetId: toDatasetId, name: '5.png', groupName: 'group 5' },
    });
    expect(values(at(5))).toEqual([0, 2]);
    const [moved] = db.labelMaps.history(at(5));
    expect({ ...moved, id: 0 }).toEqual({ ...history[0], id: 0 });
    expect(dataset()).toMatchObject({ imageCount: 18, binnedCount: 0 });
    // Back again, it has its part again too: parts are kept for whoever comes back.
    const [split] = db.splits.list(datasetId);
    expect(db.splits.items(split?.id ?? 0)).toHaveLength(18);
    await transfer([5], { toDatasetId: datasetId });
    expect(values(at(5))).toEqual([0, 1]);
    expect(db.splits.items(split?.id ?? 0)).toHaveLength(19);
  });

  it('copies with original and history, recognises what is there, and leaves a bin copy of what is held', async () => {
    const toDatasetId = others();
    const copied = await transfer([5], { toDatasetId, how: 'copy' });
    const [copyId = 0] = copied.imageIds;
    expect(copyId).not.toBe(at(5));
    expect(db.datasets.imageBytes(at(5))?.length).toBeGreaterThan(0);
    expect(db.datasets.imageBytes(copyId)).toEqual(db.datasets.imageBytes(at(5)));
    expect(values(copyId)).toEqual([0, 2]);
    expect(values(at(5))).toEqual([0, 1]);
    expect(await transfer([5], { toDatasetId, how: 'copy' })).toMatchObject({ images: 0, same: 1 });

    await engine.call('splits.create', { project, datasetId, name: 'default' });
    const config = smallStudy({ source: datasetId, target: datasetId });
    const study = await engine.call('studies.create', { project, config });
    const before = db.snapshots.items(study.targetSnapshotId);
    const moved = await transfer([6], { toDatasetId });
    expect(moved).toMatchObject({ images: 1, held: 1, goneIds: [at(6)] });
    expect(moved.imageIds).not.toContain(at(6));
    expect(dataset()).toMatchObject({ imageCount: 19, binnedCount: 1 });
    expect(db.snapshots.items(study.targetSnapshotId)).toEqual(before);
    expect(values(at(6))).toEqual([0, 1]);
    expect(db.datasets.list().map(({ name }) => name)).toEqual(['cells', 'others']);
  });
});
