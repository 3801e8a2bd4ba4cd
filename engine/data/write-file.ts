/**
 * Writing files that are for people and other programs: each is whole or not there, whatever the disk does, and what the
 * file system complains about is said in words. The project file is engine/db's.
 */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';

/** Ours: the folder above is there, and takes none. */
const NO_FOLDERS = 'NO_FOLDERS';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'the disk is read-only',
  EISDIR: 'there is a folder of that name',
  ENOTEMPTY: 'there is a folder of that name',
  EEXIST: 'there is something of that name',
  ENOTDIR: 'there is a file in the place of a folder',
  ENOENT: 'the folder does not exist',
  ENAMETOOLONG: 'the name is too long',
  [NO_FOLDERS]: 'no folder can be made there',
};

function codeOf(error: unknown): string {
  if (!(error instanceof Error && 'code' in error)) return String(error);
  if ('syscall' in error && error.syscall === 'mkdir') {
    // A folder that is there already is no error; a file in its place is, whatever the system calls it.
    if (error.code === 'EEXIST') return 'ENOTDIR';
    if (error.code === 'ENOENT') return NO_FOLDERS;
  }
  return String(error.code);
}

/** Complaints about the name of a file alone: any other name in its folder would do. */
const OF_NAMES = new Set(['EISDIR', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG', 'EINVAL', 'EILSEQ']);

/** A file or folder that could not be written. */
export class WriteError extends AppError {
  /** In words. */
  readonly reason: string;
  readonly isOfName: boolean;

  constructor(path: string, code: string, cause: unknown) {
    const reason = REASONS[code] ?? code;
    super(
      'unreadable',
      `${path} cannot be written (${reason}). Choose a folder that you may write to.`,
      { subject: path, cause },
    );
    this.reason = reason;
    this.isOfName = OF_NAMES.has(code);
  }
}

/** What the file system complained about when this was written: no-space or unreadable. */
export function writeError(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = `The disk that holds ${path} is full. Free some space, or choose another disk.`;
    return new AppError('no-space', message, { subject: path, cause: error });
  }
  return new WriteError(path, code, error);
}

/** Of a name, in that of the file that is to become it. */
const SHOWN_CHARACTERS = 60;

/** In the same folder, so that it is renamed within one disk; whoever finds one left over sees what it was to be. */
function besideName(path: string): string {
  // No longer than the name itself may be.
  const shown = basename(path).slice(0, SHOWN_CHARACTERS);
  return join(dirname(path), `${shown}.${randomBytes(4).toString('hex')}.partial`);
}

type Content = Uint8Array | string | AsyncIterable<Uint8Array>;

/** Whether a file that is there gives way; a link gives way itself, and what it leads to stays. */
interface Replacing {
  readonly replace: boolean;
}

function putInPlace(beside: string, path: string, { replace }: Replacing): void {
  if (replace) {
    renameSync(beside, path);
    return;
  }
  try {
    linkSync(beside, path); // fails where there is a file, and nothing can come between
    rmSync(beside);
  } catch (error) {
    if (existsSync(path)) throw error;
    renameSync(beside, path); // a file system without links
  }
}

/** Makes folders where needed. Errors: no-space, unreadable (something is there and not to be replaced, among others). */
export async function writeWhole(
  path: string,
  content: Content,
  replacing: Replacing = { replace: true },
): Promise<void> {
  const beside = besideName(path);
  try {
    makeFolder(dirname(path));
    await writeFile(beside, content, { flag: 'wx' });
    putInPlace(beside, path, replacing);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}

/** The same at once; `mode`: who may read it. Errors: no-space, unreadable. */
export function writeWholeSync(
  path: string,
  content: Uint8Array | string,
  { mode, replace = true }: { readonly mode?: number } & Partial<Replacing> = {},
): void {
  const beside = besideName(path);
  try {
    makeFolder(dirname(path));
    writeFileSync(beside, content, { ...(mode === undefined ? {} : { mode }), flag: 'wx' });
    putInPlace(beside, path, { replace });
  } catch (error) {
    removeIfThere(beside);
    throw writeError(path, error);
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where nothing can be written, nothing can be removed either: the first error says why.
  }
}

/** Folders that have to be made, from the top down, for this one to be there. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  let folder = resolve(path);
  while (statSync(folder, { throwIfNoEntry: false }) === undefined && dirname(folder) !== folder) {
    missing.unshift(folder);
    folder = dirname(folder);
  }
  return missing;
}

/**
 * Makes a folder, and those above it, where there is none: the one place that does, since Node's recursive way never ends
 * where a file system takes no folders (/proc). Errors: no-space, unreadable.
 */
export function makeFolder(path: string): void {
  try {
    for (const folder of missingFolders(path)) {
      try {
        mkdirSync(folder);
      } catch (error) {
        // Somebody else may have made it meanwhile.
        if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
      }
    }
    if (!statSync(path).isDirectory()) {
      throw Object.assign(new Error('a file is there'), { code: 'ENOTDIR' });
    }
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Whether there is something of this name, be it a link that leads nowhere. Errors: unreadable, where nothing can be. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Errors: conflict, where there is something of this name; unreadable, where nothing can be. */
export function assertNothingThere(path: string): void {
  if (!isThere(path)) return;
  throw new AppError('conflict', `${path} exists already. Choose another name.`, { subject: path });
}
