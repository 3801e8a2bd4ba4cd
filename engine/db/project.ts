/** A project as the rest of the engine sees it: tables with verbs. The only place that joins files and SQL. */
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { aboutTable } from './about.ts';
import { additionsTable } from './additions.ts';
import { alikeTable } from './alike.ts';
import { backupTo, type BackupOptions } from './backup.ts';
import { type BlobPlace, type Damage, damageIn, damageOf, findBlob, restoreBlob } from './check.ts';
import { shrinkInPlace, type ShrinkOptions, shrinksInPlace } from './compact.ts';
import { datasetsTable } from './datasets.ts';
import { encodersTable } from './encoders.ts';
import { examplesTable } from './examples.ts';
import { imageEditsTable } from './image-edits.ts';
import { labellingTable } from './labelling.ts';
import { labelMapsTable } from './label-maps.ts';
import { liveTable } from './live.ts';
import { mergedTable } from './merged.ts';
import { modelsTable } from './models.ts';
import {
  createFile,
  DamageError,
  openFile,
  openFileInMemory,
  openFileReadonly,
  type OpenedFile,
  type OpenOptions,
  type Sqlite,
  sqliteError,
  withoutWaiting,
} from './open.ts';
import { assistTable } from './assist.ts';
import { pixelSizesTable } from './pixel-sizes.ts';
import { postProcessingTable } from './post-processing.ts';
import { runsTable } from './runs.ts';
import { snapshotsTable, splitsTable } from './splits.ts';
import { storageTable } from './storage.ts';
import { studiesTable } from './studies.ts';
import { copyStudy } from './study-copy.ts';

function tables(file: OpenedFile) {
  const { sqlite, path } = file;
  const datasets = datasetsTable(sqlite, path);
  const studies = studiesTable(sqlite);
  const runs = runsTable(sqlite);
  const encoders = encodersTable(sqlite);
  const models = modelsTable(sqlite);
  const assist = assistTable(sqlite);
  return {
    path,
    /** Where a process that reads it may put what it needs only while it lives. */
    scratchFolder: dirname(path),
    /** Names of datasets whose import or drawing was killed; nothing of them is left. Told once, on opening. */
    interrupted: [] as readonly string[],
    about: aboutTable(sqlite),
    datasets,
    additions: additionsTable(sqlite),
    imageEdits: imageEditsTable(sqlite),
    labelMaps: labelMapsTable(sqlite),
    labelling: labellingTable(sqlite),
    splits: splitsTable(sqlite),
    snapshots: snapshotsTable(sqlite),
    studies,
    runs,
    encoders,
    models,
    examples: examplesTable(sqlite),
    storage: storageTable(sqlite),
    alike: alikeTable(sqlite),
    live: liveTable(sqlite),
    merged: mergedTable(sqlite),
    pixelSizes: pixelSizesTable(sqlite),
    postProcessing: postProcessingTable(sqlite),
    assist,
    /** All of `write` or nothing. Synchronous: better-sqlite3 has one thread. Translates SQLite's errors. */
    transaction<T>(write: () => T): T {
      try {
        return sqlite.transaction(write).immediate();
      } catch (error) {
        throw projectError(error, path);
      }
    },
    /**
     * The same for what can be computed again (open.ts, withoutWaiting): a training sends hundreds of results, and each
     * wait for the disk would stand in the way of a stroke.
     */
    recomputable<T>(write: () => T): T {
      return withoutWaiting(sqlite, () => this.transaction(write));
    },
    /** A compact copy, at a path where there is nothing yet. */
    copyTo: (copy: string) => void sqlite.prepare('VACUUM INTO ?').run(copy),
    /** What computing a study takes, as a project of its own (study-copy.ts). Errors: those of copyStudy. */
    copyStudy: (options: Parameters<typeof copyStudy>[1]) => copyStudy(sqlite, options),
    /** A copy of this moment beside the work on it (backup.ts). Errors: those of backupTo. */
    backup: (to: string, options: BackupOptions = {}) => backupTo(sqlite, to, options),
    /** Whether shrink() can be asked; a file that an older Graft made is rewritten first (compact.ts). */
    shrinksInPlace: () => shrinksInPlace(sqlite),
    /** Gives free pages back to the disk beside the work on it. Errors: those of shrinkInPlace. */
    shrink: (options: ShrinkOptions) => shrinkInPlace(sqlite, options),
    /** Rows that were written, changed and deleted since it was opened. */
    changesSoFar: () => Number(sqlite.prepare('SELECT total_changes()').pluck().get()),
    /** Every page, row and index, and all that is stored. */
    *damage(onProgress: (share: number) => void = () => undefined): Generator<Damage> {
      yield* damageIn(sqlite, onProgress);
      // What is sound as JSON may still be no study: each row is read as whoever uses it does.
      const readers: Record<string, (id: number) => unknown> = {
        datasets: (id) => datasets.get(id),
        images: (id) => datasets.image(id),
        studies: (id) => studies.get(id),
        runs: (id) => runs.get(id),
        encoders: (id) => encoders.get(id),
        models: (id) => models.get(id),
        pixel_classifiers: (id) => assist.classifier(id),
      };
      for (const [table, read] of Object.entries(readers)) {
        for (const id of idsOf(sqlite, table)) {
          try {
            read(id);
          } catch (error) {
            const known = projectError(error, path);
            if (!(known instanceof AppError)) throw error;
            yield damageOf(known instanceof DamageError ? known.found : `row ${id} of ${table}`);
          }
        }
      }
    },
    /** Puts back what was found damaged. Within a transaction. */
    restoreBlob: (place: BlobPlace, bytes: Uint8Array) => restoreBlob(sqlite, place, bytes),
    close: () => file.close(),
  };
}

function idsOf(sqlite: Sqlite, table: string): number[] {
  const ids = sqlite.prepare<[], { id: number }>(`SELECT id FROM ${table} ORDER BY id`);
  try {
    return ids.all().map(({ id }) => id);
  } catch (error) {
    if (error instanceof Error && error.name === 'SqliteError') return []; // its pages are named
    throw error;
  }
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

export { assertProjectFile, DamageError } from './open.ts';
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

/** A backup to look for bytes in, of any version; null where it cannot be opened, or is no project. */
export function openBackup(
  path: string,
): { find(place: BlobPlace): Uint8Array | null; close(): void } | null {
  try {
    const file = openFileReadonly(path);
    return { find: (place) => findBlob(file.sqlite, place), close: () => file.close() };
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

/** For a backup that somebody names. Errors: those of opening, where openBackup gives null. */
export const assertBackup = (path: string): void => openFileReadonly(path).close();

/** Opens a project beside its owner; every write fails. */
export const openProjectReadonly = (path: string): Project => projectOf(openFileReadonly(path));

/** Opens a small project that nobody writes any more, in memory and without a lock; what is linked lies beside its file. */
export const openProjectInMemory = (path: string): Project => ({
  ...projectOf(openFileInMemory(path)),
  scratchFolder: tmpdir(),
});
