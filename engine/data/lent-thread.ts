/** A thread that is lent to some work and answers it question by question: nobody who asks the engine meanwhile waits. */
import { parentPort, Worker } from 'node:worker_threads';
import { AppError, fromWireError, toWireError, type WireError } from '../../shared/errors.ts';
import { type Part, partFile } from '../parts.ts';

type Said<A> = { readonly answer: A } | { readonly failed: WireError } | { readonly share: number };

export interface LentThread<Q, A> {
  /** One at a time. `onShare`: how much of it is done, 0 … 1. Errors: those of the answer; cancelled; internal. */
  ask(question: Q, onShare?: (share: number) => void): Promise<A>;
}

interface Lending {
  /** The module of the thread, which calls `answerQuestions`. */
  readonly thread: Part;
  /** What it does, as in "Measuring". */
  readonly what: string;
  /** What is to be said where it ends unexpectedly: what became of it, and what to do. */
  readonly after: string;
  /** Ends the thread at once. */
  readonly signal: AbortSignal;
}

interface Waiting<A> {
  readonly answer: PromiseWithResolvers<A>;
  readonly onShare: ((share: number) => void) | undefined;
}

/** Lends a thread to `work`, which ends with it. Errors: cancelled; internal, where it ended; those of `work`. */
export async function lendThread<Q, A, T>(
  { thread: part, what, after, signal }: Lending,
  work: (thread: LentThread<Q, A>) => Promise<T>,
): Promise<T> {
  const thread = new Worker(partFile(part));
  let over: AppError | null = null;
  let waiting: Waiting<A> | null = null;
  const ended = (why: string) =>
    new AppError('internal', `${what} ended unexpectedly (${why}). ${after}`);
  const end = (error: AppError) => {
    over ??= error;
    waiting?.answer.reject(over);
  };
  const abort = () => end(new AppError('cancelled', `${what} was cancelled.`));
  thread.on('message', (said: Said<A>) => {
    if ('share' in said) waiting?.onShare?.(said.share);
    else if ('answer' in said) waiting?.answer.resolve(said.answer);
    else {
      const error = fromWireError(said.failed);
      waiting?.answer.reject(error.code === 'internal' ? ended(error.message) : error);
    }
  });
  thread.on('error', ({ message }: Error) => end(ended(message)));
  thread.on('exit', (code) => end(ended(`exit code ${code}`)));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await work({
      ask(question, onShare) {
        if (over !== null) return Promise.reject(over);
        waiting = { answer: Promise.withResolvers(), onShare };
        thread.postMessage(question);
        return waiting.answer.promise;
      },
    });
  } finally {
    signal.removeEventListener('abort', abort);
    await thread.terminate();
  }
}

/** News of a share are this far apart: a thread that tells more often is kept from its work. */
const SHARE_STEP = 0.01;

/** The other side: to be called once by the module of a thread. `given`: what of an answer is handed over, not copied. */
export function answerQuestions<A>(
  answer: (question: never, onShare: (share: number) => void) => A,
  given: (answer: A) => readonly ArrayBufferLike[] = () => [],
): void {
  const port = parentPort;
  const say = (said: Said<A>, handed: readonly ArrayBuffer[] = []) =>
    port?.postMessage(said, handed);
  port?.on('message', (question: unknown) => {
    let share = 0;
    const onShare = (now: number) => {
      if (now < share + SHARE_STEP) return;
      share = now;
      say({ share });
    };
    try {
      const told = answer(question as never, onShare);
      const buffers = given(told).filter((buffer) => buffer instanceof ArrayBuffer);
      say({ answer: told }, buffers);
    } catch (error) {
      say({ failed: toWireError(error) });
    }
  });
}
