/**
 * Entry of the thread that goes through a project file: whoever works on the project is not kept waiting. Opens it for
 * reading only, beside its owner or without one.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../shared/errors.ts';
import { openOriginal } from '../data/image-source.ts';
import { type Damage, damageOf } from '../db/check.ts';
import { openProjectReadonly, type Project, projectError } from '../db/project.ts';
import { type CheckAnswer, CheckThreadData } from './check-messages.ts';

const REPORT_EVERY_MS = 200;

const { path } = CheckThreadData.parse(workerData);
const say = (answer: CheckAnswer) => parentPort?.postMessage(answer);

let reportedAt = 0;
function progress(share: number): void {
  if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
  reportedAt = performance.now();
  say({ type: 'progress', share });
}

const found = (damage: Damage) => say({ type: 'damage', damage });

/** Originals that lie elsewhere: gone, or no longer what was imported. */
async function checkLinks(project: Project): Promise<void> {
  for (const { id, origin } of project.datasets.list()) {
    if (origin['link'] !== true) continue;
    const images = project.datasets.images(id).filter(({ linkPath }) => linkPath !== null);
    for (const [i, image] of images.entries()) {
      progress(i / images.length);
      try {
        await openOriginal(project, image);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        found({ what: error.message, blob: null, isLink: true });
      }
    }
  }
}

async function check(): Promise<void> {
  const project = openProjectReadonly(path);
  try {
    for (const damage of project.damage(progress)) found(damage);
    await checkLinks(project);
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
  found(damageOf(known.message));
}
say({ type: 'done' });
