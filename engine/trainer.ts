/**
 * Starts trainer processes and speaks their protocol. A run that crashes takes its own process with it, no more.
 * Does not know studies or the database.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { AppError, fromWireError } from '../shared/errors.ts';
import { TrainerEvent, type TrainerRequest } from './training/protocol.ts';

const WORKER = join(import.meta.dirname, 'training', 'worker.ts');
/** Lines of a trainer's standard error that are kept to explain an unexpected end. */
const STDERR_TAIL_LINES = 20;

export interface Trainer {
  readonly pid: number | undefined;
  /** Asks a run to save a checkpoint and end. */
  stop(): void;
  kill(): void;
  /**
   * Settles when the process has ended: true after `done`, `stopped` or `failed`;
   * false where it ended without a word (killed, out of memory, crashed).
   */
  readonly ended: Promise<{ orderly: boolean; detail: string }>;
}

export type SpawnTrainer = (
  request: Exclude<TrainerRequest, { type: 'stop' }>,
  onEvent: (event: TrainerEvent) => void,
) => Trainer;

/** Messages are handled in the order of their arrival, all of them before `ended` settles. */
export const spawnTrainer: SpawnTrainer = (request, onEvent) => {
  const child = fork(WORKER, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  let orderly = false;
  const tail: string[] = [];
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk: string) => {
    tail.push(...chunk.split('\n').filter((line) => line.trim() !== ''));
    tail.splice(0, Math.max(0, tail.length - STDERR_TAIL_LINES));
  });
  child.on('message', (message: unknown) => {
    const event = TrainerEvent.parse(message);
    if (event.type === 'done' || event.type === 'stopped' || event.type === 'failed')
      orderly = true;
    onEvent(event);
  });
  const ended = new Promise<{ orderly: boolean; detail: string }>((resolve) => {
    child.on('error', (error) => resolve({ orderly: false, detail: error.message }));
    child.on('close', (code, signal) => {
      const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      resolve({ orderly, detail: [how, ...tail].join('\n') });
    });
  });
  const send = (message: TrainerRequest) => {
    // A trainer that is just ending takes no message any more, and needs none: not an error of the process.
    if (child.connected) child.send(message, () => undefined);
  };
  send(request);
  return {
    pid: child.pid,
    stop: () => send({ type: 'stop' }),
    kill: () => void child.kill('SIGKILL'),
    ended,
  };
};

/** Runs a request that ends by itself and collects its events. Errors: the trainer's own, cancelled, internal. */
export async function runTrainer(
  request: Exclude<TrainerRequest, { type: 'stop' | 'run' }>,
  options: { onEvent: (event: TrainerEvent) => void; signal?: AbortSignal; spawn?: SpawnTrainer },
): Promise<void> {
  let failure: AppError | undefined;
  const trainer = (options.spawn ?? spawnTrainer)(request, (event) => {
    if (event.type === 'failed') failure = fromWireError(event.error);
    else options.onEvent(event);
  });
  const abort = () => trainer.kill();
  options.signal?.addEventListener('abort', abort, { once: true });
  const { orderly, detail } = await trainer.ended;
  options.signal?.removeEventListener('abort', abort);
  if (options.signal?.aborted === true) throw new AppError('cancelled', 'Cancelled.');
  if (failure !== undefined) throw failure;
  if (!orderly) throw new AppError('internal', `The trainer process ended unexpectedly: ${detail}`);
}
