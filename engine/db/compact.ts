/**
 * Gives pages that hold nothing back to the disk. Files keep a map of who refers to a page (SQLite's incremental vacuum),
 * so that pages at the end move into holes, a few in each transaction: others work on meanwhile, it needs no room, and
 * whenever it is cut off, what has moved has moved. A file that an older Graft made has no such map: it is rewritten once.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { AppError } from '../../shared/errors.ts';
import { megabytes } from '../../shared/number-format.ts';
import { type Sqlite, sqliteError } from './open.ts';
import { takeOwnership } from './ownership.ts';
import { distrust } from './schema.ts';

/** As SQLite numbers the ways in which a file may shrink. */
const INCREMENTAL = 2;
/** Pages that move before anybody else has a turn: 1 MiB of a usual file. */
const PAGES_AT_ONCE = 256;
/** The log is emptied so often, lest it grow by what the file shrinks. */
const PAGES_A_CHECKPOINT = 8192;

const number = (db: Sqlite, pragma: string) => Number(db.pragma(pragma, { simple: true }));

/** Whether a file has the map by which it shrinks beside the work on it. */
export const shrinksInPlace = (db: Sqlite): boolean => number(db, 'auto_vacuum') === INCREMENTAL;

export interface ShrinkOptions {
  readonly signal: AbortSignal;
  /** Told which share of the free pages is given back, 0 … 1. */
  readonly onProgress: (share: number) => void;
}

/** Errors: cancelled, where what was given back by then stays so; those of SQLite. */
export async function shrinkInPlace(db: Sqlite, options: ShrinkOptions): Promise<void> {
  const all = number(db, 'freelist_count');
  let sinceCheckpoint = 0;
  for (;;) {
    const left = number(db, 'freelist_count');
    if (left === 0) break;
    if (options.signal.aborted) {
      throw new AppError(
        'cancelled',
        'Cancelled. What was given back by then stays so; compact again for the rest.',
      );
    }
    options.onProgress(Math.max(0, 1 - left / all));
    db.pragma(`incremental_vacuum(${PAGES_AT_ONCE})`);
    sinceCheckpoint += PAGES_AT_ONCE;
    if (sinceCheckpoint >= PAGES_A_CHECKPOINT) {
      db.pragma('wal_checkpoint(PASSIVE)');
      sinceCheckpoint = 0;
    }
    await nextTurn();
  }
  // The file itself shrinks here. Where a trainer is just reading, it does so at the next one.
  db.pragma('wal_checkpoint(PASSIVE)');
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Errors: no-space. */
export function assertRoom(path: string, needed: number, what: string): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new AppError(
    'no-space',
    `${what} needs ${megabytes(needed)}, and the disk that holds ${path} has ${megabytes(free)} left. Free ${megabytes(needed - free)} first; nothing was changed.`,
    { subject: path },
  );
}

/**
 * Writes all that a file holds anew, as `part`, which then takes its place at once: whoever kills this leaves the old file
 * or the new one. Blocks until it is done: for a process of its own. Nobody else may have the project open.
 * Errors: locked, no-space, corrupt.
 */
export function rewriteFile(path: string, part: string): void {
  const release = takeOwnership(path, null);
  try {
    const db = new Database(path, { fileMustExist: true });
    try {
      distrust(db);
      // All of the log goes into the file, and nobody who reads it is left: a log beside another file would ruin that.
      if (db.pragma('journal_mode = DELETE', { simple: true }) !== 'delete') {
        throw new AppError('locked', `${path} is being read. Try again when nothing is trained.`, {
          subject: path,
        });
      }
      const live = number(db, 'page_count') - number(db, 'freelist_count');
      assertRoom(path, live * number(db, 'page_size'), 'Rewriting the project file');
      // Of the new file.
      db.pragma('auto_vacuum = INCREMENTAL');
      db.prepare('VACUUM INTO ?').run(part);
    } finally {
      db.close();
    }
    const copy = new Database(part);
    try {
      const found = copy.pragma('quick_check(1)', { simple: true });
      if (found !== 'ok' || !shrinksInPlace(copy)) {
        throw new AppError('corrupt', `The copy is damaged (${String(found)}); the project stays.`);
      }
    } finally {
      copy.close();
    }
    sync(part);
    renameSync(part, path);
    // Some systems know no folders that can be synced; there the rename is as safe as it gets.
    if (process.platform !== 'win32') sync(dirname(path));
  } catch (error) {
    throw error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY'
      ? new AppError('locked', `${path} is being read. Try again when nothing is trained.`, {
          subject: path,
          cause: error,
        })
      : sqliteError(error, path);
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(part + suffix, { force: true });
    release();
  }
}
