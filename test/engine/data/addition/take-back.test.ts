import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Project } from '../../../../engine/db/project.ts';
import { snapshotItem } from '../../../../engine/db/splits.ts';
import { createEngine, type Engine } from '../../../../engine/engine.ts';
import { readLabelMap } from '../../../../engine/data/image-source.ts';
import type { EngineEvent } from '../../../../shared/events.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { smallStudy } from '../../../fixtures/projects.ts';
import { greyPng, rgbPng, scratch, type Scratch } from '../import/scratch.ts';

let s: Scratch;
let engine: Engine;
let project: string;
let db: Project;
let datasetId: number;

/** A dataset "cells" of a.png (labelled) and b.png. */
beforeEach(async () => {
  s = scratch();
  engine = createEngine();
  onTestFinished(() => engine.close());
  project = (await engine.call('project.create', { path: join(s.dir, 'p.graft') })).path;
  ({ db } = engine.project(project));
  s.write('data/images/a.png', rgbPng(2, 2, 1));
  s.write('data/images/b.png', rgbPng(2, 2, 2));
  s.write('data/masks/a.png', greyPng(2, 2, [255, 0, 0, 0]));
  const source = { format: 'auto', path: s.path('data') } as const;
  ({ datasetId } = await engine.call('datasets.import', { project, name: 'cells', ...source }));
});

/** Adds c.png, labelled, d.png, and masks of a.png and b.png. */
async function addMore(): Promise<number> {
  s.write('more/images/a.png', rgbPng(2, 2, 1));
  s.write('more/images/b.png', rgbPng(2, 2, 2));
  s.write('more/images/c.png', rgbPng(2, 2, 3));
  s.write('more/images/d.png', rgbPng(2, 2, 4));
  for (const name of ['a', 'b', 'c']) {
    s.write(`more/masks/${name}.png`, greyPng(2, 2, [0, 0, 0, 255]));
  }
  const { additionId, ...report } = await engine.call('additions.add', {
    ...{ project, datasetId, format: 'auto', path: s.path('more'), same: 'labels' },
    ...{ placing: { how: 'folders', split: 'default' } },
  });
  expect(report).toMatchObject({ images: 2, labelled: 1, revisions: 2 });
  if (additionId === null) throw new Error('nothing was added');
  return additionId;
}

const undo = (additionId: number) => engine.call('additions.undo', { project, additionId });
const list = () => engine.call('additions.list', { project, datasetId });
const names = () => db.datasets.images(datasetId).map(({ name }) => name);
function image(name: string) {
  const found = db.datasets.images(datasetId).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}
function labelsOf(name: string): number[] | null {
  const { labelMapId } = image(name);
  return labelMapId === null ? null : [...readLabelMap(db, labelMapId).data];
}
const label = (name: string) =>
  db.labelMaps.add({
    imageId: image(name).id,
    author: 'human',
    bytes: encodeLabelMap({ width: 2, height: 2, data: new Uint8Array([1, 1, 1, 1]) }),
  });
/** A study "first" that holds these images. */
function pin(...of: readonly string[]): void {
  const items = of.map((name) => snapshotItem(image(name), 'test'));
  const snapshot = db.snapshots.take(datasetId, items);
  db.studies.create({
    config: { ...smallStudy({ source: datasetId, target: datasetId }), name: 'first' },
    ...{ sourceSnapshotId: snapshot, targetSnapshotId: snapshot },
  });
}
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

describe('an addition that is taken back', () => {
  it('leaves the dataset as it was, its images in the bin and its masks in the history', async () => {
    const additionId = await addMore();
    expect(names()).toEqual(['a.png', 'b.png', 'c.png', 'd.png']);
    const events: EngineEvent[] = [];
    engine.subscribe((event) => events.push(event));
    const [a, b, c, d] = db.datasets.images(datasetId);
    expect(await undo(additionId)).toEqual({
      ...{ datasetId, path: s.path('more'), images: 2, revisions: 1, unlabelled: 1, staying: [] },
    });
    expect(names()).toEqual(['a.png', 'b.png']);
    expect(labelsOf('a.png')).toEqual([1, 0, 0, 0]);
    expect(labelsOf('b.png')).toBeNull();
    expect(db.labelMaps.history(a?.id ?? 0).map(({ note }) => note)).toEqual([
      'as before what was added and taken back',
      'from masks/a.png',
      'from masks/a.png',
    ]);
    const [event] = events;
    if (event?.type !== 'changed') throw new Error('no event');
    expect(event.changes).toMatchObject({
      datasets: { counted: [datasetId] },
      images: {
        removed: [c?.id, d?.id],
        updated: [b?.id],
        labelled: [{ imageId: a?.id, labelMapId: image('a.png').labelMapId, isFirst: false }],
      },
    });
    expect(await list()).toEqual([]);
    await expect(undo(additionId)).rejects.toMatchObject({ code: 'not-found' });

    await engine.call('images.restore', { project, imageIds: [c?.id ?? 0] });
    expect(labelsOf('c.png')).toEqual([0, 0, 0, 1]);
  });

  it('keeps what was labelled since, and says so by name; the rest goes', async () => {
    const additionId = await addMore();
    label('b.png');
    label('d.png');
    expect(await undo(additionId)).toMatchObject({
      ...{ images: 1, revisions: 1, unlabelled: 0 },
      staying: [
        { name: 'b.png', why: matching(/labelled since.*history/) },
        { name: 'd.png', why: matching(/labelled since.*delete/) },
      ],
    });
    expect(names()).toEqual(['a.png', 'b.png', 'd.png']);
    expect(labelsOf('b.png')).toEqual([1, 1, 1, 1]);
    expect(await list()).toMatchObject([{ id: additionId, images: 1, revisions: 1 }]);
  });

  it('keeps what a study holds, and names the study', async () => {
    const additionId = await addMore();
    pin('b.png', 'c.png');
    expect(await undo(additionId)).toMatchObject({
      ...{ images: 1, revisions: 1, unlabelled: 0 },
      staying: [
        { name: 'b.png', why: matching(/its new mask is part of the study "first"/) },
        { name: 'c.png', why: matching(/is part of the study "first": delete it/) },
      ],
    });
    expect(labelsOf('b.png')).toEqual([0, 0, 0, 1]);
    expect(labelsOf('c.png')).toEqual([0, 0, 0, 1]);
  });

  it('keeps a mask that is marked to be kept', async () => {
    const additionId = await addMore();
    db.labelMaps.setKept(image('b.png').labelMapId ?? 0, true);
    expect((await undo(additionId)).staying).toEqual([
      { imageId: image('b.png').id, name: 'b.png', why: matching(/marked to be kept/) },
    ]);
  });

  it('has no more to give where its images were deleted meanwhile', async () => {
    const additionId = await addMore();
    const imageIds = ['c.png', 'd.png'].map((name) => image(name).id);
    await engine.call('images.delete', { project, imageIds });
    expect(await list()).toMatchObject([{ images: 0, revisions: 2 }]);
    expect(await undo(additionId)).toMatchObject({ images: 0, revisions: 1, unlabelled: 1 });
    await expect(undo(additionId)).rejects.toMatchObject({ message: matching(/taken back/) });
  });
});
