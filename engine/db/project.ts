/** A project as the rest of the engine sees it: tables with verbs. The only place that joins files and SQL. */
import { aboutTable } from './about.ts';
import { assertContentsWhole } from './check.ts';
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
  const datasets = datasetsTable(sqlite, path);
  const studies = studiesTable(sqlite);
  const runs = runsTable(sqlite);
  const encoders = encodersTable(sqlite);
  return {
    path,
    /** Names of datasets whose import or drawing was killed; nothing of them is left. Told once, on opening. */
    interrupted: [] as readonly string[],
    about: aboutTable(sqlite),
    datasets,
    labelMaps: labelMapsTable(sqlite),
    splits: splitsTable(sqlite),
    snapshots: snapshotsTable(sqlite),
    studies,
    runs,
    encoders,
    examples: examplesTable(sqlite),
    /** All of `write` or nothing. Synchronous: better-sqlite3 has one thread. Translates SQLite's errors. */
    transaction<T>(write: () => T): T {
      try {
        return sqlite.transaction(write).immediate();
      } catch (error) {
        throw projectError(error, path);
      }
    },
    /** A compact copy, at a path where there is nothing yet. */
    copyTo: (copy: string) => void sqlite.prepare('VACUUM INTO ?').run(copy),
    /** Every page, row and index, and all that is stored; seconds on a file of gigabytes. Throws AppError `corrupt`. */
    check() {
      checkIntegrity(sqlite, path, 'full');
      assertContentsWhole(sqlite, path);
      // What is sound as JSON may still be no study: each row is read as whoever uses it does.
      for (const { id } of datasets.list()) datasets.images(id);
      for (const table of [studies, runs, encoders]) table.list();
    },
    close: () => file.close(),
  };
}

/** The tables of a file. Errors: corrupt, where one is gone: every statement on them is prepared here; the file is closed. */
function projectOf(file: OpenedFile): Project {
  try {
    return tables(file);
  } catch (error) {
    file.close();
    throw projectError(error, file.path);
  }
}

/** What SQLite threw about a project as an AppError that says what to do; anything else as it is. */
export function projectError(error: unknown, path: string): unknown {
  return error instanceof Error && error.name === 'SqliteError' ? sqliteError(error, path) : error;
}

export { type Endpoint, readOwner } from './ownership.ts';
export { trueProjectPath } from './project-path.ts';

export type Project = ReturnType<typeof tables>;

/** Creates an empty project file, owned by this process until close(). */
export const createProject = (path: string, options: OpenOptions = {}): Project =>
  projectOf(createFile(path, options));

/** Opens a project file as its one owner. Datasets that a killed process left unfinished are removed. */
export function openProject(path: string, options: OpenOptions = {}): Project {
  const project = projectOf(openFile(path, options));
  try {
    const interrupted = project.transaction(() => project.datasets.dropUnfinished());
    return { ...project, interrupted };
  } catch (error) {
    project.close();
    throw error;
  }
}

/** Opens a project beside its owner; every write fails. */
export const openProjectReadonly = (path: string): Project => projectOf(openFileReadonly(path));
