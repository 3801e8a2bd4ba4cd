/**
 * Where dropped files wait for their import: a temporary folder of this session, gone with it; what a session left that
 * was killed goes at the next start.
 */
import { createWriteStream, existsSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../shared/errors.ts';
import type { ReceivedFile } from '../../shared/exchange.ts';
import {
  makeTemporaryFolder,
  removeLeftFolders,
  temporaryError,
} from '../data/temporary-folder.ts';
import { makeFolder } from '../data/write-file.ts';

export interface Staging {
  /**
   * Stores the body under `name` (folders allowed) in the folder of its `batch`.
   * Errors: invalid-input for a name that leads out of the folder, no-space.
   */
  receive(
    request: IncomingMessage,
    file: { readonly batch: string; readonly name: string },
  ): Promise<ReceivedFile>;
  /** Deletes everything received. */
  close(): void;
}

const BATCH = /^[A-Za-z0-9-]{1,64}$/;

export function createStaging(): Staging {
  removeLeftFolders();
  let root: string | null = null;

  function folderOf(batch: string): string {
    if (!BATCH.test(batch)) throw new AppError('invalid-input', 'The batch has no proper name.');
    root ??= makeTemporaryFolder('dropped');
    return join(root, batch);
  }

  return {
    async receive(request, { batch, name }) {
      const folder = folderOf(batch);
      const path = resolve(folder, name);
      if (name === '' || name.includes('\0') || !path.startsWith(folder + sep)) {
        throw new AppError('invalid-input', `"${name}" is not the name of a file.`);
      }
      try {
        makeFolder(dirname(path));
        await pipeline(request, createWriteStream(path));
      } catch (error) {
        rmSync(path, { force: true });
        throw temporaryError(error);
      }
      return { path, folder };
    },
    close() {
      if (root !== null && existsSync(root)) rmSync(root, { recursive: true, force: true });
      root = null;
    },
  };
}
