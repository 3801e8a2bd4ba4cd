/** The inside of an isolated process: answers one question at a time, watched by a thread of its own. */
import { once } from 'node:events';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { AppError, toWireError } from '../../shared/errors.ts';
import { Beside } from './beside.ts';
import { type Limits, limitsFor, type Needs } from './limits.ts';
import { Question, type Reply } from './messages.ts';
import { WATCHED } from './watched.ts';
import { partFile } from '../parts.ts';

/** Its owner ends the process first, and can say why. */
const GRACE_MS = 5000;
const WORTH_TELLING = 1.25;
/** What a process may hold between two files, where it does not keep something on purpose. */
const FULL_BYTES = 2 ** 29;

/** Settles when the thread watches: before that no file may be looked at. */
async function startWatch(shared: SharedArrayBuffer): Promise<void> {
  const thread = new Worker(partFile('isolated/watch'), { workerData: shared });
  await once(thread, 'message');
  thread.unref();
}

/** A library of WebAssembly that was aborted over a file is in no state to read another one. */
const isBroken = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'RuntimeError' || isBroken(error.cause));

/** Told once more is known than the size of the file: what is needed from here on. */
export type TellNeeds = (needs: Needs) => void;

/**
 * Serves until the owner hangs up. What `answer` throws and is no AppError is a fault of the file, whose reader stumbled
 * over it: `damaged` makes an error of it that names the file.
 */
export function serveIsolated(
  answer: (request: unknown, tell: TellNeeds) => Promise<unknown>,
  damaged: (request: unknown, error: unknown) => AppError,
  {
    fullBytes = FULL_BYTES,
    isKeeping = () => false,
  }: {
    readonly fullBytes?: number;
    /** Whether the next question needs what this one left behind. */
    readonly isKeeping?: () => boolean;
  } = {},
): void {
  const shared = new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT);
  const watched = new Float64Array(shared);
  // Not asked by the thread itself: the owner may be gone before it has started.
  watched[WATCHED.owner] = process.ppid;
  const watching = startWatch(shared);
  const beside = Beside.ofProcess();

  /** Held when the question came: what earlier files left behind is not this one's. */
  let before = 0;
  const watch = ({ timeMs, memoryBytes }: Limits) => {
    watched[WATCHED.until] = Date.now() + timeMs + GRACE_MS;
    watched[WATCHED.memoryBytes] = before + memoryBytes;
  };
  const isFull = () => !isKeeping() && process.memoryUsage.rss() > fullBytes;
  const send = (reply: Reply) => void process.send?.(reply);

  async function reply({ id, request, ...first }: Question): Promise<void> {
    await watching;
    const asked = await beside.take(request);
    before = process.memoryUsage.rss();
    watch(first);
    const tell: TellNeeds = (needs) => {
      const limits = limitsFor(needs);
      watch(limits);
      // Of small files that is a little more than they had.
      if (limits.timeMs > WORTH_TELLING * first.timeMs) {
        send({ type: 'needs', id, timeMs: limits.timeMs });
      }
    };
    try {
      const found = await answer(asked, tell);
      send({ type: 'answer', id, isFull: isFull(), answer: await beside.put(found) });
    } catch (error) {
      if (!(error instanceof AppError)) process.stderr.write(`${inspect(error)}\n`);
      const known = error instanceof AppError ? error : damaged(asked, error);
      send({ type: 'error', id, isFull: isFull() || isBroken(error), error: toWireError(known) });
    } finally {
      watched[WATCHED.until] = 0;
      watched[WATCHED.memoryBytes] = 0;
    }
  }

  process.on('message', (message: unknown) => void reply(Question.parse(message)));
  process.on('disconnect', () => process.exit());
  send({ type: 'ready' });
}
