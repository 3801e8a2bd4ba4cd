/** Goes through a project file, for whoever wants to know what of it is not as it was stored (check-thread.ts). */
import { AppError } from '../../shared/errors.ts';
import { openProjectReadonly, projectError } from '../db/project.ts';
import { findContradictions } from './contradictions.ts';
import type { Finding } from './mending.ts';

/** Of the time, where contradictions are looked for as well: about. */
const SHARE_OF_STORED = 0.4;

interface GoThroughOptions {
  /** Whether what the file says and its own originals and classes contradict is looked for as well. */
  readonly contradictions: boolean;
  readonly tell: (found: Finding) => void;
  readonly onProgress: (share: number) => void;
}

async function goThroughReadable(
  path: string,
  { contradictions, tell, onProgress }: GoThroughOptions,
): Promise<void> {
  const project = openProjectReadonly(path);
  const ofStored = contradictions ? SHARE_OF_STORED : 1;
  try {
    let isReadable = true;
    for (const { what, blob } of project.damage((share) => onProgress(share * ofStored))) {
      if (blob === null) isReadable = false;
      tell({ what, mending: blob === null ? { by: 'salvage' } : { by: 'bytes', place: blob } });
    }
    // What contradicts what is asked of rows that can be read.
    if (!contradictions || !isReadable) return;
    await findContradictions(project, {
      tell,
      onProgress: (share) => onProgress(ofStored + share * (1 - ofStored)),
    });
  } finally {
    project.close();
  }
}

/** Opens it for reading only, beside its owner or without one. */
export async function goThrough(path: string, options: GoThroughOptions): Promise<void> {
  try {
    await goThroughReadable(path, options);
  } catch (error) {
    // A file that cannot even be opened, or rows that cannot be listed; what was found before is told already.
    const known = projectError(error, path);
    if (!(known instanceof AppError)) throw error;
    options.tell({ what: known.message, mending: { by: 'salvage' } });
  }
}
