/**
 * Opens, creates, migrates and checks project files. Who may write them is ownership.ts.
 * Does not know what the tables mean: that is one file per table group beside this one.
 */
import { existsSync, readFileSync, statSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { AppError, messageOf } from '../../shared/errors.ts';
import { fileError } from '../data/file-error.ts';
import { writeWholeSync } from '../data/write-file.ts';
import { backupAtOnce, backupPath, removeUnfinishedBackups } from './backup.ts';
import { applyMigrations, type Migration, readMigrations } from './migrations.ts';
import { type Endpoint, takeOwnership } from './ownership.ts';
import { trueProjectPath } from './project-path.ts';
import { APPLICATION_ID, assertKnownSchema, distrust, emptyProject } from './schema.ts';

export type Sqlite = Database.Database;

/** Of a new project, as SQLite would have it: readable by all, written by its user. */
const FILE_MODE = 0o644;

/** Readers never block the writer in WAL mode; this covers checkpoints and schema changes. */
const BUSY_TIMEOUT_MS = 5000;
/** 32 MB, of SQLite's pages of 4 KiB. */
const LOG_PAGES = 8192;

function scalar(db: Sqlite, pragma: string): number {
  return Number(db.pragma(pragma, { simple: true }));
}

/** Graft asks for no table or column that a whole project lacks. */
const MISSING = /^no such (table|column)|has no column named/;

/** A project of which something is not as it was stored. */
export class DamageError extends AppError {
  /** What, without what to do about it. */
  readonly found: string;

  constructor(path: string, found: string, cause?: unknown) {
    super(
      'corrupt',
      `${path} is damaged (${found}). "graft check" and "Check the project file" name all that is damaged; "graft repair" and "Repair" bring back what a backup or the original files still have, and save what can be read.`,
      { subject: path, cause },
    );
    this.found = found;
  }
}

/** Translates what SQLite throws into an error that says what to do. */
export function sqliteError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error;
  // The file system, asked for what lies beside the project.
  if (error instanceof Error && 'syscall' in error) return fileError(path, error);
  const code = error instanceof Database.SqliteError ? error.code : '';
  const options = { subject: path, cause: error };
  // The shared memory beside the file finds no room either.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') {
    return new AppError(
      'no-space',
      `The disk that holds ${path} is full. Free some space and try again; nothing that was saved is lost.`,
      options,
    );
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new AppError(
      'corrupt',
      `${path} is not a Graft project or is damaged. "graft repair" and "Repair" save what can be read; if a backup (${path}.backup-*) lies beside it, you can open that.`,
      options,
    );
  }
  if (code === 'SQLITE_CANTOPEN' || code === 'SQLITE_READONLY' || code.startsWith('SQLITE_IOERR')) {
    return new AppError(
      'unreadable',
      `${path} cannot be read or written. Check that the folder exists and that you may write there.`,
      options,
    );
  }
  const reason = messageOf(error);
  if (code === 'SQLITE_ERROR' && MISSING.test(reason)) return new DamageError(path, reason, error);
  return new AppError('internal', `${path}: ${reason}`, options);
}

function configure(db: Sqlite): void {
  db.pragma('journal_mode = WAL');
  // FULL: a committed stroke survives a power cut, not just a crash of the process.
  db.pragma('synchronous = FULL');
  // By itself SQLite folds the log into the file once it has 4 MB: one trained network fills that, and whoever commits
  // then, perhaps a stroke, waits for both files to reach the disk.
  db.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
  db.pragma('foreign_keys = ON');
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
}

/**
 * What `write` commits survives a crash of any process at once, and a power cut as soon as anything is committed after it
 * that waits for the disk: the log is written in order, so a cut takes back the last of it and tears nothing apart.
 */
export function withoutWaiting<T>(db: Sqlite, write: () => T): T {
  db.pragma('synchronous = NORMAL');
  try {
    return write();
  } finally {
    db.pragma('synchronous = FULL');
  }
}

/**
 * Asked before any row is read: whether the file is a project, of a version that is known, with the tables of that version.
 * Returns the version. Errors: unsupported, newer-version, corrupt.
 */
function assertKnown(db: Sqlite, path: string, migrations: readonly Migration[]): number {
  distrust(db);
  assertApplicationId(db, path);
  const newest = migrations.at(-1)?.version ?? 0;
  const version = scalar(db, 'user_version');
  if (version > newest) {
    throw new AppError(
      'newer-version',
      `${path} was written by a newer Graft (file version ${version}, this Graft reads up to ${newest}). Update Graft to open it.`,
      { subject: path },
    );
  }
  assertKnownSchema(
    db,
    path,
    migrations.filter((one) => one.version <= version),
  );
  return version;
}

function migrate(
  db: Sqlite,
  path: string,
  { from, migrations, backup }: { from: number; migrations: readonly Migration[]; backup: boolean },
): void {
  const steps = migrations.filter(({ version }) => version > from);
  if (steps.length === 0) return;
  if (from > 0 && backup) {
    backupAtOnce(db, backupPath(path, `v${from}`));
  }
  applyMigrations(db, path, steps);
}

/** Pages alone: comparing indices with tables, and all else, is check's (check.ts). Takes seconds on a file of gigabytes. */
function checkIntegrity(db: Sqlite, path: string): void {
  const found = db.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw new DamageError(path, String(found));
}

// ───────────────────────────── open and create ─────────────────────────────

export interface OpenOptions {
  /** Where this process answers calls about the project. */
  readonly endpoint?: Endpoint | null;
  /** Other migrations than Graft's own, and a limit on the file's size: for tests of growth and full disks. */
  readonly migrations?: readonly Migration[];
  readonly maxPages?: number;
  /** Whether the file as it was is kept beside it before it is migrated; it is, unless this is false. */
  readonly backup?: boolean;
}

export interface OpenedFile {
  readonly sqlite: Sqlite;
  readonly path: string;
  close(): void;
}

/** Errors: not-found, unreadable. */
export function assertProjectFile(path: string): void {
  if (!existsSync(path)) {
    throw new AppError(
      'not-found',
      `There is no project at ${path}. Create one with: graft new ${path}`,
      {
        subject: path,
      },
    );
  }
  if (!statSync(path).isFile() || statSync(path).size === 0) {
    throw new AppError('unreadable', `${path} is empty or not a file, so not a Graft project.`, {
      subject: path,
    });
  }
}

/** The log of the database is named after the file: two names would make two logs of one file, and ruin it. */
function assertOneName(path: string): void {
  const { nlink } = statSync(path);
  if (nlink <= 1) return;
  throw new AppError(
    'unsupported',
    `${path} has ${nlink} names on its disk (hard links), and whoever opened it by another one would destroy it. Copy it, and open the copy.`,
    { subject: path },
  );
}

function assertApplicationId(db: Sqlite, path: string): void {
  if (scalar(db, 'application_id') !== APPLICATION_ID) {
    throw new AppError('unsupported', `${path} is an SQLite file, but not a Graft project.`, {
      subject: path,
    });
  }
}

/** Creates an empty project. Errors: conflict (exists), unreadable (folder), locked, no-space. */
export function createFile(projectPath: string, options: OpenOptions = {}): OpenedFile {
  const path = trueProjectPath(projectPath);
  if (existsSync(path)) {
    throw new AppError('conflict', `${path} exists already. Open it, or choose another name.`, {
      subject: path,
    });
  }
  if (!existsSync(dirname(path))) {
    throw new AppError(
      'not-found',
      `The folder ${dirname(path)} does not exist. Create it first.`,
      {
        subject: dirname(path),
      },
    );
  }
  return openWritable(path, options, true);
}

/** Opens a project as its only writer: checks, backs up and migrates it. */
export function openFile(projectPath: string, options: OpenOptions = {}): OpenedFile {
  const path = trueProjectPath(projectPath);
  assertProjectFile(path);
  assertOneName(path);
  return openWritable(path, options, false);
}

function own(path: string, endpoint: Endpoint | null): () => void {
  try {
    return takeOwnership(path, endpoint);
  } catch (error) {
    throw sqliteError(error, path);
  }
}

function openWritable(path: string, options: OpenOptions, fresh: boolean): OpenedFile {
  const release = own(path, options.endpoint ?? null);
  let sqlite: Sqlite | undefined;
  let made = false;
  try {
    const migrations = options.migrations ?? readMigrations();
    // What is lost of an empty project is made again at the next look, and its first content waits for the disk.
    if (fresh) writeWholeSync(path, emptyProject(migrations), { mode: FILE_MODE, replace: false });
    made = fresh;
    sqlite = new Database(path);
    const from = assertKnown(sqlite, path, migrations);
    configure(sqlite);
    if (!fresh) {
      removeUnfinishedBackups(path);
      checkIntegrity(sqlite, path);
    }
    const opened = sqlite;
    migrate(opened, path, { from, migrations, backup: options.backup ?? true });
    if (options.maxPages !== undefined) sqlite.pragma(`max_page_count = ${options.maxPages}`);
    return {
      sqlite: opened,
      path,
      close() {
        opened.close();
        release();
      },
    };
  } catch (error) {
    sqlite?.close();
    // Half a project would be in the way of the next try.
    if (made) for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    release();
    throw sqliteError(error, path);
  }
}

/** Opens a project beside its owner, for reading only (trainer processes). */
export function openFileReadonly(projectPath: string): OpenedFile {
  const path = trueProjectPath(projectPath);
  assertProjectFile(path);
  let sqlite: Sqlite | undefined;
  try {
    const opened = new Database(path, { readonly: true, fileMustExist: true });
    sqlite = opened;
    opened.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    assertKnown(opened, path, readMigrations());
    return { sqlite: opened, path, close: () => opened.close() };
  } catch (error) {
    sqlite?.close();
    throw sqliteError(error, path);
  }
}

/**
 * Opens a small project that nobody writes any more for reading, all of it in memory: no lock is taken, which not every
 * shared file system has, and the file is read once. Errors: those of openFileReadonly.
 */
export function openFileInMemory(path: string): OpenedFile {
  assertProjectFile(path);
  let sqlite: Sqlite | undefined;
  try {
    const opened = new Database(readFileSync(path), { readonly: true });
    sqlite = opened;
    assertKnown(opened, path, readMigrations());
    return { sqlite: opened, path, close: () => opened.close() };
  } catch (error) {
    sqlite?.close();
    throw sqliteError(error, path);
  }
}
