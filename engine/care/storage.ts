/** What takes room in a project, what of it can go by the rules, and letting it go, a little at a time. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Droppable, StorageReport, Stored } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { shareOf } from '../../shared/progress-share.ts';
import type { Project } from '../db/project.ts';
import type { StoredRevision } from '../db/storage.ts';
import type { CareOptions } from './check.ts';
import { thinnable } from './thinning.ts';

/** Dropped before anybody else has a turn. */
const AT_ONCE = 50;

/** Something that can go, and how. */
interface Loose extends Stored {
  readonly drop: (project: Project) => void;
}

const NOTHING: Stored = { count: 0, bytes: 0 };
const sum = (some: readonly Stored[]): Stored =>
  some.reduce((a, b) => ({ count: a.count + b.count, bytes: a.bytes + b.bytes }), NOTHING);

function looseOfImage(revisions: readonly StoredRevision[], now: number): Loose[] {
  if (revisions.length < 2) return [];
  const bytesOf = new Map(revisions.map(({ id, bytes }) => [id, bytes]));
  const all = revisions.map(({ id, author, createdAt, kept, pinned }) => ({
    id,
    author,
    at: Date.parse(createdAt),
    kept: kept === 1,
    pinned: pinned === 1,
  }));
  return thinnable(all, now).map((id) => ({
    count: 1,
    bytes: bytesOf.get(id) ?? 0,
    drop: ({ storage }) => void storage.dropRevision(id),
  }));
}

function looseHistory({ storage }: Project, now: number): Loose[] {
  const loose: Loose[] = [];
  let ofImage: StoredRevision[] = [];
  for (const revision of storage.revisions()) {
    if (ofImage[0] !== undefined && ofImage[0].imageId !== revision.imageId) {
      loose.push(...looseOfImage(ofImage, now));
      ofImage = [];
    }
    ofImage.push(revision);
  }
  return [...loose, ...looseOfImage(ofImage, now)];
}

const looseCheckpoints =
  (use: 'checkpoints' | 'weights') =>
  ({ storage }: Project): Loose[] =>
    storage.droppableCheckpoints(use).map(({ runId, kind, bytes }) => ({
      count: 1,
      bytes,
      drop: ({ runs }) => runs.dropCheckpoint(runId, kind === 'best' ? 'best' : 'last'),
    }));

const LOOSE: Readonly<Record<Droppable, (project: Project, now: number) => Loose[]>> = {
  history: looseHistory,
  checkpoints: looseCheckpoints('checkpoints'),
  weights: looseCheckpoints('weights'),
  predictions: ({ storage }) =>
    storage.droppablePredictions().map(({ runId, count, bytes }) => ({
      count,
      bytes,
      drop: (project) => project.storage.dropPredictions(runId),
    })),
};

const WORDS: Readonly<Record<Droppable, string>> = {
  history: 'thinning the history',
  checkpoints: 'dropping checkpoints',
  weights: 'dropping weights',
  predictions: 'dropping predictions',
};

/** Changes nothing. */
export function storageReport(project: Project, now = Date.now()): StorageReport {
  const { fileBytes, freeBytes } = project.storage.pages();
  const kinds = project.storage.sizes();
  const held = sum(Object.values(kinds)).bytes;
  return {
    fileBytes,
    freeBytes,
    otherBytes: Math.max(0, fileBytes - freeBytes - held),
    kinds,
    droppable: {
      history: sum(LOOSE.history(project, now)),
      checkpoints: sum(LOOSE.checkpoints(project, now)),
      weights: sum(LOOSE.weights(project, now)),
      predictions: sum(LOOSE.predictions(project, now)),
    },
    needsRewriting: !project.shrinksInPlace(),
  };
}

/** Lets all of a kind go. Errors: cancelled; what went by then is gone, and the rest stays. */
export async function dropLoose(
  project: Project,
  kind: Droppable,
  { signal, onProgress }: CareOptions,
): Promise<Stored> {
  const loose = LOOSE[kind](project, Date.now());
  for (let from = 0; from < loose.length; from += AT_ONCE) {
    if (signal?.aborted === true) {
      throw new AppError(
        'cancelled',
        'Cancelled. What was dropped by then is gone; the rest stays.',
      );
    }
    onProgress?.(shareOf(from / loose.length, WORDS[kind]));
    project.transaction(() => {
      for (const one of loose.slice(from, from + AT_ONCE)) one.drop(project);
    });
    await nextTurn();
  }
  return sum(loose);
}
