/** Whether a project file is whole, asked beside the work on it. */
import { Worker } from 'node:worker_threads';
import type { Progress } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { shareOf } from '../../shared/progress-share.ts';
import { CheckAnswer, type CheckThreadData } from './check-messages.ts';
import type { Finding } from './mending.ts';
import { partFile } from '../parts.ts';

export interface CareOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Everything of a project file that is not as it was stored, and unless that is not asked for what it says and its own
 * originals and classes contradict; changes nothing. Errors: cancelled.
 */
export function checkFile(
  path: string,
  options: CareOptions & { readonly contradictions?: boolean } = {},
): Promise<Finding[]> {
  const { signal, onProgress, contradictions = true } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Finding[]>();
  const found: Finding[] = [];
  const workerData: CheckThreadData = { path, contradictions };
  const thread = new Worker(partFile('care/check-thread'), { workerData });
  const end = (): void => {
    reject(new AppError('cancelled', 'The check was cancelled.'));
    thread.terminate().catch(reject);
  };
  signal?.addEventListener('abort', end, { once: true });
  thread.on('message', (message: unknown) => {
    const answer = CheckAnswer.parse(message);
    if (answer.type === 'progress')
      onProgress?.(shareOf(answer.share, 'reading all that is stored'));
    else if (answer.type === 'found') found.push(answer.found);
    else resolve(found);
  });
  thread.on('error', reject);
  thread.on('exit', (code) => reject(new Error(`the check ended unexpectedly (${code})`)));
  if (signal?.aborted === true) end();
  return promise.finally(() => signal?.removeEventListener('abort', end));
}
