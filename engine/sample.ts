/**
 * The sample project that comes with Graft: packed into samples/, unpacked into the user's folder at the first look.
 * What is in it is made by `graft sample` (engine/cli/sample.ts).
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AppError } from '../shared/errors.ts';
import { writeError } from './data/write-file.ts';
import { openProject } from './db/project.ts';
import { ROOT } from './installation.ts';

/** A project file (SQLite), gzipped. */
const PACKED_SAMPLE = join(ROOT, 'samples', 'graft-sample.graft.gz');
const FILE_NAME = 'Graft sample.graft';

/** Path of the user's own copy, unpacked where there is none yet. Errors: not-found, unreadable. */
export function ensureSample(folder = homedir()): string {
  const path = join(folder, FILE_NAME);
  if (existsSync(path)) return path;
  if (!existsSync(PACKED_SAMPLE)) {
    throw new AppError(
      'not-found',
      'This copy of Graft comes without the sample project. Make one with: graft sample sample.graft',
      { subject: PACKED_SAMPLE },
    );
  }
  // Made beside and renamed: an unfinished file would be taken for the sample at the next look.
  const unfinished = `${path}.new`;
  try {
    writeFileSync(unfinished, gunzipSync(readFileSync(PACKED_SAMPLE)));
    // Brought up to date where it was packed by an older Graft; the packed one is backup enough.
    openProject(unfinished, { backup: false }).close();
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw writeError(path, error);
  }
  return path;
}
