/**
 * Entry of the thread that looks for near-duplicates: reads images that have no signature, and compares those that have not
 * been with all others. Opens the project for reading only; what it finds is written by the engine.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { LEAST_SIMILARITY, type AlikePair } from '../../../shared/alike.ts';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { takesPart } from '../../../shared/task-sources.ts';
import { readReduced } from '../../data/image-source.ts';
import { greySquare } from '../../data/thumbnail.ts';
import { openProjectReadonly, type Project } from '../../db/project.ts';
import { candidates } from './candidates.ts';
import { comparable, similarity } from './compare.ts';
import { type AlikeAnswer, AlikeThreadData } from './messages.ts';
import { SIDE, type Signature, SIGNATURE_VERSION, signatureOf } from './signature.ts';

const REPORT_EVERY_MS = 200;
/** Read at once: decoding is done in threads of its own. */
const AT_ONCE = 3;
/** Pixels of the picture that a signature is made of, so that little of a large image is read. */
const PICTURE_PX = 8 * SIDE;

const { path, datasetId } = AlikeThreadData.parse(workerData);
const say = (answer: AlikeAnswer) => parentPort?.postMessage(answer);

let reportedAt = 0;
function progress(message: string, share: number): void {
  if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
  reportedAt = performance.now();
  say({ type: 'progress', message, share });
}

/** The stored squares of all images that have one; those that lacked one are told. */
async function squares(project: Project): Promise<Map<number, Uint8Array>> {
  const stored = project.alike.signatures(SIGNATURE_VERSION);
  const found = new Map(stored.map(({ imageId, bytes }) => [imageId, bytes]));
  const missing = project.datasets
    .images(datasetId)
    .filter((image) => takesPart(image) && !found.has(image.id));
  let next = 0;
  const reader = async () => {
    for (let image = missing[next++]; image !== undefined; image = missing[next++]) {
      progress('looking at images', next / missing.length);
      try {
        const { pixels } = await readReduced(project, image, { maxSidePx: PICTURE_PX });
        const grey = await greySquare(pixels, SIDE);
        const bytes = signatureOf(image.id, grey) === null ? new Uint8Array() : grey;
        found.set(image.id, bytes);
        say({ type: 'signature', imageId: image.id, bytes });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        say({ type: 'unreadable', why: error.message });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  return found;
}

function compare(all: readonly Signature[], fresh: ReadonlySet<number>): AlikePair[] {
  const pairs: AlikePair[] = [];
  let done = 0;
  for (const { place, near } of candidates(all, ({ imageId }) => fresh.has(imageId))) {
    progress('comparing', done++ / fresh.size);
    const one = all[place];
    if (one === undefined || near.length === 0) continue;
    const ready = comparable(one.detail);
    for (const j of near) {
      const other = all[j];
      if (other === undefined) continue;
      const alike = similarity(ready, other.detail);
      if (alike < LEAST_SIMILARITY) continue;
      pairs.push({ imageId: one.imageId, otherId: other.imageId, similarity: alike });
    }
  }
  return pairs;
}

async function look(): Promise<void> {
  const project = openProjectReadonly(path);
  try {
    const compared = new Set(
      project.alike
        .signatures(SIGNATURE_VERSION)
        .flatMap(({ imageId, isCompared }) => (isCompared ? [imageId] : [])),
    );
    const grey = await squares(project);
    const all = [...grey]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([id, bytes]) => (bytes.length === 0 ? [] : (signatureOf(id, bytes) ?? [])));
    const fresh = [...grey.keys()].filter((id) => !compared.has(id));
    say({ type: 'done', compared: fresh, pairs: compare(all, new Set(fresh)) });
  } finally {
    project.close();
  }
}

try {
  await look();
} catch (error) {
  say({ type: 'failed', error: toWireError(error) });
}
