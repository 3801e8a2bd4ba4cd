/**
 * Temporary folders of this process: named after it, gone with it at the latest at the next start of Graft, and full
 * ones said to be full.
 */
import { lstatSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { isRunning } from '../process-alive.ts';
import { writeError } from './write-file.ts';

/** What they are for: files that a window sent, weights of others, graphs of a step. */
type Purpose = 'dropped' | 'h5' | 'graph';

/** A disk with less than this is full. */
const FULL_BYTES = 2 ** 20;
const OURS = /^graft-(dropped|h5|graph)-(\d+)-/;

/** How the paths of those begin that hold what a window sent (engine/server/staging.ts). */
export const RECEIVED_FILES = join(tmpdir(), 'graft-dropped-');

/** Errors: no-space, unreadable. */
export function makeTemporaryFolder(purpose: Purpose): string {
  try {
    return mkdtempSync(join(tmpdir(), `graft-${purpose}-${process.pid}-`));
  } catch (error) {
    throw writeError(tmpdir(), error);
  }
}

/**
 * What went wrong with a file in a temporary folder, where a library tells no reasons: no-space where the disk is full,
 * else the error as it was.
 */
export function temporaryError(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error instanceof AppError) return error;
  if ('syscall' in error) return writeError(tmpdir(), error);
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bavail * bsize >= FULL_BYTES) return error;
  return new AppError(
    'no-space',
    `The disk for temporary files (${tmpdir()}) is full. Free some space there, then try again. (${error.message})`,
    { subject: tmpdir(), cause: error },
  );
}

/** Removes those of this user whose process is gone: it was killed, or the machine lost its power. */
export function removeLeftFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(OURS.exec(name)?.[2]);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    const path = join(tmpdir(), name);
    try {
      const found = lstatSync(path);
      const isMine = process.getuid === undefined || found.uid === process.getuid();
      if (found.isDirectory() && isMine) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another process of Graft is removing it too, or it may not be removed: then it stays.
    }
  }
}
