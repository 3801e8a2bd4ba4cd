/** Starts the process of a live training and speaks its protocol. Knows no tables. */
import { fork } from 'node:child_process';
import { LiveEvent, type LiveRequest } from './training/live/messages.ts';
import { partFile } from './parts.ts';

/** Lines of its standard error that are kept to explain an unexpected end. */
const TAIL_CHARACTERS = 2000;

export interface LiveProcess {
  send(request: LiveRequest): void;
  kill(): void;
  /** How it ended, in words. Every message was handled before. */
  readonly ended: Promise<string>;
}

export type SpawnLive = (onEvent: (event: LiveEvent) => void) => LiveProcess;

export const spawnLive: SpawnLive = (onEvent) => {
  const child = fork(partFile('training/live/worker'), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  let tail = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk: string) => (tail = (tail + chunk).slice(-TAIL_CHARACTERS)));
  // What is thrown over a message ends this process, never the engine.
  let broken: Error | null = null;
  child.on('message', (message: unknown) => {
    if (broken !== null) return;
    try {
      onEvent(LiveEvent.parse(message));
    } catch (error) {
      broken = error instanceof Error ? error : new Error(String(error));
      child.kill('SIGKILL');
    }
  });
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) =>
      resolve(
        `${broken?.message ?? (signal === null ? `exit code ${String(code)}` : `signal ${signal}`)}\n${tail}`.trim(),
      ),
    );
  });
  return {
    // One that is just ending takes no message any more, and needs none.
    send: (request) => void (child.connected && child.send(request, () => undefined)),
    kill: () => void child.kill('SIGKILL'),
    ended,
  };
};
