/** What people hand to a dataset, a backup and a model that does not fit: each is told with the remedy, and nothing is lost. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { inputFiles } from '../../engine/data/input-files.ts';
import type { Project } from '../../engine/db/project.ts';
import { snapshotItem } from '../../engine/db/splits.ts';
import { createEngine, type Engine } from '../../engine/engine.ts';
import { smallStudy, temporaryFolder } from '../fixtures/projects.ts';

let folder: string;
let engine: Engine;
let project: string;
let db: Project;

beforeEach(async () => {
  folder = temporaryFolder();
  engine = createEngine();
  onTestFinished(() => engine.close());
  project = (await engine.call('project.create', { path: join(folder, 'p.graft') })).path;
  ({ db } = engine.project(project));
});

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** Writes a PNG of 4×4 pixels that follow from a number. */
function write(path: string, seed: number, kind: { channels?: 1 | 3; depth?: 8 | 16 } = {}): void {
  const { channels = 1, depth = 8 } = kind;
  const values = Array.from({ length: 16 * channels }, (_, i) => (i * 7 + seed * 31) % 256);
  const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), encode({ width: 4, height: 4, data, channels, depth }));
}

async function imported(name: string, seeds: readonly number[]): Promise<number> {
  for (const seed of seeds) write(`${name}/${seed}.png`, seed);
  const { datasetId } = await engine.call('datasets.import', {
    ...{ project, name, path: join(folder, name) },
  });
  return datasetId;
}

const add = (datasetId: number, path = 'more') =>
  engine.call('additions.add', { project, datasetId, path: join(folder, path) });

/** A study "first" that is tested on all images of a dataset. */
function studied(datasetId: number): void {
  const items = db.datasets.images(datasetId).map((image) => snapshotItem(image, 'test'));
  const snapshot = db.snapshots.take(datasetId, items);
  db.studies.create({
    config: { ...smallStudy({ source: datasetId, target: datasetId }), name: 'first' },
    ...{ sourceSnapshotId: snapshot, targetSnapshotId: snapshot },
  });
}

describe('images that are added', () => {
  it('of other channels or depth are pointed out, also where nobody looked before', async () => {
    const id = await imported('cells', [1, 2]);
    write('more/colour.png', 3, { channels: 3 });
    write('more/deep.png', 4, { depth: 16 });
    const { images, doubts } = await add(id);
    expect(images).toBe(2);
    expect(doubts.map(({ message }) => message)).toEqual([
      matching(/1 image of 3 channels, where those of "cells" have 1/),
      matching(/1 image of 16 bits, where those of "cells" have 8.*stretches/),
    ]);
  });

  it('that a study of another dataset is tested on are named, with the study and what to do', async () => {
    const exam = await imported('exam', [1, 2]);
    const id = await imported('cells', [5, 6]);
    studied(exam);
    write('more/called otherwise.png', 1);
    write('more/new.png', 9);
    const { images, doubts } = await add(id);
    expect(images).toBe(2);
    expect(doubts).toEqual([
      {
        message: matching(
          /^called otherwise\.png is a test image of the study "first", of another dataset.*leave it out, or exclude it/,
        ),
        instead: [],
      },
    ]);
  });
});

describe('what a study holds', () => {
  it('is deleted with nothing: the dataset says which study to delete, the bin keeps it', async () => {
    const id = await imported('cells', [1, 2]);
    studied(id);
    await expect(engine.call('datasets.delete', { project, datasetId: id })).rejects.toMatchObject({
      code: 'conflict',
      message: matching(/the study "first".*Delete it first/),
    });
    const imageIds = db.datasets.images(id).map((image) => image.id);
    await engine.call('images.delete', { project, imageIds });
    const { deleted, held } = await engine.call('bin.empty', { project, datasetId: id });
    expect([deleted, held.map(({ by }) => by)]).toEqual([
      0,
      [['the study "first"'], ['the study "first"']],
    ]);
    await engine.call('images.restore', { project, imageIds });
    expect(db.datasets.get(id)?.imageCount).toBe(2);
  });

  it('keeps its classes: none is removed', async () => {
    const id = await imported('cells', [1]);
    const [background] = db.datasets.get(id)?.classes ?? [];
    if (background === undefined) throw new Error('no classes');
    const classes = [background, { index: 1, name: 'cell', color: '#e69f00' }];
    await engine.call('datasets.setClasses', { project, datasetId: id, classes });
    await expect(
      engine.call('datasets.setClasses', { project, datasetId: id, classes: [background] }),
    ).rejects.toMatchObject({ code: 'invalid-input', message: matching(/not removed.*cell/) });
    expect(db.datasets.get(id)?.classes).toEqual(classes);
  });
});

it('a folder for backups that is gone is told, with where to choose another, and the project goes on', async () => {
  await imported('cells', [1]);
  const backups = join(folder, 'disk');
  mkdirSync(backups);
  await engine.call('settings.update', { backups: { automatic: true, folder: backups } });
  rmSync(backups, { recursive: true });
  const gone = {
    code: 'not-found',
    message: matching(/disk, is not there\. Plug in its disk, or/),
  };
  await expect(engine.call('project.backup', { project })).rejects.toMatchObject(gone);
  await expect(
    engine.call('settings.update', { backups: { automatic: true, folder: backups } }),
  ).rejects.toMatchObject(gone);
  await expect(
    engine.call('project.backup', { project, to: join(backups, 'a.graft') }),
  ).rejects.toMatchObject({
    code: 'not-found',
    message: matching(/no folder .*disk for the backup/),
  });
  expect(await engine.call('datasets.list', { project })).toHaveLength(1);
});

it('a path that is longer than any system takes is told as one, whatever it is for', async () => {
  const long = join(folder, 'é'.repeat(400));
  const told = { code: expect.stringMatching(/unreadable|not-found|invalid-input/) as string };
  const datasetId = await imported('cells', [1]);
  for (const call of [
    () => engine.call('studies.merge', { project, dir: long }),
    () => engine.call('project.backup', { project, to: join(long, 'a.graft') }),
    () => engine.call('datasets.export', { project, datasetId, format: 'folder', dir: long }),
    () => engine.call('project.open', { path: join(long, 'a.graft') }),
    () => engine.call('project.create', { path: `${long}.graft` }),
    () => engine.call('datasets.preview', { path: long }),
    () => engine.call('datasets.relink', { project, datasetId, dir: long }),
    () => engine.call('files.list', { dir: long }),
    () => engine.call('encoders.inspect', { path: long }),
    () => engine.call('project.repair', { project, from: [long] }),
  ]) {
    await expect(call(), call.toString()).rejects.toMatchObject(told);
  }
  await expect(inputFiles([long], folder)).rejects.toMatchObject({
    code: 'unreadable',
    message: matching(/is longer than a path may be/),
  });
});
