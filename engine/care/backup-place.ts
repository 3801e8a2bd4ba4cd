/** Where backups of a project lie that nobody chose a name for: beside it, or in the folder that the settings name. */
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { makeFolder } from '../data/write-file.ts';
import { sha256 } from '../sha256.ts';

/** Two projects of one name, from two folders, do not take each other's backups for their own. */
const placeIn = (folder: string, projectPath: string): string =>
  join(
    folder,
    `${basename(projectPath, '.graft')}-${sha256(Buffer.from(projectPath)).slice(0, 8)}`,
    basename(projectPath),
  );

const isFolder = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
};

/** A folder of the settings. Errors: not-found, where it is gone. */
export function assertBackupFolder(folder: string): void {
  if (isFolder(folder)) return;
  throw new AppError(
    'not-found',
    `The folder for backups, ${folder}, is not there. Plug in its disk, or choose another folder in "Check the project file" of the project's menu.`,
    { subject: folder },
  );
}

/**
 * The path beside which backups are named (engine/db/backup.ts), in a folder that is there.
 * Errors: not-found, where the folder of the settings is gone; those of making one in it.
 */
export function backupPlace(projectPath: string, folder: string | null): string {
  if (folder === null) return projectPath;
  assertBackupFolder(folder);
  const place = placeIn(folder, projectPath);
  makeFolder(join(place, '..'));
  return place;
}

/** Beside the project, and in the folder of the settings where there is one; for looking, so nothing is made. */
export function backupPlaces(projectPath: string, folder: string | null): string[] {
  if (folder === null) return [projectPath];
  const place = placeIn(folder, projectPath);
  return isFolder(join(place, '..')) ? [place, projectPath] : [projectPath];
}
