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
import { partFile } from '../../parts.ts';

/** Batches that are under way or wait while a step runs: one would do if all took equally long. */
const BATCHES_AHEAD = 2;

/** An answer that somebody will want. A failure before that is no unhandled one. */
function expected<T>(): PromiseWithResolvers<T> {
  const answer = Promise.withResolvers<T>();
  answer.promise.catch(() => undefined);
  return answer;
}

/** What a run asks the thread for. */
interface FedRun extends BatchThreadData {
  readonly firstStep: number;
  readonly lastStep: number;
}

const gone = () => new Error('the thread that prepares batches has ended');

/**
 * The thread of a process. It serves one run after another, since to start it, and the process that decodes for it, costs
 * more than a short run's data; whatever failed, or ended before its time, ends the thread.
 */
export class BatchThread {
  #idle: Worker | undefined;

  /**
   * Starts on the data of a run, and with it on the first batches. One run at a time. Errors of its methods: what the
   * thread could not read; internal, where the thread broke.
   */
  feed({ firstStep, lastStep, ...run }: FedRun): TrainingData {
    const thread = this.#take();
    const batches = new Map<number, PromiseWithResolvers<Batch>>();
    const views = expected<ValidationView[]>();
    const closed = expected<null>();
    /** Asked for and not answered. */
    let outstanding = 0;
    let failure: Error | undefined;

    const fail = (error: Error) => {
      failure ??= error;
      for (const batch of batches.values()) batch.reject(failure);
      views.reject(failure);
      closed.reject(failure);
    };
    const ask = (request: BatchRequest) => {
      outstanding++;
      thread.postMessage(request);
    };
    const askAhead = (step: number) => {
      for (let at = step; at <= Math.min(lastStep, step + BATCHES_AHEAD); at++) {
        if (batches.has(at)) continue;
        const batch = expected<Batch>();
        batches.set(at, batch);
        if (failure === undefined) ask({ type: 'batch', step: at });
        else batch.reject(failure);
      }
    };

    const listeners = {
      message(message: unknown) {
        const answer = BatchAnswer.parse(message);
        outstanding--;
        if (answer.type === 'batch') batches.get(answer.step)?.resolve(answer);
        else if (answer.type === 'validation') views.resolve(answer.views);
        else if (answer.type === 'closed') closed.resolve(null);
        else fail(fromWireError(answer.error));
      },
      error: (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))),
      exit: () => fail(gone()),
    };
    for (const [event, listener] of Object.entries(listeners)) thread.on(event, listener);

    thread.postMessage({ type: 'open', run } satisfies BatchRequest);
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
      close: async () => {
        const mayStay = failure === undefined && outstanding === 0;
        if (mayStay) {
          ask({ type: 'close' });
          await closed.promise.catch(() => undefined);
        }
        for (const [event, listener] of Object.entries(listeners)) thread.off(event, listener);
        if (mayStay && failure === undefined) this.#keep(thread);
        else await thread.terminate();
        fail(gone());
      },
    };
  }

  #take(): Worker {
    const thread = this.#idle ?? this.#start();
    this.#idle = undefined;
    thread.ref();
    return thread;
  }

  /** Who hears of its end is there for its whole life: between two runs an error that nobody hears would end the trainer. */
  #start(): Worker {
    const thread = new Worker(partFile('training/batches/thread'));
    const forget = () => {
      if (this.#idle === thread) this.#idle = undefined;
    };
    return thread.on('error', forget).on('exit', forget);
  }

  /** It keeps nobody from ending. */
  #keep(thread: Worker): void {
    thread.unref();
    this.#idle = thread;
  }
}
