/** A thread that measures objects, so that nobody who asks the engine meanwhile is kept waiting. */
import { Worker } from 'node:worker_threads';
import { AppError } from '../../shared/errors.ts';
import type { MeasureAnswer, MeasuredMap, MeasureRequest } from './measure-thread.ts';

export interface Measurer {
  ask(request: MeasureRequest): Promise<MeasuredMap | null>;
}

const ended = (why: string) =>
  new AppError(
    'internal',
    `Measuring ended unexpectedly (${why}). Nothing in the project was changed; try again.`,
  );

/** Lends a thread to `work`, which ends with it. `signal` ends it at once. Errors: cancelled; internal; those of `work`. */
export async function withMeasurer<T>(
  signal: AbortSignal,
  work: (measurer: Measurer) => Promise<T>,
): Promise<T> {
  const thread = new Worker(new URL('./measure-thread.ts', import.meta.url));
  let over: AppError | null = null;
  let waiting: PromiseWithResolvers<MeasuredMap | null> | null = null;
  const end = (error: AppError) => {
    over ??= error;
    waiting?.reject(over);
  };
  const abort = () => end(new AppError('cancelled', 'Measuring was cancelled.'));
  thread.on('message', (answer: MeasureAnswer) => {
    if ('failed' in answer) waiting?.reject(ended(answer.failed));
    else waiting?.resolve(answer.measured);
  });
  thread.on('error', ({ message }: Error) => end(ended(message)));
  thread.on('exit', (code) => end(ended(`exit code ${code}`)));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await work({
      ask(request) {
        if (over !== null) return Promise.reject(over);
        waiting = Promise.withResolvers();
        thread.postMessage(request);
        return waiting.promise;
      },
    });
  } finally {
    signal.removeEventListener('abort', abort);
    await thread.terminate();
  }
}
