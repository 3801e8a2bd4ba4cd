/**
 * Processes in which files from outside are decoded. What one of them does, to the memory, to the clock or to its process,
 * costs that file alone: the process is ended, the file is named, and the next one gets a new process.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { AppError, fromWireError } from '../../shared/errors.ts';
import { Beside } from './beside.ts';
import { type Limits, limitsFor, machineBytes, type Needs } from './limits.ts';
import { type Question, Reply } from './messages.ts';
import { TOO_MUCH_MEMORY } from './watched.ts';

/** How long a process waits for the next file, where nothing else is said. */
const IDLE_MS = 10_000;
/** How long files wait for the processes that are there before one more begins, which takes longer than to read a few. */
const WAIT_MS = 100;
const TAIL_CHARACTERS = 4000;

/**
 * Asks a process; `signal` ends it. Errors: those of the file; unreadable, where the process ended over it; cancelled.
 */
export type Ask = (
  request: unknown,
  of: Needs & { readonly subject: string; readonly signal?: AbortSignal },
) => Promise<unknown>;

export type Ending = 'time' | 'memory' | 'crash';

/** A process ended over a file, or over the last of several that it was asked of at once. */
export class ProcessEnded extends AppError {
  readonly ending: Ending;

  constructor(subject: string, { ending, message }: { ending: Ending; message: string }) {
    super('unreadable', message, { subject });
    this.ending = ending;
  }
}

function endedOver(subject: string, ending: Ending, detail: string): ProcessEnded {
  const what = {
    time: 'takes far longer to read than a file of its size may',
    memory: 'takes far more memory to read than a file of its size may',
    crash: `ended the process that reads it (${detail})`,
  }[ending];
  return new ProcessEnded(subject, {
    ending,
    message: `${subject} ${what}: it is damaged, or made to do harm. Copy it again from its source, or remove it.`,
  });
}

const cancelled = (subject: string) =>
  new AppError('cancelled', `Reading ${subject} was stopped.`, { subject });

interface Open {
  readonly id: number;
  readonly subject: string;
  readonly answered: PromiseWithResolvers<unknown>;
  timer: NodeJS.Timeout;
}

class IsolatedProcess {
  readonly #child: ChildProcess;
  readonly #limits: (needs: Needs) => Limits;
  readonly #beside = Beside.open();
  #open: Open | null = null;
  #last = 0;
  #tail = '';
  #timedOut = false;
  #isReady = false;
  #onBegun: (() => void) | null;
  ended = false;

  /** `onBegun`: told once, when everything is loaded, or the process has ended before. */
  constructor(entry: URL, limits: (needs: Needs) => Limits, onBegun: () => void) {
    this.#limits = limits;
    this.#onBegun = onBegun;
    const heapMiB = Math.floor(Math.min(machineBytes(), 2 ** 32) / 2 ** 20);
    this.#child = fork(fileURLToPath(entry), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', this.#beside.stream],
      execArgv: [`--max-old-space-size=${heapMiB}`],
    });
    this.#child.stderr?.setEncoding('utf8');
    this.#child.stderr?.on('data', (text: string) => {
      this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
    });
    this.#child.on('message', (message: unknown) => this.#receive(Reply.parse(message)));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', (code, signal) => {
      this.#end(signal ?? `exit code ${String(code)}`);
      this.#beside.close();
    });
    this.#keepAwake(false);
  }

  ask: Ask = async (request, { subject, signal, ...needs }) => {
    if (signal?.aborted === true) throw cancelled(subject);
    const { timeMs, memoryBytes } = this.#limits(needs);
    const id = ++this.#last;
    const answered = Promise.withResolvers<unknown>();
    // It may fail before anybody waits for it.
    answered.promise.catch(() => undefined);
    const open: Open = { id, subject, answered, timer: this.#kill(timeMs) };
    const abort = () => {
      answered.reject(cancelled(subject));
      // Its end is told later: the next question must not go to it meanwhile.
      this.ended = true;
      this.#child.kill('SIGKILL');
    };
    signal?.addEventListener('abort', abort);
    this.#open = open;
    this.#keepAwake(true);
    const sent = await this.#beside.put(request);
    const question: Question = { id, request: sent, timeMs, memoryBytes };
    if (this.ended) this.#end('it had ended before');
    // Where it cannot be sent, the process is gone, and its end is told.
    else this.#child.send(question, () => undefined);
    return answered.promise.finally(() => signal?.removeEventListener('abort', abort));
  };

  /** It takes no further file. */
  close(): void {
    this.ended = true;
    if (this.#child.connected) this.#child.disconnect();
  }

  #receive(reply: Reply): void {
    if (reply.type === 'ready') {
      this.#isReady = true;
      this.#hasBegun();
      return;
    }
    const open = this.#open;
    if (open?.id !== reply.id) return;
    clearTimeout(open.timer);
    if (reply.type === 'needs') {
      open.timer = this.#kill(reply.timeMs);
      return;
    }
    this.#settle();
    if (reply.isFull) this.close();
    if (reply.type === 'answer') open.answered.resolve(this.#beside.take(reply.answer));
    else open.answered.reject(fromWireError(reply.error));
  }

  #hasBegun(): void {
    this.#onBegun?.();
    this.#onBegun = null;
  }

  #kill(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timedOut = true;
      this.#child.kill('SIGKILL');
    }, afterMs).unref();
  }

  #end(how: string): void {
    this.ended = true;
    this.#hasBegun();
    const open = this.#open;
    if (open === null) return;
    clearTimeout(open.timer);
    this.#settle();
    if (!this.#isReady) {
      // No file was looked at: this is nobody's fault but ours, or the machine's.
      const what = `The process that reads files could not start: ${how}\n${this.#tail}`;
      open.answered.reject(new AppError('internal', what));
      return;
    }
    const isMemory = this.#tail.includes(TOO_MUCH_MEMORY) || /heap out of memory/.test(this.#tail);
    const ending = this.#timedOut ? 'time' : isMemory ? 'memory' : 'crash';
    open.answered.reject(endedOver(open.subject, ending, how));
  }

  #settle(): void {
    this.#open = null;
    this.#keepAwake(false);
  }

  /** A process that only waits keeps nobody from ending. */
  #keepAwake(isNeeded: boolean): void {
    const { channel, stderr } = this.#child;
    const held = [this.#child, channel, stderr instanceof Socket ? stderr : null];
    for (const one of held) {
      if (isNeeded) one?.ref();
      else one?.unref();
    }
  }
}

export interface Isolated {
  /** Lends a process, which does nothing else meanwhile. Errors: those of `work`. */
  use<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
  /** Ends the processes that wait. */
  close(): void;
}

/**
 * `entry`: a module that calls serveIsolated. Processes begin when they are needed, up to `most` of them: the first at
 * once, another for files that have waited `waitMs` for those that are ready. They serve many files and end when nobody
 * has needed them for `idleMs`.
 */
export function isolated(
  entry: URL,
  {
    most,
    limits = limitsFor,
    idleMs = IDLE_MS,
    waitMs = WAIT_MS,
  }: {
    readonly most: number;
    readonly limits?: typeof limitsFor;
    readonly idleMs?: number;
    readonly waitMs?: number;
  },
): Isolated {
  const idle: IsolatedProcess[] = [];
  const waiting: ((process: IsolatedProcess) => void)[] = [];
  let lent = 0;
  /** Processes that are not ready yet. */
  let beginning = 0;
  let closing: NodeJS.Timeout | undefined;
  let growing: NodeJS.Timeout | undefined;

  const begin = (): IsolatedProcess => {
    beginning++;
    return new IsolatedProcess(entry, limits, () => {
      beginning--;
      growLater();
    });
  };
  /** One more process where files still wait by then. */
  const growLater = (): void => {
    if (growing !== undefined || waiting.length === 0 || beginning > 0 || lent >= most) return;
    growing = setTimeout(() => {
      growing = undefined;
      if (beginning > 0 || lent >= most) return;
      const next = waiting.shift();
      if (next === undefined) return;
      lent++;
      next(begin());
    }, waitMs);
  };
  const close = () => {
    for (const process of idle.splice(0)) process.close();
  };
  const take = (): Promise<IsolatedProcess> | IsolatedProcess => {
    let process = idle.pop();
    while (process?.ended === true) process = idle.pop();
    if (process === undefined && lent > 0) {
      return new Promise((resolve) => {
        waiting.push(resolve);
        growLater();
      });
    }
    lent++;
    clearTimeout(closing);
    return process ?? begin();
  };
  const giveBack = (process: IsolatedProcess) => {
    const next = waiting.shift();
    if (waiting.length === 0) {
      clearTimeout(growing);
      growing = undefined;
    }
    if (next !== undefined) {
      next(process.ended ? begin() : process);
      return;
    }
    lent--;
    if (!process.ended) idle.push(process);
    clearTimeout(closing);
    if (lent === 0) closing = setTimeout(close, idleMs).unref();
  };
  return {
    async use(work) {
      const process = await take();
      try {
        return await work(process.ask);
      } finally {
        giveBack(process);
      }
    },
    close,
  };
}
