/**
 * Copies of a project beside it, as SQLite's own backup call writes them: whole and of one moment, also while the project
 * is worked on. A copy has another name until it is whole and on the disk, so that half of one never looks like a backup.
 */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { AppError } from '../../shared/errors.ts';
import { statsOf } from '../data/file-error.ts';
import { assertNothingThere, writeError } from '../data/write-file.ts';

/** Pages that are copied before anybody else has a turn: 8 MiB of a usual file. */
const PAGES_AT_ONCE = 2000;
const UNFINISHED = '.part';

export interface Backup {
  readonly path: string;
  /** When it was made; in milliseconds since 1970. */
  readonly at: number;
  /** Whether it was made by itself, and so is followed and removed by others. */
  readonly isAutomatic: boolean;
}

export interface BackupOptions {
  readonly signal?: AbortSignal;
  /** Told how much is copied, 0 … 1. */
  readonly onProgress?: (share: number) => void;
}

/** `P.graft.backup-2026-01-31T12-00-00-000Z`; `mark` comes before the time: "auto" for one that was made by itself, "v7" … */
export function backupPath(projectPath: string, mark: string | null, at = new Date()): string {
  const stamp = at.toISOString().replace(/[:.]/g, '-');
  return `${projectPath}.backup-${mark === null ? '' : `${mark}-`}${stamp}`;
}

/** Backups of a project that lie beside it, newest first. */
export function backupsOf(projectPath: string): Backup[] {
  const start = `${basename(projectPath)}.backup-`;
  const folder = dirname(projectPath);
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && /\d{3}Z$/.test(name))
    .map((name) => {
      const [, day, time] = /(\d{4}-\d\d-\d\d)T([\d-]+)Z$/.exec(name) ?? [];
      const [h = '0', m = '0', s = '0', ms = '0'] = (time ?? '').split('-');
      return {
        path: join(folder, name),
        at: Date.parse(`${day ?? ''}T${h}:${m}:${s}.${ms}Z`),
        isAutomatic: name.startsWith(`${start}auto-`),
      };
    })
    .filter(({ at }) => !Number.isNaN(at))
    .sort((a, b) => b.at - a.at);
}

/** Removes what an ended process left of a backup that it was making. For the owner of the project. */
export function removeUnfinishedBackups(projectPath: string): void {
  const start = `${basename(projectPath)}.backup-`;
  const folder = dirname(projectPath);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(start) && /Z\.part(-journal|-wal|-shm)?$/.test(name)) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

function syncToDisk(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Errors: not-found, where the folder that a copy is to go into is not there. */
function assertFolderThere(to: string): void {
  const folder = dirname(to);
  if (statsOf(folder)?.isDirectory() === true) return;
  throw new AppError(
    'not-found',
    `There is no folder ${folder} for the backup. Make it or plug in its disk, or choose another place.`,
    { subject: folder },
  );
}

/** Gives a copy that is whole its name. */
function publish(part: string, to: string): void {
  syncToDisk(part);
  assertNothingThere(to);
  renameSync(part, to);
}

/** In one go; nothing else happens meanwhile. For a file that nobody works on yet. */
export function backupAtOnce(db: Database.Database, to: string): void {
  assertNothingThere(to);
  const part = to + UNFINISHED;
  rmSync(part, { force: true });
  try {
    db.prepare('VACUUM INTO ?').run(part);
    publish(part, to);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/**
 * Copies what is stored now to where there is nothing; others work on meanwhile, and what they store is in it, too.
 * Returns its size in bytes. Errors: conflict (something is there), not-found (its folder is not), unreadable (nothing can be), no-space, cancelled, and
 * those of SQLite.
 */
export async function backupTo(
  db: Database.Database,
  to: string,
  options: BackupOptions,
): Promise<number> {
  assertNothingThere(to);
  assertFolderThere(to);
  const part = to + UNFINISHED;
  rmSync(part, { force: true });
  try {
    await db.backup(part, {
      progress({ totalPages, remainingPages }) {
        if (options.signal?.aborted === true)
          throw new AppError('cancelled', 'Cancelled; no backup was made.');
        if (totalPages > 0) options.onProgress?.(1 - remainingPages / totalPages);
        return PAGES_AT_ONCE;
      },
    });
    await nextTurn();
    asOneFile(part);
    publish(part, to);
    return statSync(to).size;
  } catch (error) {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(part + suffix, { force: true });
    throw error instanceof Error && 'syscall' in error ? writeError(to, error) : error;
  }
}

/** A copy says that it has a log beside it, as the project has. It has none, and needs none. */
function asOneFile(part: string): void {
  const copy = new Database(part);
  try {
    copy.pragma('journal_mode = DELETE');
    const found = copy.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') {
      throw new AppError('corrupt', `The copy is damaged (${String(found)}), so it was not kept.`);
    }
  } finally {
    copy.close();
  }
}
