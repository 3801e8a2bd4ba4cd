/** Reading files and folders that people name, with errors that name them back. Writing is export/'s. */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { fileError } from './file-error.ts';
import { type ImageFile, openFile } from './image-file.ts';
import { RECEIVED_FILES } from './temporary-folder.ts';

/** Errors: invalid-input, where what lies at the path goes when the engine ends. */
export function assertLasting(path: string): void {
  if (!resolve(path).startsWith(RECEIVED_FILES)) return;
  throw new AppError(
    'invalid-input',
    'Files that were dropped or copied over are kept only until Graft closes, so they cannot be left where they are. Copy them into the project, or name the folder that they come from.',
    { subject: path },
  );
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** What an import reads through, so that tests can take permissions away. */
export interface FileReader {
  /** `wholeBytes`: files up to this are read at once (openFile); 0 where only their heads are wanted. Errors: unreadable. */
  open(path: string, wholeBytes?: number): Promise<ImageFile>;
  /** Links to files count as files; links to folders as `other`, because they may lead in circles. Errors: unreadable. */
  list(folder: string): Promise<FolderEntry[]>;
}

async function leadsToFile(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isFile();
  } catch {
    return false; // a link to nothing, or to what may not be seen: there is no file to read
  }
}

export const diskReader: FileReader = {
  open: openFile,
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
