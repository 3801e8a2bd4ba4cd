/**
 * The engine as a process of its own: started, watched, started again when it dies, stopped with the app.
 * Knows its first line of output and its exit, nothing of what it does.
 */
import type { ChildProcess, spawn } from 'node:child_process';

export interface EngineCommand {
  /** The Node executable that the engine runs on. */
  readonly node: string;
  /** engine/cli.ts */
  readonly cli: string;
  /** What the window is shown in, for whoever asks the engine: "Electron 45.4.1". */
  readonly shell: string;
}

export interface EngineEvents {
  /** Ready to be shown at `url`, which works once. `restarted`: it had died. */
  readonly onReady: (url: string, restarted: boolean) => void;
  /** It died too often to be tried again. `detail`: its last words. */
  readonly onGivenUp: (detail: string) => void;
}

export interface EngineProcess {
  start(): void;
  /** Resolves when it has saved what runs and ended. */
  stop(): Promise<void>;
}

/** More deaths than this within the time are a fault that another start does not mend. */
const MAX_DEATHS = 3;
const DEATHS_WITHIN_MS = 60_000;
const RESTART_DELAY_MS = 500;
/** Checkpoints of large networks take a while. */
const STOP_TIMEOUT_MS = 30_000;
const KEPT_WORDS = 4000;

/** The address in the engine's first line, `{"url":…}`; null before that line is whole. */
function urlIn(output: string): string | null {
  const line = output.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined || !output.includes('\n')) return null;
  const message: unknown = JSON.parse(line);
  return typeof message === 'object' &&
    message !== null &&
    'url' in message &&
    typeof message.url === 'string'
    ? message.url
    : null;
}

export function createEngineProcess(
  command: EngineCommand,
  events: EngineEvents,
  system: { readonly spawn: typeof spawn; readonly now: () => number },
): EngineProcess {
  let child: ChildProcess | null = null;
  let stopping = false;
  let deaths: number[] = [];

  function launch(restarted: boolean): void {
    let output = '';
    let words = '';
    const started = system.spawn(command.node, [command.cli, 'serve', '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      env: { ...process.env, GRAFT_SHELL: command.shell },
    });
    child = started;
    let told = false;
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (told) return;
      output += text;
      const url = urlIn(output);
      if (url === null) return;
      told = true;
      events.onReady(url, restarted);
    });
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-KEPT_WORDS);
    });
    const died = (detail: string) => {
      if (child !== started) return;
      child = null;
      if (stopping) return;
      const now = system.now();
      deaths = [...deaths.filter((at) => now - at < DEATHS_WITHIN_MS), now];
      if (deaths.length > MAX_DEATHS) events.onGivenUp(detail);
      else setTimeout(() => launch(true), RESTART_DELAY_MS);
    };
    started.once('error', (error) => died(error.message));
    started.once('exit', (code, signal) =>
      died(words.trim() || `It ended with ${signal ?? `code ${code ?? 0}`}.`),
    );
  }

  return {
    start: () => launch(false),
    async stop() {
      stopping = true;
      const running = child;
      if (running === null) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => running.kill('SIGKILL'), STOP_TIMEOUT_MS);
        running.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
        running.kill('SIGTERM');
      });
    },
  };
}
