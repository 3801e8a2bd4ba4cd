/**
 * The engine as a process of its own: started, watched, started again when it dies, stopped with the app.
 * Hands on what it says of itself, a line each, and knows its exit.
 */
import type { ChildProcess, spawn } from 'node:child_process';
import { EngineNews } from '../shared/engine-news.ts';

export interface EngineCommand {
  /** The Node executable that the engine runs on. */
  readonly node: string;
  /** The command line's file. */
  readonly cli: string;
  /** What the window is shown in, for whoever asks the engine: "Electron 45.4.1". */
  readonly shell: string;
}

export interface EngineEvents {
  /** Ready to be shown at `url`, which works once. `restarted`: it had died. */
  readonly onReady: (url: string, restarted: boolean) => void;
  /** What it does, where it is not the address of its page. */
  readonly onNews: (news: Exclude<EngineNews, { url: string }>) => void;
  /** It ended though nobody asked it to. `detail`: its last words. */
  readonly onDied: (detail: string) => void;
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

/** What is not news is a later engine's, or a stray word of a library. */
function newsIn(line: string): EngineNews | null {
  if (!line.startsWith('{')) return null;
  try {
    return EngineNews.parse(JSON.parse(line));
  } catch {
    return null;
  }
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
    let rest = '';
    let words = '';
    const started = system.spawn(command.node, [command.cli, 'serve', '--json'], {
      // It ends when its input does: also when this process is gone without a word.
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      // Ctrl+C in the terminal is the shell's: the engine ends when the shell says so.
      detached: process.platform !== 'win32',
      env: { ...process.env, GRAFT_SHELL: command.shell },
    });
    child = started;
    // Whoever has ended hears no farewell.
    started.stdin.on('error', () => undefined);
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const news = newsIn(line);
        if (news === null) continue;
        if ('url' in news) events.onReady(news.url, restarted);
        else events.onNews(news);
      }
    });
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-KEPT_WORDS);
    });
    const died = (detail: string) => {
      if (child !== started) return;
      child = null;
      if (stopping) return;
      events.onDied(detail);
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
        // No signal: on Windows that would end it before it has saved.
        running.stdin?.end();
      });
    },
  };
}
