/** What the file system complains about, in words. */
import { type Stats, statSync } from 'node:fs';
import { AppError } from '../../shared/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist. Check the path',
  EACCES: 'may not be read by you. Ask for permission, or copy it to a folder of your own',
  EPERM: 'may not be read by you. Ask for permission, or copy it to a folder of your own',
  ENOTDIR: 'is not a folder. Name the folder that holds the images',
  EISDIR: 'is a folder, where a file is expected',
  ENAMETOOLONG: 'is longer than a path may be. Check the path',
  ERR_FS_FILE_TOO_LARGE: 'is larger than 2 GB. Split it first',
};

/** What the file system complained about, as an AppError that says what to do. */
export function fileError(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = `The disk that holds ${path} is full. Free some space there, then try again.`;
    return new AppError('no-space', message, { subject: path, cause: error });
  }
  const reason = REASONS[code] ?? `cannot be read (${code}). Check the disk it lies on`;
  return new AppError('unreadable', `${path} ${reason}.`, { subject: path, cause: error });
}

/** What lies at a path that somebody named; undefined: nothing. Errors: unreadable (a path that no system takes, among others). */
export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(path, error);
  }
}
