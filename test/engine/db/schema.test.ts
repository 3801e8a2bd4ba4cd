/** Projects from others: what stands in the file is compared with what Graft makes before anything of it is run. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { readMigrations } from '../../../engine/db/migrations.ts';
import { createFile } from '../../../engine/db/open.ts';
import { APPLICATION_ID } from '../../../engine/db/schema.ts';
import { createProject, openProject, openProjectReadonly } from '../../../engine/db/project.ts';
import { AppError } from '../../../shared/errors.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

function projectWith(sql: string): string {
  const path = join(temporaryFolder(), 'theirs.graft');
  createProject(path).close();
  const raw = new Database(path);
  raw.unsafeMode();
  raw.pragma('foreign_keys = OFF');
  raw.exec(sql);
  raw.close();
  return path;
}

function refusal(open: () => unknown): AppError {
  try {
    open();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was opened');
}

const ENDLESS = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)';

it.each([
  [
    'an endless view in the place of a table',
    `DROP TABLE project; CREATE VIEW project AS ${ENDLESS} SELECT x AS key, 'v' AS value FROM c`,
    /view project is foreign/,
  ],
  [
    'a trigger of its own',
    `CREATE TRIGGER more AFTER INSERT ON datasets BEGIN DELETE FROM images; END`,
    /trigger more is foreign/,
  ],
  [
    'a known trigger that does something else',
    `DROP TRIGGER label_maps_are_immutable;
     CREATE TRIGGER label_maps_are_immutable BEFORE UPDATE OF bytes ON label_maps BEGIN DELETE FROM images; END`,
    /trigger label_maps_are_immutable is foreign/,
  ],
  ['a view beside the tables', `CREATE VIEW v AS ${ENDLESS} SELECT x FROM c`, /view v is foreign/],
  ['a table beside the others', 'CREATE TABLE mine (x)', /table mine is foreign/],
  ['a virtual table', 'CREATE VIRTUAL TABLE v USING fts5(x)', /table v.* are foreign/],
  [
    'a table with another rule',
    `DROP TABLE project; CREATE TABLE project (key TEXT PRIMARY KEY, value TEXT CHECK (length(value) > 1))`,
    /table project is foreign/,
  ],
  [
    'an index over an expression',
    'CREATE INDEX slow ON images (length(name))',
    /index slow is foreign/,
  ],
])('refuses a project with %s, runs nothing and changes nothing', (_, sql, words) => {
  const path = projectWith(sql);
  const before = readFileSync(path);
  for (const open of [openProject, openProject, openProjectReadonly]) {
    const { code, subject, message } = refusal(() => open(path));
    expect({ code, subject }).toEqual({ code: 'unsupported', subject: path });
    expect(message).toMatch(words);
    expect(message).toMatch(/nothing in it was run/);
  }
  expect(readFileSync(path).equals(before)).toBe(true);
});

it('does not mind the numbers that SQLite keeps of a file it was told to look at', () => {
  openProject(projectWith('ANALYZE')).close();
});

it('numbers every step once', () => {
  const versions = readMigrations().map(({ version }) => version);
  expect(versions).toEqual([...new Set(versions)]);
});

it('knows the tables of every version that there was', () => {
  const migrations = readMigrations();
  for (const { version } of migrations) {
    const path = join(temporaryFolder(), 'old.graft');
    const upTo = migrations.filter((one) => one.version <= version);
    createFile(path, { migrations: upTo }).close();
    const kept = `${path}-kept`;
    copyFileSync(path, kept);
    openProject(path).close();
    // What it is made of is asked by its version, not by the newest.
    const raw = new Database(kept);
    raw.exec('CREATE VIEW v AS SELECT 1');
    expect(raw.pragma('application_id', { simple: true })).toBe(APPLICATION_ID);
    raw.close();
    expect(refusal(() => openProject(kept)).message).toMatch(/view v is foreign/);
  }
});
