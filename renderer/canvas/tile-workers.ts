/** Threads of the window in which the pixel classifier works. Each answers in the order that it is asked. */
import { AppError } from '../../shared/errors.ts';
import type { TileAnswer, TileReply, TileWorker } from '../../shared/assist/tile-work.ts';

export type StartTileWorkers = () => readonly TileWorker[];

/** More gain little: cutting out tiles and drawing them is one thread's work. */
const MOST = 4;

const ended = (why: string) =>
  new AppError(
    'internal',
    `The helper stopped unexpectedly (${why}). Your strokes are kept: go on, or try again.`,
  );

function startTileWorker(): TileWorker {
  const thread = new Worker(new URL('./tile-work.worker.ts', import.meta.url), { type: 'module' });
  const waiting: { resolve: (reply: TileReply) => void; reject: (error: Error) => void }[] = [];
  /** Why it answers no more. */
  let over: Error | null = null;
  const end = (error: Error) => {
    over = error;
    thread.terminate();
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  thread.addEventListener('message', ({ data }: MessageEvent<TileAnswer>) => {
    const first = waiting.shift();
    if ('reply' in data) first?.resolve(data.reply);
    else first?.reject(ended(data.failed));
  });
  thread.addEventListener('error', ({ message }) => end(ended(message)));
  thread.addEventListener('messageerror', () => end(ended('an answer could not be read')));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (over !== null) {
          reject(over);
          return;
        }
        waiting.push({ resolve, reject });
        const region = 'region' in request ? request.region : null;
        thread.postMessage(request, region === null ? [] : [region.data.buffer]);
      }),
    close: () => end(new AppError('cancelled', 'Stopped.')),
  };
}

/** As many as there are processor cores, up to four. */
export const startTileWorkers: StartTileWorkers = () =>
  Array.from({ length: Math.min(MOST, Math.max(1, navigator.hardwareConcurrency)) }, () =>
    startTileWorker(),
  );
