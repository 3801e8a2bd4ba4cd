import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMigrations } from '../../../engine/db/migrations.ts';
import { APPLICATION_ID } from '../../../engine/db/schema.ts';
import {
  createProject,
  openProject,
  openProjectReadonly,
  readOwner,
} from '../../../engine/db/project.ts';
import { createEngine } from '../../../engine/engine.ts';
import { AppError } from '../../../shared/errors.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'graft-db-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'none';
};

describe('a project file', () => {
  it('is an SQLite file that carries the application id and the newest version', () => {
    const path = join(dir, 'a.graft');
    createProject(path).close();
    expect(readFileSync(path).subarray(0, 15).toString()).toBe('SQLite format 3');
    expect(readFileSync(path).readUInt32BE(68)).toBe(APPLICATION_ID);
    const raw = new Database(path, { readonly: true });
    expect(raw.pragma('user_version', { simple: true })).toBeGreaterThan(0);
    raw.close();
  });

  it('is not overwritten by creating another in its place', () => {
    const path = join(dir, 'a.graft');
    createProject(path).close();
    expect(codeOf(() => createProject(path))).toBe('conflict');
  });

  it('is refused where the folder is missing, empty, another database or not a database', () => {
    expect(codeOf(() => createProject(join(dir, 'no', 'a.graft')))).toBe('not-found');
    expect(codeOf(() => openProject(join(dir, 'none.graft')))).toBe('not-found');
    writeFileSync(join(dir, 'empty.graft'), '');
    expect(codeOf(() => openProject(join(dir, 'empty.graft')))).toBe('unreadable');
    writeFileSync(join(dir, 'text.graft'), 'not a database at all, though long enough to look');
    expect(codeOf(() => openProject(join(dir, 'text.graft')))).toBe('corrupt');
    const other = new Database(join(dir, 'other.graft'));
    other.exec('CREATE TABLE t (x)');
    other.close();
    expect(codeOf(() => openProject(join(dir, 'other.graft')))).toBe('unsupported');
  });

  it('of before encoders could be imported keeps its encoders', () => {
    const path = join(dir, 'old.graft');
    const first = new URL('../../../engine/db/migrations/001-project.sql', import.meta.url);
    const raw = new Database(path);
    raw.exec(readFileSync(first, 'utf8'));
    raw.pragma(`application_id = ${APPLICATION_ID}`);
    raw.pragma('user_version = 1');
    raw.exec(`
      INSERT INTO datasets (id, name, created_at, origin) VALUES (1, 'd', '2026-01-01', '{}');
      INSERT INTO snapshots (id, dataset_id, created_at, hash) VALUES (1, 1, '2026-01-01', 'h');
      INSERT INTO runs (id, kind, seed, status, config, snapshot_id, steps, created_at)
        VALUES (7, 'pretrain', 0, 'done', '{}', 1, 1, '2026-01-01');
      INSERT INTO encoders (id, run_id, name, task, network, notes, created_at)
        VALUES (4, 7, 'one', 'autoencoder', '{"base":4}', 'kept', '2026-01-01');`);
    raw.close();
    const project = openProject(path);
    expect(project.encoders.get(4)).toMatchObject({
      runId: 7,
      name: 'one',
      task: 'autoencoder',
      notes: 'kept',
      file: null,
      network: { base: 4, encoder: 'plain', norm: 'batch', preprocessing: null },
    });
    project.close();
  });

  it('of a newer Graft is refused and left as it is', () => {
    const path = join(dir, 'a.graft');
    createProject(path).close();
    const raw = new Database(path);
    raw.pragma('user_version = 999');
    raw.close();
    const before = readFileSync(path);
    expect(codeOf(() => openProject(path))).toBe('newer-version');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is not made or opened where steps of this Graft are missing, which are named', () => {
    const steps = join(dir, 'steps');
    mkdirSync(steps);
    expect(() => readMigrations(steps)).toThrow(/This Graft is not whole: of the 25 steps/);
    expect(() => readMigrations(join(dir, 'none'))).toThrow(/25 steps are missing/);
    for (const { version } of readMigrations()) {
      if (version === 7 || version === 26) continue;
      writeFileSync(join(steps, `${String(version).padStart(3, '0')}-x.sql`), 'SELECT 1');
    }
    expect(() => readMigrations(steps)).toThrow(
      /2 steps are missing \(7 and 26\)\. No project was/,
    );
  });

  it('of an older version is backed up before it is migrated', () => {
    const path = join(dir, 'a.graft');
    const project = createProject(path);
    project.datasets.create({ name: 'cells', origin: {}, classes: [] });
    project.close();
    const raw = new Database(path);
    const version = Number(raw.pragma('user_version', { simple: true }));
    raw.close();
    const next = {
      version: version + 1,
      sql: `ALTER TABLE datasets ADD COLUMN colour TEXT; UPDATE datasets SET name = name || '!'`,
    };
    const migrated = openProject(path, { migrations: [...readMigrations(), next] });
    expect(migrated.datasets.list().map((d) => d.name)).toEqual(['cells!']);
    migrated.close();
    const backups = readdirSync(dir).filter((name) => name.includes('.backup-'));
    expect(backups).toHaveLength(1);
    const backup = openProject(join(dir, backups[0] ?? ''));
    expect(backup.datasets.list().map((d) => d.name)).toEqual(['cells']);
    backup.close();
  });

  it('stays as it was when a migration fails', () => {
    const path = join(dir, 'a.graft');
    createProject(path).close();
    const broken = { version: 998, sql: 'CREATE TABLE half (x); SELECT no_such_function()' };
    expect(codeOf(() => openProject(path, { migrations: [...readMigrations(), broken] }))).not.toBe(
      'none',
    );
    const project = openProject(path);
    expect(project.datasets.list()).toEqual([]);
    project.close();
  });

  it('with damaged pages is refused on opening', () => {
    const path = join(dir, 'a.graft');
    const project = createProject(path);
    const datasetId = project.datasets.create({ name: 'd', origin: {}, classes: [] });
    for (let i = 0; i < 200; i++) {
      project.datasets.addImage({
        datasetId,
        name: `${i}.png`,
        widthPx: 1,
        heightPx: 1,
        channels: 1,
        bitDepth: 8,
        hash: '0'.repeat(64),
        page: 0,
        groupName: null,
        imageClass: null,
        source: { bytes: new Uint8Array(4000) },
      });
    }
    project.close();
    const fd = openSync(path, 'r+');
    for (let page = 2; page < 40; page++)
      writeSync(fd, Buffer.alloc(2048, 0xff), 0, 2048, page * 4096);
    expect(codeOf(() => openProject(path))).toBe('corrupt');
  });
});

describe('ownership', () => {
  it('is refused to a second opener, with the owner named, and free again after closing', () => {
    const path = join(dir, 'a.graft');
    const project = createProject(path, {
      endpoint: { url: 'http://127.0.0.1:1', token: 'secret' },
    });
    expect(() => openProject(path)).toThrow(`process ${process.pid}`);
    expect(codeOf(() => openProject(path))).toBe('locked');
    expect(readOwner(path)).toMatchObject({ pid: process.pid, endpoint: 'http://127.0.0.1:1' });
    expect(statSync(`${path}-lock`).mode & 0o077).toBe(0);
    project.close();
    expect(readOwner(path)).toBeUndefined();
    openProject(path).close();
  });

  it('is not believed of a lock file that nobody holds, whatever process has its number now', () => {
    const path = join(dir, 'a.graft');
    createProject(path, { endpoint: { url: 'http://127.0.0.1:1', token: 'secret' } });
    const left = join(dir, 'left.graft');
    copyFileSync(path, left);
    copyFileSync(`${path}-lock`, `${left}-lock`);
    expect(readOwner(left)).toBeUndefined();
    openProject(left).close();
    writeFileSync(`${left}-lock`, 'cut off by a power failure, or none at all'.repeat(20));
    expect(readOwner(left)).toBeUndefined();
    openProject(left).close();
  });

  it('is of the project, whatever links lead to it', async () => {
    const path = join(dir, 'a.graft');
    createProject(path).close();
    const [link, folder] = [join(dir, 'link.graft'), join(dir, 'folder')];
    symlinkSync(path, link);
    symlinkSync(dir, folder);
    const owner = openProject(path);
    for (const other of [link, join(folder, 'a.graft')]) {
      expect(readOwner(other)?.pid).toBe(process.pid);
      expect(codeOf(() => openProject(other))).toBe('locked');
    }
    owner.close();
    const engine = createEngine();
    for (const other of [link, join(folder, 'a.graft'), path]) {
      expect((await engine.call('project.open', { path: other })).path).toBe(path);
    }
    expect(await engine.call('project.list', {})).toHaveLength(1);
    expect(await engine.call('datasets.list', { project: link })).toEqual([]);
    await engine.close();
  });

  it('cannot be had of a file with two names, or through a lock file that leads elsewhere', () => {
    const path = join(dir, 'a.graft');
    createProject(path).close();
    linkSync(path, join(dir, 'b.graft'));
    expect(() => openProject(path)).toThrow('has 2 names on its disk');
    rmSync(join(dir, 'b.graft'));
    symlinkSync(join(dir, 'elsewhere'), `${path}-lock`);
    expect(() => openProject(path)).toThrow('would write to where it leads');
    expect(existsSync(join(dir, 'elsewhere'))).toBe(false);
  });

  it('ends with the process that held it, even when that is killed', async () => {
    const path = join(dir, 'a.graft');
    const script = `
      const { createProject } = await import(${JSON.stringify(join(import.meta.dirname, '../../../engine/db/project.ts'))});
      createProject(${JSON.stringify(path)});
      console.log('open');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(child.stdout, 'data');
    expect(codeOf(() => openProject(path))).toBe('locked');
    child.kill('SIGKILL');
    await once(child, 'close');
    openProject(path).close();
  });

  it('does not hinder readers, who cannot write', () => {
    const path = join(dir, 'a.graft');
    const project = createProject(path);
    project.datasets.create({ name: 'd', origin: {}, classes: [] });
    const reader = openProjectReadonly(path);
    expect(reader.datasets.list().map((d) => d.name)).toEqual(['d']);
    expect(() => reader.datasets.create({ name: 'e', origin: {}, classes: [] })).toThrow(
      'readonly',
    );
    reader.close();
    project.close();
  });
});

describe('what a project holds', () => {
  const image = (datasetId: number, name: string) => ({
    datasetId,
    name,
    widthPx: 2,
    heightPx: 1,
    channels: 1,
    bitDepth: 8 as const,
    hash: 'a'.repeat(64),
    page: 0,
    groupName: 'patient 1',
    imageClass: null,
    source: { bytes: new Uint8Array([1, 2, 3]) },
  });

  it('keeps label maps as revisions that nothing can change', () => {
    const path = join(dir, 'a.graft');
    const project = createProject(path);
    const datasetId = project.datasets.create({ name: 'd', origin: {}, classes: [] });
    const imageId = project.datasets.addImage(image(datasetId, 'x.png'));
    const first = project.labelMaps.add({ imageId, author: 'imported', bytes: Buffer.from('one') });
    const second = project.labelMaps.add({ imageId, author: 'human', bytes: Buffer.from('two') });
    expect(project.labelMaps.history(imageId).map((r) => r.id)).toEqual([second, first]);
    expect(project.datasets.image(imageId)?.labelMapId).toBe(second);
    project.close();
    const raw = new Database(path);
    expect(() => raw.exec(`UPDATE label_maps SET bytes = x'00'`)).toThrow('immutable');
    raw.close();
  });

  it('finds an equal snapshot again, and does not let its images be deleted', () => {
    const project = createProject(join(dir, 'a.graft'));
    const datasetId = project.datasets.create({ name: 'd', origin: {}, classes: [] });
    const imageId = project.datasets.addImage(image(datasetId, 'x.png'));
    const item = {
      imageId,
      imageHash: 'a'.repeat(64),
      labelMapId: null,
      imageClass: 3,
      part: 'train' as const,
    };
    const id = project.snapshots.take(datasetId, [item]);
    expect(project.snapshots.take(datasetId, [item])).toBe(id);
    expect(project.snapshots.take(datasetId, [{ ...item, part: 'test' }])).not.toBe(id);
    expect(project.snapshots.items(id)).toEqual([item]);
    expect(() => project.datasets.delete(datasetId)).toThrow('FOREIGN KEY');
    project.close();
  });

  it('undoes a transaction that fails half way', () => {
    const project = createProject(join(dir, 'a.graft'));
    expect(() =>
      project.transaction(() => {
        project.datasets.create({ name: 'd', origin: {}, classes: [] });
        throw new Error('half way');
      }),
    ).toThrow('half way');
    expect(project.datasets.list()).toEqual([]);
    project.close();
  });

  it('leaves nothing behind where it could not be made, so that the next try finds the name free', () => {
    const path = join(dir, 'a.graft');
    const migrations = [{ version: 1, sql: 'no such statement' }];
    expect(() => createProject(path, { migrations })).toThrow(path);
    expect(readdirSync(dir)).toEqual([]);
    createProject(path).close();
  });

  it('says that the disk is full, and keeps what was stored', () => {
    const path = join(dir, 'a.graft');
    const project = createProject(path);
    const datasetId = project.datasets.create({ name: 'd', origin: {}, classes: [] });
    project.close();
    copyFileSync(path, join(dir, 'b.graft'));
    const small = openProject(join(dir, 'b.graft'), { maxPages: 60 });
    const big = { ...image(datasetId, 'big.png'), source: { bytes: new Uint8Array(2 ** 20) } };
    expect(codeOf(() => small.transaction(() => small.datasets.addImage(big)))).toBe('no-space');
    expect(small.datasets.list().map((d) => d.name)).toEqual(['d']);
    small.close();
  });
});
