/**
 * Entry of the thread that goes through a project file: whoever works on the project is not kept waiting. Opens it for
 * reading only, beside its owner or without one.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../shared/errors.ts';
import { openProjectReadonly, projectError } from '../db/project.ts';
import { type CheckAnswer, CheckThreadData } from './check-messages.ts';
import { findContradictions } from './contradictions.ts';
import type { Finding } from './mending.ts';

const REPORT_EVERY_MS = 200;
/** Of the time, where contradictions are looked for as well: about. */
const SHARE_OF_STORED = 0.4;

const { path, contradictions } = CheckThreadData.parse(workerData);
const say = (answer: CheckAnswer) => parentPort?.postMessage(answer);

let reportedAt = 0;
function progress(share: number): void {
  if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
  reportedAt = performance.now();
  say({ type: 'progress', share });
}

const tell = (found: Finding) => say({ type: 'found', found });

async function check(): Promise<void> {
  const project = openProjectReadonly(path);
  const ofStored = contradictions ? SHARE_OF_STORED : 1;
  try {
    let isReadable = true;
    for (const { what, blob } of project.damage((share) => progress(share * ofStored))) {
      if (blob === null) isReadable = false;
      tell({ what, mending: blob === null ? { by: 'salvage' } : { by: 'bytes', place: blob } });
    }
    // What contradicts what is asked of rows that can be read.
    if (!contradictions || !isReadable) return;
    const onProgress = (share: number) => progress(ofStored + share * (1 - ofStored));
    await findContradictions(project, { tell, onProgress });
  } finally {
    project.close();
  }
}

try {
  await check();
} catch (error) {
  // A file that cannot even be opened, or rows that cannot be listed; what was found before is told already.
  const known = projectError(error, path);
  if (!(known instanceof AppError)) throw error;
  tell({ what: known.message, mending: { by: 'salvage' } });
}
say({ type: 'done' });
