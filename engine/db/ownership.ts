/**
 * Who may write a project: the one process that holds a lock of the operating system, which ends with it, however it
 * ends. What the lock file says of its owner holds only while the lock is held; a process id alone may be that of
 * another program by now.
 */
import { closeSync, existsSync, lstatSync, openSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { AppError } from '../../shared/errors.ts';
import { trueProjectPath } from './project-path.ts';

/** Who has a project open, and where that process answers calls (null where it does not). */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly endpoint: string | null;
  readonly token: string | null;
}

/** Loopback address and secret under which the owner takes calls of this user's other processes. */
export interface Endpoint {
  readonly url: string;
  readonly token: string;
}

/** Somebody may be looking whether the lock is held, which takes it for a moment. */
const LOOK_TIMEOUT_MS = 300;

/** Those of this process: one that nobody refers to would be collected as garbage, and let go. */
const held = new Set<Database.Database>();

const lockPathOf = (path: string) => `${path}-lock`;

const codeOf = (error: unknown): string =>
  error instanceof Database.SqliteError ? error.code : '';

/** By trying to take it: the system knows no other way. */
function isHeld(lock: Database.Database): boolean {
  lock.pragma('busy_timeout = 0');
  try {
    lock.exec('BEGIN IMMEDIATE; ROLLBACK;');
    return false;
  } catch (error) {
    // Where this user may not write it, somebody else's lock is believed.
    const code = codeOf(error);
    return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_READONLY');
  }
}

/** The owner of a project, or undefined where it has none or is just taking it. */
export function readOwner(projectPath: string): Owner | undefined {
  const lockPath = lockPathOf(trueProjectPath(projectPath));
  if (!existsSync(lockPath)) return undefined;
  let lock: Database.Database | undefined;
  try {
    lock = new Database(lockPath, { fileMustExist: true });
    if (!isHeld(lock)) return undefined;
    return lock.prepare<[], Owner>('SELECT pid, host, since, endpoint, token FROM owner').get();
  } catch (error) {
    if (error instanceof Database.SqliteError) return undefined;
    throw error;
  } finally {
    lock?.close();
  }
}

/**
 * A RESERVED lock on a small SQLite file beside the project, which others can still read to say who holds it. Returns how
 * to let it go. Errors: locked; unreadable, where the folder cannot be written; those of SQLite.
 */
export function takeOwnership(path: string, endpoint: Endpoint | null): () => void {
  const lockPath = lockPathOf(path);
  for (;;) {
    makeLockFile(lockPath);
    const before = inodeOf(lockPath);
    if (before === undefined) continue;
    // The former owner removes the file on leaving: a lock on a removed file protects nothing.
    const isGone = () => inodeOf(lockPath) !== before;
    let lock: Database.Database;
    try {
      // One that it made would be readable by others.
      lock = new Database(lockPath, { fileMustExist: true });
    } catch (error) {
      if (isGone()) continue;
      throw error;
    }
    try {
      lock.pragma(`busy_timeout = ${LOOK_TIMEOUT_MS}`);
      // A journal has the name of the file: whoever still has a removed one open would delete ours.
      lock.pragma('journal_mode = MEMORY');
      lock.exec(`BEGIN IMMEDIATE;
        CREATE TABLE IF NOT EXISTS owner (pid INTEGER, host TEXT, since TEXT, endpoint TEXT, token TEXT);
        DELETE FROM owner;`);
      lock
        .prepare('INSERT INTO owner (pid, host, since, endpoint, token) VALUES (?, ?, ?, ?, ?)')
        .run(
          process.pid,
          hostname(),
          new Date().toISOString(),
          endpoint?.url ?? null,
          endpoint?.token ?? null,
        );
      lock.exec('COMMIT; BEGIN IMMEDIATE;');
    } catch (error) {
      const code = codeOf(error);
      // Asked before it is closed: then another file can get its inode.
      const moved = isGone();
      // It is ours, but nothing could be written into it.
      if (code === 'SQLITE_FULL' && !moved) rmSync(lockPath, { force: true });
      lock.close();
      if (moved && code !== 'SQLITE_FULL') continue;
      if (isNoLock(error)) {
        // Cut off by a power failure, or another program's: nobody holds what is no database.
        rmSync(lockPath, { force: true });
        continue;
      }
      throw code.startsWith('SQLITE_BUSY') ? lockedError(path) : error;
    }
    if (!isGone()) {
      held.add(lock);
      return () => {
        rmSync(lockPath, { force: true });
        lock.close();
        held.delete(lock);
      };
    }
    lock.close();
  }
}

const inodeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.ino;

/** Neither a database, nor one with this table. */
const isNoLock = (error: unknown) =>
  codeOf(error) === 'SQLITE_NOTADB' ||
  codeOf(error).startsWith('SQLITE_CORRUPT') ||
  (codeOf(error) === 'SQLITE_ERROR' && error instanceof Error && /owner/.test(error.message));

/** Readable by this user only, for it may hold a token. One that is there is not opened: that would end a lock of ours. */
function makeLockFile(lockPath: string): void {
  const found = lstatSync(lockPath, { throwIfNoEntry: false });
  if (found?.isFile() === true) return;
  if (found !== undefined) {
    throw new AppError(
      'unreadable',
      `${lockPath} is no file, and Graft would write to where it leads. Remove it, if the project is yours.`,
      { subject: lockPath },
    );
  }
  try {
    closeSync(openSync(lockPath, 'ax', 0o600));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw new AppError(
      'unreadable',
      `${dirname(lockPath)} cannot be written. Graft needs to write beside the project; copy it to a folder of your own.`,
      { subject: lockPath, cause: error },
    );
  }
}

function lockedError(path: string): AppError {
  const owner = readOwner(path);
  const who =
    owner === undefined
      ? 'another process'
      : `process ${owner.pid} on ${owner.host} (since ${owner.since})`;
  return new AppError(
    'locked',
    `${path} is open in ${who}. Close it there, or work there; a project has one owner at a time.`,
    { subject: path },
  );
}
