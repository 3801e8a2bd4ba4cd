/**
 * Starts trainer processes and speaks their protocol. A run that crashes takes its own process with it, no more.
 * Does not know studies or the database.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { AppError, fromWireError } from '../shared/errors.ts';
import { TrainerEvent, type TrainerRequest, type TrainerWork } from './training/protocol.ts';
import { partFile } from './parts.ts';

/** Lines of a trainer's standard error that are kept to explain an unexpected end. */
const STDERR_TAIL_LINES = 20;

/** What TensorFlow says at every start, whatever its log level, where it computes with oneDNN's kernels. */
const GREETING = /^WARNING: All log messages before absl|oneDNN custom operations are on/;

export interface TrainerEnd {
  /** After `done`, `stopped` or `failed`; false where the process ended without a word (killed, out of memory, crashed). */
  readonly orderly: boolean;
  /** How the process ended, and the last lines of its standard error. */
  readonly detail: string;
  /** Thrown by whoever took its messages, or said of one that is none: it was killed for that. Left out where all went well. */
  readonly thrown?: Error;
}

export interface Trainer {
  readonly pid: number | undefined;
  /** Asks a run to save a checkpoint and end; `finish`: to end as if its next step were the last. */
  stop(how?: 'finish'): void;
  kill(): void;
  /** Settles when the request is served, and the process has ended where it is not kept for another one. */
  readonly ended: Promise<TrainerEnd>;
}

export type SpawnTrainer = (
  request: TrainerWork,
  onEvent: (event: TrainerEvent) => void,
) => Trainer;

/** One process. It serves one request at a time, and the next one only where the one before is done. */
export class TrainerProcess {
  readonly #child: ChildProcess;
  readonly #bornAt = performance.now();
  readonly #tail: string[] = [];
  /** Settles when the process has ended. */
  readonly closed: Promise<void>;
  #receive: (message: unknown) => void = () => undefined;
  #onClose: (detail: string) => void = () => undefined;
  #killed = false;

  constructor() {
    this.#child = fork(partFile('training/worker'), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
    });
    this.#child.stderr?.setEncoding('utf8');
    this.#child.stderr?.on('data', (chunk: string) => {
      const lines = chunk.split('\n').filter((line) => line.trim() !== '' && !GREETING.test(line));
      this.#tail.push(...lines);
      this.#tail.splice(0, Math.max(0, this.#tail.length - STDERR_TAIL_LINES));
    });
    this.#child.on('message', (message: unknown) => this.#receive(message));
    this.closed = new Promise((resolve) => {
      const close = (how: string) => {
        this.#onClose([how, ...this.#tail].join('\n'));
        resolve();
      };
      this.#child.on('error', (error) => close(error.message));
      this.#child.on('close', (code, signal) =>
        close(signal === null ? `exit code ${String(code)}` : `signal ${signal}`),
      );
    });
  }

  get alive(): boolean {
    return !this.#killed && this.#child.connected;
  }

  get ageMs(): number {
    return performance.now() - this.#bornAt;
  }

  /**
   * The one place where messages of a trainer are taken: what is thrown over one ends its request, never the engine.
   * `keep` is asked when the request is done: whether the process waits for another one, or ends.
   */
  serve(
    request: TrainerWork,
    onEvent: (event: TrainerEvent) => void,
    keep: (process: TrainerProcess) => boolean,
  ): Trainer {
    const { promise: ended, resolve } = Promise.withResolvers<TrainerEnd>();
    let orderly = false;
    let serving = true;
    let broken: Error | null = null;
    const settle = (detail: string) => {
      serving = false;
      if (broken === null) resolve({ orderly, detail });
      else {
        const why = `${broken.message}\n${detail}`;
        resolve({ orderly: false, detail: why, thrown: broken });
      }
    };
    const take = (event: TrainerEvent) => {
      if (event.type === 'done' || event.type === 'stopped' || event.type === 'failed')
        orderly = true;
      onEvent(event);
      if (event.type !== 'done' || !this.alive) return;
      if (keep(this)) settle('done');
      else this.end();
    };
    this.#receive = (message) => {
      if (broken !== null) return;
      try {
        take(TrainerEvent.parse(message));
      } catch (error) {
        broken = error instanceof Error ? error : new Error(String(error));
        this.#kill();
      }
    };
    this.#onClose = settle;
    this.#send(request);
    return {
      pid: this.#child.pid,
      stop: (how) => this.#send({ type: how ?? 'stop' }),
      kill: () => {
        if (serving) this.#kill();
      },
      ended,
    };
  }

  /** By a word, not by hanging up: Node tells nothing of the end of a child whose channel was closed on this side. */
  end(): void {
    this.#send({ type: 'end' });
  }

  #kill(): void {
    this.#killed = true;
    this.#child.kill('SIGKILL');
  }

  #send(message: TrainerRequest): void {
    // A trainer that is just ending takes no message any more, and needs none: not an error of the process.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}

/** A process of its own. Messages are handled in the order of their arrival, all of them before `ended` settles. */
export const spawnTrainer: SpawnTrainer = (request, onEvent) =>
  new TrainerProcess().serve(request, onEvent, () => false);

/** Runs a request that ends by itself and collects its events. Errors: the trainer's own, cancelled, internal. */
export async function runTrainer(
  request: Exclude<TrainerWork, { type: 'run' }>,
  options: { onEvent: (event: TrainerEvent) => void; signal?: AbortSignal; spawn?: SpawnTrainer },
): Promise<void> {
  let failure: AppError | undefined;
  const trainer = (options.spawn ?? spawnTrainer)(request, (event) => {
    if (event.type === 'failed') failure = fromWireError(event.error);
    else options.onEvent(event);
  });
  const abort = () => trainer.kill();
  options.signal?.addEventListener('abort', abort, { once: true });
  const { orderly, detail, thrown } = await trainer.ended;
  options.signal?.removeEventListener('abort', abort);
  if (options.signal?.aborted === true) throw new AppError('cancelled', 'Cancelled.');
  if (thrown !== undefined) throw thrown;
  if (failure !== undefined) throw failure;
  if (!orderly) throw new AppError('internal', `The trainer process ended unexpectedly: ${detail}`);
}
