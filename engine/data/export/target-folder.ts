/** The folder that an export writes: empty at first, each file whole or absent, nothing left after a failure. */
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { makeFolder, writeError, writeWhole } from '../write-file.ts';
import { placeInside } from './inside-folder.ts';

export interface TargetFolder {
  /** Absolute. */
  readonly dir: string;
  /** Files written so far. */
  readonly files: number;
  /** Writes beside and renames, so that the file is whole or not there. Errors: no-space, unreadable. */
  write(name: string, content: Uint8Array | string | AsyncIterable<Uint8Array>): Promise<void>;
}

async function prepareFolder(dir: string): Promise<void> {
  let entries: string[];
  try {
    makeFolder(dir);
    entries = await readdir(dir);
  } catch (error) {
    throw writeError(dir, error);
  }
  if (entries.length > 0) {
    const message = `${dir} is not empty. Choose an empty or a new folder; nothing there was touched.`;
    throw new AppError('conflict', message, { subject: dir });
  }
}

/**
 * Runs `fill` on an empty or new folder. If it fails, what it wrote is removed again.
 * Errors: conflict (not empty), no-space, unreadable, and those of `fill`.
 */
export async function fillFolder(
  path: string,
  fill: (target: TargetFolder) => Promise<void>,
): Promise<{ files: number; dir: string }> {
  const dir = resolve(path);
  await prepareFolder(dir);
  let files = 0;
  const target: TargetFolder = {
    dir,
    get files() {
      return files;
    },
    async write(name, content) {
      await writeWhole(placeInside(dir, name), content, { replace: false });
      files++;
    },
  };
  try {
    await fill(target);
  } catch (error) {
    // The folder was empty before, so all of it is ours.
    for (const entry of await readdir(dir)) await rm(join(dir, entry), { recursive: true });
    throw error;
  }
  return { files, dir };
}
