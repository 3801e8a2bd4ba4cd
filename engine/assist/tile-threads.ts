/** Threads of the engine in which the pixel classifier works on whole images. They end with the work they were started for. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { TileAnswer, TileReply, TileWorker } from '../../shared/assist/tile-work.ts';
import { AppError } from '../../shared/errors.ts';
import { partFile } from '../parts.ts';

/** More gain little: images are read one after the other. */
const MOST = 8;

const ended = (why: string) =>
  new AppError(
    'internal',
    `The pixel classifier ended unexpectedly (${why}). Scribbles and what was done before are kept; try again.`,
  );

function startTileThread(): TileWorker {
  const thread = new Worker(partFile('assist/tile-thread'));
  const waiting: { resolve: (reply: TileReply) => void; reject: (error: Error) => void }[] = [];
  let over: Error | null = null;
  const end = (error: Error) => {
    over ??= error;
    for (const { reject } of waiting.splice(0)) reject(over);
  };
  thread.on('message', (answer: TileAnswer) => {
    const first = waiting.shift();
    if ('reply' in answer) first?.resolve(answer.reply);
    else first?.reject(ended(answer.failed));
  });
  thread.on('error', ({ message }: Error) => end(ended(message)));
  thread.on('exit', (code) => end(ended(`exit code ${code}`)));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (over !== null) {
          reject(over);
          return;
        }
        waiting.push({ resolve, reject });
        thread.postMessage(request);
      }),
    close() {
      end(new AppError('cancelled', 'Stopped.'));
      thread.terminate().catch(() => undefined);
    },
  };
}

/** Runs `work` with as many threads as there are processor cores, up to eight. Errors: those of `work`; internal. */
export async function withTileThreads<T>(
  work: (workers: readonly TileWorker[]) => Promise<T>,
): Promise<T> {
  const count = Math.min(MOST, availableParallelism());
  const workers = Array.from({ length: count }, () => startTileThread());
  try {
    return await work(workers);
  } finally {
    for (const worker of workers) worker.close();
  }
}
