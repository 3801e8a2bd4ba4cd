/**
 * The steps by which a project file came to its present form, and so what the tables of every version look like.
 * Knows no file: applying the steps to one is open.ts's.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { AppError } from '../../shared/errors.ts';
import { counted, verbFor } from '../../shared/number-format.ts';
import { inWords } from '../../shared/sentences.ts';
import { sha256 } from '../sha256.ts';
import { pathFromProject } from './link-paths.ts';
import { registerScoring } from './rescoring.ts';
import { GET_AGAIN, ROOT } from '../installation.ts';

const MIGRATIONS_DIR = join(ROOT, 'engine', 'db', 'migrations');

export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** The version that projects have now: without all steps up to it, none is opened or made. */
const NEWEST = 26;
/** A file of version 2 goes to 4 at once. */
const NEVER_WAS = 3;

/**
 * Numbered, append-only: NNN-subject.sql brings a file from the version before to NNN.
 * Errors: unreadable, where steps of this Graft are missing: with fewer of them a whole project would look like that of a
 * newer Graft, or a damaged one.
 */
export function readMigrations(dir: string = MIGRATIONS_DIR): Migration[] {
  const names = existsSync(dir)
    ? readdirSync(dir).filter((name) => /^\d{3}-.*\.sql$/.test(name))
    : [];
  const steps = names.sort().map((name) => ({
    version: Number(name.slice(0, 3)),
    sql: readFileSync(join(dir, name), 'utf8'),
  }));
  const there = new Set(steps.map(({ version }) => version));
  const missing = Array.from({ length: NEWEST }, (_, i) => i + 1).filter(
    (version) => version !== NEVER_WAS && !there.has(version),
  );
  if (missing.length === 0) return steps;
  throw new AppError(
    'unreadable',
    `This Graft is not whole: of the ${NEWEST - 1} steps in ${dir} that bring project files up to date, ${counted(missing.length, 'step')} ${verbFor(missing.length, 'are')} missing (${inWords(missing.map(String))}). No project was touched. ${GET_AGAIN}`,
    { subject: dir },
  );
}

/** Rows that refer to one that is gone. */
const danglingRows = (db: Database.Database): number =>
  Number(db.prepare('SELECT COUNT(*) FROM pragma_foreign_key_check').pluck().get());

/**
 * Brings a database to the version of the last of these, each step whole or not at all. Foreign keys rest meanwhile: a table
 * that is built anew is dropped first, and the rows that refer to its own would go with it. What they refer to is counted
 * instead: a step that leaves more of them without than it found is a bug, and is undone.
 */
export function applyMigrations(
  db: Database.Database,
  path: string,
  migrations: readonly Migration[],
): void {
  // For the links of a project that was made before their relative paths were kept.
  db.function('path_from_project', { deterministic: true }, (link: unknown) =>
    pathFromProject(path, String(link)),
  );
  registerScoring(db);
  db.function('sha256', { deterministic: true }, (bytes: unknown) =>
    bytes instanceof Uint8Array ? sha256(bytes) : null,
  );
  const enforced = Number(db.pragma('foreign_keys', { simple: true }));
  db.pragma('foreign_keys = OFF');
  try {
    for (const { version, sql } of migrations) {
      db.transaction(() => {
        const before = danglingRows(db);
        db.exec(sql);
        const lost = danglingRows(db) - before;
        if (lost > 0) throw new Error(`Step ${version} leaves ${lost} rows without their others.`);
        db.pragma(`user_version = ${version}`);
      }).immediate();
    }
  } finally {
    db.pragma(`foreign_keys = ${enforced}`);
  }
}
