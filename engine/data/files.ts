/** Reading files and folders that people name, with errors that name them back. Writing is export/'s. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';

/** How the folders begin that hold what a window sent, until the engine ends (engine/server/staging.ts). */
export const RECEIVED_FILES = join(tmpdir(), 'graft-dropped-');

/** Errors: invalid-input, where what lies at the path goes when the engine ends. */
export function assertLasting(path: string): void {
  if (!resolve(path).startsWith(RECEIVED_FILES)) return;
  throw new AppError(
    'invalid-input',
    'Files that were dropped or copied over are kept only until Graft closes, so they cannot be left where they are. Copy them into the project.',
    { subject: path },
  );
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** What an import reads through, so that tests can take permissions away. */
export interface FileReader {
  /** Errors: unreadable. */
  read(path: string): Promise<Uint8Array>;
  /** Links to files count as files; links to folders as `other`, because they may lead in circles. Errors: unreadable. */
  list(folder: string): Promise<FolderEntry[]>;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist. Check the path',
  EACCES: 'may not be read by you. Ask for permission, or copy it to a folder of your own',
  EPERM: 'may not be read by you. Ask for permission, or copy it to a folder of your own',
  ENOTDIR: 'is not a folder. Name the folder that holds the images',
  EISDIR: 'is a folder, where a file is expected',
  ERR_FS_FILE_TOO_LARGE: 'is larger than 2 GB. Split it first',
};

/** What the file system complained about, as an AppError that says what to do. */
export function fileError(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const reason = REASONS[code] ?? `cannot be read (${code}). Check the disk it lies on`;
  return new AppError('unreadable', `${path} ${reason}.`, { subject: path, cause: error });
}

async function leadsToFile(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isFile();
  } catch {
    return false; // a link to nothing, or to what may not be seen: there is no file to read
  }
}

export const diskReader: FileReader = {
  async read(path) {
    try {
      return await readFile(path);
    } catch (error) {
      throw fileError(path, error);
    }
  },
  async list(folder) {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return await Promise.all(
        entries.map(async (entry) => {
          const path = join(folder, entry.name);
          const isFile = entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(path)));
          const kind = isFile ? 'file' : entry.isDirectory() ? 'folder' : 'other';
          return { name: entry.name, kind };
        }),
      );
    } catch (error) {
      throw fileError(folder, error);
    }
  },
};
