/** A project as the rest of the engine sees it: tables with verbs. The only place that joins files and SQL. */
import { AppError } from '../../shared/errors.ts';
import { aboutTable } from './about.ts';
import { datasetsTable } from './datasets.ts';
import { encodersTable } from './encoders.ts';
import { examplesTable } from './examples.ts';
import { labelMapsTable } from './label-maps.ts';
import {
  checkIntegrity,
  createFile,
  openFile,
  openFileReadonly,
  type OpenedFile,
  type OpenOptions,
  sqliteError,
} from './open.ts';
import { runsTable } from './runs.ts';
import { snapshotsTable, splitsTable } from './splits.ts';
import { studiesTable } from './studies.ts';

function tables(file: OpenedFile) {
  const { sqlite, path } = file;
  return {
    path,
    about: aboutTable(sqlite),
    datasets: datasetsTable(sqlite),
    labelMaps: labelMapsTable(sqlite),
    splits: splitsTable(sqlite),
    snapshots: snapshotsTable(sqlite),
    studies: studiesTable(sqlite),
    runs: runsTable(sqlite),
    encoders: encodersTable(sqlite),
    examples: examplesTable(sqlite),
    /** All of `write` or nothing. Synchronous: better-sqlite3 has one thread. Translates SQLite's errors. */
    transaction<T>(write: () => T): T {
      try {
        return sqlite.transaction(write).immediate();
      } catch (error) {
        throw isSqlite(error) ? sqliteError(error, path) : error;
      }
    },
    /** A compact copy, at a path where there is nothing yet. */
    copyTo: (copy: string) => void sqlite.prepare('VACUUM INTO ?').run(copy),
    /** Every page, row and index; seconds on a file of gigabytes. Throws AppError `corrupt`. */
    check: () => checkIntegrity(sqlite, path, 'full'),
    close: () => file.close(),
  };
}

function isSqlite(error: unknown): boolean {
  return error instanceof Error && error.name === 'SqliteError' && !(error instanceof AppError);
}

export { type Endpoint, readOwner } from './open.ts';

export type Project = ReturnType<typeof tables>;

/** Creates an empty project file, owned by this process until close(). */
export const createProject = (path: string, options: OpenOptions = {}): Project =>
  tables(createFile(path, options));

/** Opens a project file as its one owner. */
export const openProject = (path: string, options: OpenOptions = {}): Project =>
  tables(openFile(path, options));

/** Opens a project beside its owner; every write fails. */
export const openProjectReadonly = (path: string): Project => tables(openFileReadonly(path));
