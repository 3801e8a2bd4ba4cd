/** Compacting a project, as the calls of the engine, on real files. */
import { fork } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProject, openProject } from '../../../engine/db/project.ts';
import { createEngine } from '../../../engine/engine.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';
import { LABELS, wholeProject } from '../../fixtures/whole-project.ts';

const REWRITER = new URL('../../../engine/care/rewrite-process.ts', import.meta.url);

function engineHere() {
  const engine = createEngine({ engine: 'wasm' });
  onTestFinished(() => engine.close());
  return engine;
}

/** With a dataset of `megabytes` that was deleted, so that most of the file is holes. */
function holey(megabytes = 2): string {
  const path = `${temporaryFolder()}/holey.graft`;
  const project = createProject(path);
  const gone = addDataset(project, 'gone', { count: 1 });
  const stays = addDataset(project, 'stays', { count: 2 });
  const [image] = project.datasets.images(gone);
  for (let i = 0; i < megabytes * 4; i++) {
    const bytes = new Uint8Array(250_000).fill(i);
    project.labelMaps.add({ imageId: image?.id ?? 0, author: 'human', bytes });
    project.labelMaps.add({
      imageId: project.datasets.images(stays)[0]?.id ?? 0,
      author: 'human',
      bytes: LABELS,
    });
  }
  project.datasets.delete(gone);
  project.close();
  return path;
}

/** As an older Graft made it: a file that cannot shrink beside the work on it. */
function asOlder(path: string): void {
  const raw = new Database(path);
  raw.pragma('journal_mode = DELETE');
  raw.pragma('auto_vacuum = NONE');
  raw.exec('VACUUM');
  raw.exec('CREATE TABLE filler (bytes BLOB)');
  for (let i = 0; i < 8; i++) raw.exec('INSERT INTO filler VALUES (zeroblob(250000))');
  raw.exec('DROP TABLE filler');
  raw.close();
}

const contentOf = (path: string) => {
  const raw = new Database(path, { readonly: true });
  const tables = raw
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
    )
    .pluck()
    .all();
  const rows = tables.map((name) => [name, raw.prepare(`SELECT * FROM ${name}`).all()]);
  raw.close();
  return rows;
};
const leftovers = (path: string) =>
  readdirSync(dirname(path)).filter((name) => name.includes('.part'));

describe('compact', () => {
  it('gives the room of what was deleted back beside the work on it, and says before how much', async () => {
    const path = holey();
    const before = contentOf(path);
    const engine = engineHere();
    await engine.call('project.open', { path });
    const { fileBytes, freeBytes, needsRewriting } = await engine.call('project.storage', {
      project: path,
    });
    expect(needsRewriting).toBe(false);
    expect(freeBytes).toBeGreaterThan(1.9e6);
    const shares: number[] = [];
    const compacting = engine.call(
      'project.compact',
      { project: path },
      { onProgress: ({ done }) => shares.push(done) },
    );
    // Others are answered meanwhile.
    await engine.call('datasets.rename', { project: path, datasetId: 2, name: 'renamed' });
    const report = await compacting;
    expect(report).toMatchObject({ bytesBefore: fileBytes, dropped: {}, backup: null });
    expect(report.bytesAfter).toBeLessThanOrEqual(fileBytes - freeBytes + 8192);
    expect(statSync(path).size).toBe(report.bytesAfter);
    expect(shares.length).toBeGreaterThan(1);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    await engine.call('project.close', { project: path });
    const renamed = JSON.stringify(contentOf(path)).replace('"renamed"', '"stays"');
    expect(renamed).toBe(JSON.stringify(before));
  });

  it('that is cancelled keeps what was given back, and goes on from there', async () => {
    const path = holey(4);
    const engine = engineHere();
    await engine.call('project.open', { path });
    const abort = new AbortController();
    const compacting = engine.call(
      'project.compact',
      { project: path },
      { signal: abort.signal, onProgress: ({ done }) => done > 300 && abort.abort() },
    );
    await expect(compacting).rejects.toMatchObject({ code: 'cancelled' });
    const { freeBytes } = await engine.call('project.storage', { project: path });
    expect(freeBytes).toBeGreaterThan(0);
    expect(freeBytes).toBeLessThan(3.9e6);
    await engine.call('project.compact', { project: path });
    expect(await engine.call('project.check', { project: path })).toEqual({
      ok: true,
      damaged: [],
    });
  });

  it('rewrites a file of an older Graft once, while calls on it wait', async () => {
    const path = wholeProject();
    asOlder(path);
    const before = contentOf(path);
    const engine = engineHere();
    await engine.call('project.open', { path });
    const compacting = engine.call('project.compact', { project: path });
    const waiting = engine.call('datasets.list', { project: path });
    const { bytesBefore, bytesAfter } = await compacting;
    expect(bytesAfter).toBeLessThan(bytesBefore / 2);
    expect(await waiting).toHaveLength(2);
    expect(await engine.call('project.storage', { project: path })).toMatchObject({
      needsRewriting: false,
      freeBytes: 0,
    });
    expect(leftovers(path)).toEqual([]);
    await engine.call('project.close', { project: path });
    expect(contentOf(path)).toEqual(before);
  });

  it('killed while it rewrites leaves the project whole, and nothing of the copy when it is opened again', async () => {
    const path = holey(16);
    asOlder(path);
    const before = contentOf(path);
    for (const afterMs of [150, 250, 350, 500]) {
      const part = `${path}.backup-compacting-2026-01-01T00-00-00-000Z.part`;
      const child = fork(REWRITER, [path, part]);
      const ended = new Promise((resolve) => child.on('close', resolve));
      await sleep(afterMs);
      child.kill('SIGKILL');
      await ended;
      const project = openProject(path);
      expect([...project.damage()]).toEqual([]);
      project.close();
      expect(existsSync(part)).toBe(false);
      expect(contentOf(path)).toEqual(before);
    }
  });

  it('thins the history and drops what ended studies no longer need, with a backup first', async () => {
    const path = wholeProject();
    const project = openProject(path);
    for (let i = 0; i < 3; i++) {
      const data = new Uint8Array([i % 2, 1]);
      const bytes = encodeLabelMap({ width: 2, height: 1, data });
      project.labelMaps.add({ imageId: 1, author: 'human', bytes });
    }
    project.runs.saveCheckpoint(1, 'last', 1, new Uint8Array([4, 5]));
    project.close();
    const raw = new Database(path);
    raw.exec(`DROP TRIGGER label_maps_are_immutable;
      UPDATE label_maps SET created_at = '2020-01-06T00:00:0' || (id % 10) || '.000Z' WHERE image_id = 1;
      CREATE TRIGGER label_maps_are_immutable BEFORE UPDATE OF image_id, author, created_at, bytes, sha256 ON label_maps
      BEGIN SELECT RAISE(ABORT, 'label maps are immutable: save a new revision'); END;
      UPDATE studies SET status = 'done'; UPDATE runs SET status = 'done'; UPDATE runs SET kind = 'finetune' WHERE id = 1;`);
    raw.close();
    const engine = engineHere();
    await engine.call('project.open', { path });
    const [, middle] = await engine.call('labelMaps.history', { project: path, imageId: 1 });
    await engine.call('labelMaps.keep', {
      project: path,
      labelMapId: middle?.id ?? 0,
      kept: true,
    });
    const { droppable } = await engine.call('project.storage', { project: path });
    expect(droppable).toMatchObject({
      history: { count: 1 },
      checkpoints: { count: 1, bytes: 2 },
      weights: { count: 1, bytes: 3 },
      predictions: { count: 1 },
    });
    const report = await engine.call('project.compact', {
      project: path,
      drop: ['history', 'checkpoints', 'predictions'],
    });
    expect(report.dropped).toEqual({
      history: droppable.history,
      checkpoints: droppable.checkpoints,
      predictions: droppable.predictions,
    });
    // The current one, the kept one, and the imported one that the study holds.
    const left = await engine.call('labelMaps.history', { project: path, imageId: 1 });
    expect(left.map(({ author, kept }) => [author, kept])).toEqual([
      ['human', false],
      ['human', true],
      ['imported', false],
    ]);
    const backup = openProject(report.backup ?? '');
    expect(backup.labelMaps.history(1)).toHaveLength(4);
    backup.close();
    expect(await engine.call('project.check', { project: path })).toEqual({
      ok: true,
      damaged: [],
    });
  });
});
