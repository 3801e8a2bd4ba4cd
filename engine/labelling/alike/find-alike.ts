/** Looks for near-duplicates in a thread of its own, and keeps what it finds in the project. */
import { Worker } from 'node:worker_threads';
import type { Progress } from '../../../shared/api.ts';
import { AppError, fromWireError, WireError } from '../../../shared/errors.ts';
import { shareOf } from '../../../shared/progress-share.ts';
import type { Project } from '../../db/project.ts';
import { AlikeAnswer, type AlikeThreadData } from './messages.ts';
import { SIGNATURE_VERSION } from './signature.ts';
import { partFile } from '../../parts.ts';

/** Signatures that are written in one go. */
const AT_ONCE = 64;

export interface FindOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Returns what could not be read, in words. Errors: cancelled (images that were looked at by then need not be again);
 * internal, where the thread ends.
 */
export function findAlike(
  project: Project,
  datasetId: number,
  { signal, onProgress }: FindOptions,
): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  const unreadable: string[] = [];
  const workerData: AlikeThreadData = { path: project.path, datasetId };
  const thread = new Worker(partFile('labelling/alike/alike-thread'), { workerData });
  let isOver = false;
  let waiting: { readonly imageId: number; readonly bytes: Uint8Array }[] = [];
  const write = () =>
    project.transaction(() => {
      for (const { imageId, bytes } of waiting) {
        project.alike.putSignature(imageId, SIGNATURE_VERSION, bytes);
      }
      waiting = [];
    });
  const end = (): void => {
    isOver = true;
    reject(new AppError('cancelled', 'Cancelled. Look again to go on from there.'));
    thread.terminate().catch(reject);
  };
  const take = (answer: AlikeAnswer): void => {
    switch (answer.type) {
      case 'progress':
        onProgress(shareOf(answer.share, answer.message));
        break;
      case 'signature':
        waiting.push(answer);
        if (waiting.length >= AT_ONCE) write();
        break;
      case 'unreadable':
        unreadable.push(answer.why);
        break;
      case 'done':
        write();
        project.transaction(() => project.alike.putPairs(answer.compared, answer.pairs));
        resolve(unreadable);
        break;
      case 'failed':
        reject(fromWireError(WireError.parse(answer.error)));
    }
  };
  thread.on('message', (message: unknown) => {
    if (isOver) return;
    try {
      take(AlikeAnswer.parse(message));
    } catch (error) {
      isOver = true;
      reject(error);
      thread.terminate().catch(reject);
    }
  });
  thread.on('error', reject);
  thread.on('exit', (code) =>
    reject(new Error(`the search for alike images ended unexpectedly (${code})`)),
  );
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  return promise.finally(() => signal.removeEventListener('abort', end));
}
