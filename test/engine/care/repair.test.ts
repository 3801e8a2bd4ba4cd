/** Check, repair and backup, as the calls of the engine; and projects that are damaged beside others that are not. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openProject } from '../../../engine/db/project.ts';
import { goThrough } from '../../../engine/care/go-through.ts';
import { createEngine } from '../../../engine/engine.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { addImported, contentOf, flip, smash, wholeProject } from '../../fixtures/whole-project.ts';

function engineHere() {
  const engine = createEngine({ engine: 'wasm' });
  onTestFinished(() => engine.close());
  return engine;
}

async function backedUp(): Promise<string> {
  const path = wholeProject();
  const engine = engineHere();
  await engine.call('project.open', { path });
  await engine.call('project.backup', { project: path });
  await engine.call('project.close', { project: path });
  return path;
}

/** What a check says of a project, without a thread of its own, which repairing starts twice already. */
async function damageIn(path: string): Promise<string[]> {
  const damage: string[] = [];
  await goThrough(path, {
    contradictions: true,
    tell: ({ what }) => damage.push(what),
    onProgress: () => undefined,
  });
  return damage;
}

/** Columns of bytes, how many rows each has, and what is said of one. */
const BLOBS = [
  ['image_bytes.bytes', 24, /^the original of /],
  ['label_maps.bytes', 24, /^label map /],
  ['results.prediction', 1, /^the prediction of /],
  ['checkpoints.bytes', 1, /^the best weights of run /],
  ['examples.png', 1, /^a picture of run /],
  ['encoders.weights', 1, /^the weights of encoder /],
] as const;

describe('repair', () => {
  it('brings back bytes of every kind from a backup, bit for bit', async () => {
    const path = await backedUp();
    for (const [place] of BLOBS) {
      const [table = '', column = ''] = place.split('.');
      flip(path, { table, column });
    }
    const engine = engineHere();
    const count = BLOBS.reduce((sum, [, rows]) => sum + rows, 0);
    const { damaged } = await engine.call('project.check', { project: path });
    expect(damaged).toHaveLength(count);
    for (const [, rows, words] of BLOBS) {
      expect([words, damaged.filter((what) => words.test(what)).length]).toEqual([words, rows]);
    }
    const report = await engine.call('project.repair', { project: path });
    expect(report).toMatchObject({ lost: [], copy: null });
    expect(report.repaired).toHaveLength(count);
    for (const what of report.repaired) expect(what).toMatch(/\(from cells\.graft\.backup-20/);
    expect(await engine.call('project.check', { project: path })).toEqual({
      ok: true,
      damaged: [],
    });
    // Label maps are as immutable as before.
    const raw = new Database(path);
    expect(() => raw.exec(`UPDATE label_maps SET bytes = x'00'`)).toThrow('immutable');
    raw.close();
  });

  it('brings back an original from the folder that it was imported from, whatever it is called there now', async () => {
    const path = wholeProject();
    const folder = temporaryFolder();
    addImported(path, folder);
    mkdirSync(join(folder, 'deep'));
    copyFileSync(join(folder, 'a.png'), join(folder, 'deep', 'other.png'));
    rmSync(join(folder, 'a.png'));
    const raw = new Database(path);
    raw.exec('DELETE FROM image_bytes WHERE image_id = 99');
    raw.close();
    const engine = engineHere();
    const { repaired, lost } = await engine.call('project.repair', { project: path });
    expect(repaired).toEqual([expect.stringMatching(/the original of a\.png.*other\.png\)/)]);
    expect(lost).toEqual([]);
  });

  it('names what is nowhere to be had, and takes nothing of other content for it', async () => {
    const path = await backedUp();
    flip(path, { table: 'checkpoints', column: 'bytes' });
    for (const name of readdirSync(dirname(path))) {
      if (name.includes('.backup-'))
        flip(join(dirname(path), name), { table: 'checkpoints', column: 'bytes' });
    }
    // Flipped once more, the backup is another content again.
    const raw = new Database(path);
    raw.exec(`UPDATE checkpoints SET bytes = x'09'`);
    raw.close();
    const engine = engineHere();
    const report = await engine.call('project.repair', { project: path });
    expect(report).toEqual({ repaired: [], lost: ['the best weights of run 1'], copy: null });
  });

  it.each([
    'datasets',
    'images',
    'image_bytes',
    'label_maps',
    'classes',
    'metrics',
    'results',
    'runs',
    'studies',
    'images_by_hash',
    'snapshot_items',
  ])(
    'saves what can be read into a new project where %s is smashed, and leaves the damaged one',
    async (name) => {
      const path = wholeProject();
      smash(path, name);
      const before = contentOf(path);
      const engine = engineHere();
      expect((await damageIn(path))[0]).toMatch(/damaged|pages/);
      const { copy, lost } = await engine.call('project.repair', { project: path });
      expect(contentOf(path)).toBe(before);
      expect(copy).toMatch(/cells-repaired\.graft$/);
      if (name !== 'images_by_hash' && name !== 'metrics') expect(lost.join()).toContain(name);
      const again = openProject(copy ?? '');
      // Bytes of rows that are there may be gone with their page; everything else is sound.
      expect([...again.damage()].filter(({ blob }) => blob === null)).toEqual([]);
      if (name === 'images_by_hash') expect(again.datasets.images(1)).toHaveLength(12);
      again.close();
    },
  );

  it('takes from a backup what a smashed table lacks', async () => {
    const path = await backedUp();
    smash(path, 'label_maps');
    const engine = engineHere();
    const { copy, lost, repaired } = await engine.call('project.repair', { project: path });
    expect({ lost, repaired }).toEqual({
      lost: [],
      repaired: ['what label_maps lacked (from a backup)'],
    });
    expect(await engine.call('project.check', { project: copy ?? '' })).toEqual({
      ok: true,
      damaged: [],
    });
  });

  it.each([
    ['DROP TABLE encoders', /encoders/],
    ['ALTER TABLE results DROP COLUMN uncertainty', /^$/],
    [`UPDATE studies SET config = '{'`, /studies, whose config/],
    [`UPDATE datasets SET origin = '{'`, /the origin of 2 of datasets/],
    ['DELETE FROM images WHERE id = 2', /belong to something that is gone/],
    ['PRAGMA user_version = 4', /^.*$/],
  ])('saves the rest of a project after %s', async (sql, words) => {
    const path = wholeProject();
    const raw = new Database(path);
    raw.pragma('foreign_keys = OFF');
    raw.exec(sql);
    raw.close();
    const engine = engineHere();
    const { copy, lost } = await engine.call('project.repair', { project: path });
    expect(lost.join('; ')).toMatch(words);
    expect(await damageIn(copy ?? '')).toEqual([]);
  });

  it('says of a file of which nothing can be read where the backup lies', async () => {
    const path = await backedUp();
    truncateSync(path, 0);
    truncateSync(path, 8192);
    const engine = engineHere();
    await expect(engine.call('project.repair', { project: path })).rejects.toMatchObject({
      code: expect.stringMatching(/corrupt|unsupported/) as string,
    });
  });
});

describe('a damaged project', () => {
  it('is listed as damaged, with what and where, beside others that are whole', async () => {
    const [whole, broken] = [wholeProject(), wholeProject()];
    const engine = engineHere();
    await engine.call('project.open', { path: whole });
    await engine.call('project.open', { path: broken });
    const raw = new Database(broken);
    raw.exec(`UPDATE studies SET config = '{'`);
    raw.close();
    const listed = await engine.call('project.list', {});
    expect(listed).toMatchObject([
      { path: whole, datasets: 2, damaged: null },
      {
        path: broken,
        damaged: {
          code: 'corrupt',
          message: expect.stringMatching(/study "small" cannot be read/) as string,
        },
      },
    ]);
    // What is not damaged is still worked on.
    expect(await engine.call('datasets.list', { project: broken })).toHaveLength(2);
  });
});

describe('an export of a damaged project', () => {
  it.each(['folder', 'coco'] as const)(
    'as %s writes all that can be read, and names the rest',
    async (format) => {
      const path = wholeProject();
      flip(path, { table: 'label_maps', column: 'bytes' });
      const engine = engineHere();
      await engine.call('project.open', { path });
      const dir = join(temporaryFolder(), 'out');
      const { damaged } = await engine.call('datasets.export', {
        project: path,
        datasetId: 1,
        format,
        dir,
      });
      expect(damaged).toHaveLength(12);
      expect(damaged[0]).toMatch(/^label map 1 of 0\.png is not as it was stored$/);
      expect(readdirSync(join(dir, 'images'))).toHaveLength(12);
    },
  );
});

describe('a backup', () => {
  it('is one whole file under its name, also while the project is written', async () => {
    const path = wholeProject();
    const project = openProject(path);
    const to = join(temporaryFolder(), 'copy.graft');
    const made = project.backup(to, {
      onProgress: () => project.runs.log(1, 'meanwhile'),
    });
    expect(existsSync(to)).toBe(false);
    expect(await made).toBeGreaterThan(0);
    expect(readdirSync(dirname(to))).toEqual(['copy.graft']);
    const copy = openProject(to);
    expect([...copy.damage()]).toEqual([]);
    copy.close();
    await expect(project.backup(to)).rejects.toMatchObject({ code: 'conflict' });
    project.close();
  });

  it('that is cancelled, or whose process ended, leaves nothing that looks like one', async () => {
    const path = wholeProject();
    const project = openProject(path);
    const abort = new AbortController();
    abort.abort();
    const to = `${path}.backup-2026-01-01T00-00-00-000Z`;
    await expect(project.backup(to, { signal: abort.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    project.close();
    copyFileSync(path, `${to}.part`);
    openProject(path).close();
    expect(readdirSync(dirname(path))).toEqual(['cells.graft']);
  });
});
