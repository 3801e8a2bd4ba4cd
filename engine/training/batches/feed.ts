/**
 * The training thread's end of the thread that prepares its data: asks for batches ahead of the step, so that they are
 * there when it wants them. A batch depends on the run and its step alone, so who prepares it, and when, changes no bit.
 */
import { Worker } from 'node:worker_threads';
import { fromWireError } from '../../../shared/errors.ts';
import { BatchAnswer, type BatchRequest, type BatchThreadData } from './messages.ts';
import type { Batch } from './batches.ts';
import type { ValidationView } from '../scoring/evaluation.ts';
import type { TrainingData } from './training-data.ts';

/** Batches that are under way or wait while a step runs: one would do if all took equally long. */
const BATCHES_AHEAD = 2;

/** An answer that somebody will want. A failure before that is no unhandled one. */
function expected<T>(): PromiseWithResolvers<T> {
  const answer = Promise.withResolvers<T>();
  answer.promise.catch(() => undefined);
  return answer;
}

/**
 * Starts the thread, and with it the first batches. Errors of its methods: what the thread could not read;
 * internal, where the thread broke.
 */
export function startBatchFeed(
  options: BatchThreadData & { readonly firstStep: number; readonly lastStep: number },
): TrainingData {
  const { projectPath, inMemory, runId, firstStep, lastStep } = options;
  const workerData: BatchThreadData = { projectPath, inMemory, runId };
  const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData });
  const batches = new Map<number, PromiseWithResolvers<Batch>>();
  const views = expected<ValidationView[]>();
  let failure: Error | undefined;

  const fail = (error: Error) => {
    failure ??= error;
    for (const batch of batches.values()) batch.reject(failure);
    views.reject(failure);
  };
  const ask = (request: BatchRequest) => thread.postMessage(request);
  const askAhead = (step: number) => {
    for (let at = step; at <= Math.min(lastStep, step + BATCHES_AHEAD); at++) {
      if (batches.has(at)) continue;
      const batch = expected<Batch>();
      batches.set(at, batch);
      if (failure === undefined) ask({ type: 'batch', step: at });
      else batch.reject(failure);
    }
  };

  thread.on('message', (message: unknown) => {
    const answer = BatchAnswer.parse(message);
    if (answer.type === 'batch') batches.get(answer.step)?.resolve(answer);
    else if (answer.type === 'validation') views.resolve(answer.views);
    else fail(fromWireError(answer.error));
  });
  thread.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))));
  thread.on('exit', () => fail(new Error('the thread that prepares batches has ended')));

  askAhead(firstStep);
  ask({ type: 'validation' });
  return {
    async batch(step) {
      askAhead(step);
      const batch = await batches.get(step)?.promise;
      batches.delete(step);
      if (batch === undefined) throw new Error(`step ${step} is beyond the last, ${lastStep}`);
      return batch;
    },
    validationViews: () => views.promise,
    async close() {
      await thread.terminate();
    },
  };
}
