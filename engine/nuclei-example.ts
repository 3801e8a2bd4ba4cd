/**
 * The real example that comes with Graft: micrographs of nuclei, some of them labelled (samples/nuclei), imported into a
 * project in the user's folder at the first look. samples/nuclei/README.md says where they come from.
 */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '../shared/api.ts';
import { AppError } from '../shared/errors.ts';
import { runImport } from './data/import/import.ts';
import { writeError } from './data/write-file.ts';
import { createProject } from './db/project.ts';
import { ROOT } from './installation.ts';

const FOLDER = join(ROOT, 'samples', 'nuclei');
const FILE_NAME = 'Graft nuclei.graft';
const ABOUT =
  'Real images: nuclei under a fluorescence microscope, eight of them with labels, the others without (BBBC038v1, in the public domain). Label one more, train a network, and let it predict the rest.';

export interface NucleiOptions {
  /** Where the project lies; the user's home folder where none is named. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Under way, by path: two windows that ask at once get one project. */
const making = new Map<string, Promise<void>>();

/** Path of the user's own copy, made where there is none yet. Errors: not-found, cancelled, and those of writing. */
export async function ensureNuclei(options: NucleiOptions = {}): Promise<string> {
  const { folder = homedir() } = options;
  const path = join(folder, FILE_NAME);
  if (existsSync(path)) return path;
  const made = making.get(path) ?? make(path, { ...options, folder });
  making.set(path, made);
  try {
    await made;
  } finally {
    making.delete(path);
  }
  return path;
}

async function make(
  path: string,
  { folder, signal, onProgress }: NucleiOptions & { readonly folder: string },
): Promise<void> {
  if (!existsSync(FOLDER)) {
    throw new AppError(
      'not-found',
      'This copy of Graft comes without the example of real images. Look at the sample project, or import images of yours.',
      { subject: FOLDER },
    );
  }
  // Made beside and renamed: an unfinished file would be taken for the example at the next look.
  const unfinished = `${path}.new`;
  const clean = () => {
    for (const name of readdirSync(folder)) {
      if (name.startsWith(`${FILE_NAME}.new`)) rmSync(join(folder, name), { force: true });
    }
  };
  try {
    clean();
    const project = createProject(unfinished);
    try {
      const { datasetId } = await runImport(
        project,
        { format: 'folder', path: FOLDER },
        {
          datasetName: 'Nuclei',
          link: false,
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined ? {} : { onProgress }),
        },
      );
      project.datasets.setClasses(datasetId, [
        { index: 0, name: 'background', color: '#000000' },
        { index: 1, name: 'nucleus', color: '#e69f00' },
      ]);
      project.about.write(ABOUT);
    } finally {
      project.close();
    }
    renameSync(unfinished, path);
  } catch (error) {
    if (existsSync(folder)) clean();
    throw writeError(path, error);
  }
}
